"""The registry's REST interface: from method and path to what the store does, and to the JSON that is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from connect.demo.registry.store import KINDS, Content, Json, RegistryError, Store, Version

Query = Mapping[str, str]
_Handler = Callable[[Store, tuple[str, ...], Query, Json], Any]
_NAME = "([^/]+)"


def answer(store: Store, method: str, path: str, query: Query, body: Json) -> Any:
    """The JSON to answer; ``path`` still has the escapes of a URL. Raises RegistryError."""
    known = False
    for pattern, handlers in _ROUTES:
        match = pattern.fullmatch(path)
        if match is not None:
            known = True
            if method in handlers:
                return handlers[method](store, tuple(map(unquote, match.groups())), query, body)
    raise RegistryError(405, "HTTP 405 Method Not Allowed") if known else RegistryError(404, "HTTP 404 Not Found")


def _is_set(query: Query, name: str) -> bool:
    return query.get(name, "").lower() == "true"


def _content(content: Content) -> Json:
    references = [{"name": name, "subject": subject, "version": v} for name, subject, v in content.references]
    kind = {} if content.kind == "AVRO" else {"schemaType": content.kind}
    return {**kind, "schema": content.text, **({"references": references} if references else {})}


def _version(name: str, version: Version) -> Json:
    return {"subject": name, "version": version.number, "id": version.id, **_content(version.content)}


def _subjects(store: Store, _: tuple[str, ...], query: Query, __: Json) -> Any:
    deleted, prefix = _is_set(query, "deleted"), query.get("subjectPrefix", "")
    names = [name for name, subject in store.subjects.items() if (subject.versions if deleted else subject.live())]
    return sorted(name for name in names if name.startswith(prefix))


def _versions(store: Store, names: tuple[str, ...], query: Query, __: Json) -> Any:
    deleted = _is_set(query, "deleted")
    subject = store.subject(names[0], deleted=deleted)
    return [version.number for version in (subject.versions if deleted else subject.live())]


def _register(store: Store, names: tuple[str, ...], _: Query, body: Json) -> Any:
    return {"id": store.register(names[0], body)}


def _find(store: Store, names: tuple[str, ...], query: Query, body: Json) -> Any:
    return _version(names[0], store.find(names[0], body, deleted=_is_set(query, "deleted")))


def _one_version(store: Store, names: tuple[str, ...], query: Query, _: Json) -> Any:
    return _version(names[0], store.version(names[0], names[1], deleted=_is_set(query, "deleted")))


def _check(store: Store, names: tuple[str, ...], query: Query, body: Json) -> Any:
    problems = store.compare(names[0], names[1] if len(names) > 1 else None, body)
    return {"is_compatible": not problems, **({"messages": problems} if _is_set(query, "verbose") else {})}


def _get_level(store: Store, names: tuple[str, ...], query: Query, _: Json) -> Any:
    if not names:
        return {"compatibilityLevel": store.level}
    subject = store.subjects.get(names[0])
    if (subject is None or subject.level is None) and not _is_set(query, "defaultToGlobal"):
        raise RegistryError(40408, f"Subject '{names[0]}' does not have subject-level compatibility configured")
    return {"compatibilityLevel": store.level_of(names[0])}


def _put_level(store: Store, names: tuple[str, ...], _: Query, body: Json) -> Any:
    level = body.get("compatibility")
    if level is None:
        raise RegistryError(42203, "Invalid compatibility level: none given")
    store.set_level(names[0] if names else None, level)
    return {"compatibility": level}


def _delete_level(store: Store, names: tuple[str, ...], _: Query, __: Json) -> Any:
    level = _get_level(store, names, {}, {})
    store.set_level(names[0], None)
    return level


def _delete_subject(store: Store, names: tuple[str, ...], query: Query, _: Json) -> Any:
    return store.delete_subject(names[0], permanent=_is_set(query, "permanent"))


def _delete_version(store: Store, names: tuple[str, ...], query: Query, _: Json) -> Any:
    return store.delete_version(names[0], names[1], permanent=_is_set(query, "permanent"))


def _places(store: Store, names: tuple[str, ...], _: Query, __: Json) -> Any:
    return [{"subject": name, "version": version.number} for name, version in store.places(names[0])]


_SUBJECT = f"/subjects/{_NAME}"
_TABLE: tuple[tuple[str, dict[str, _Handler]], ...] = (
    ("/", {"GET": lambda *_: {}}),
    ("/subjects", {"GET": _subjects}),
    (_SUBJECT, {"POST": _find, "DELETE": _delete_subject}),
    (f"{_SUBJECT}/versions", {"GET": _versions, "POST": _register}),
    (f"{_SUBJECT}/versions/{_NAME}", {"GET": _one_version, "DELETE": _delete_version}),
    (f"{_SUBJECT}/versions/{_NAME}/schema", {"GET": lambda s, n, q, _: _raw(s.version(n[0], n[1]).content)}),
    (f"/schemas/ids/{_NAME}", {"GET": lambda s, n, _, __: _content(s.content(n[0]))}),
    (f"/schemas/ids/{_NAME}/schema", {"GET": lambda s, n, _, __: _raw(s.content(n[0]))}),
    (f"/schemas/ids/{_NAME}/versions", {"GET": _places}),
    (f"/schemas/ids/{_NAME}/subjects", {"GET": lambda s, n, _, __: sorted({p[0] for p in s.places(n[0])})}),
    ("/schemas/types", {"GET": lambda *_: list(KINDS)}),
    ("/mode", {"GET": lambda *_: {"mode": "READWRITE"}}),
    ("/config", {"GET": _get_level, "PUT": _put_level}),
    (f"/config/{_NAME}", {"GET": _get_level, "PUT": _put_level, "DELETE": _delete_level}),
    (f"/compatibility{_SUBJECT}/versions", {"POST": _check}),
    (f"/compatibility{_SUBJECT}/versions/{_NAME}", {"POST": _check}),
)
_ROUTES = [(re.compile(pattern), handlers) for pattern, handlers in _TABLE]


class RawText(str):
    """An answer that is JSON text already."""

    __slots__ = ()


def _raw(content: Content) -> RawText:
    return RawText(content.text)
