"""The types of an index's fields: given by the user, or guessed from the first value that is seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from connect.demo.search.errors import bad_request

Properties = dict[str, Any]
Getter = Callable[[dict[str, Any]], list[Any]]

_NUMERIC = frozenset({"long", "integer", "short", "byte", "double", "float", "half_float", "unsigned_long"})
_TEXT = frozenset({"text", "keyword"})
_DATE_LOOK = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}){0,2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?|\d{4}/\d{2}/\d{2}")
_ALWAYS_FIT: dict[str, frozenset[type]] = {
    **dict.fromkeys(_NUMERIC, frozenset({int, float, type(None)})),
    **dict.fromkeys(_TEXT, frozenset({str, int, float, bool, type(None)})),
    "boolean": frozenset({bool, type(None)}),
    "date": frozenset({int, type(None)}),
}
_KEYWORD = "keyword"


def epoch_millis(value: Any) -> int | None:
    """A date's milliseconds since 1970; None if the value is no date."""
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _DATE_LOOK.fullmatch(value):
        moment = datetime.fromisoformat(value.replace("/", "-"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    return None


class Mapping:
    """The fields of one index."""

    def __init__(self, properties: Properties | None = None) -> None:
        self.properties: Properties = properties or {}

    def merge(self, properties: Properties) -> None:
        """Add fields; raises SearchError when one has another type already."""
        for name, wanted in properties.items():
            present = self.properties.get(name)
            if present is not None and present.get("type") != wanted.get("type"):
                kinds = f"from type [{present.get('type')}] to [{wanted.get('type')}]"
                raise bad_request(f"mapper [{name}] cannot be changed {kinds}")
        self.properties.update(properties)

    def learn(self, document: dict[str, Any], document_id: str) -> None:
        """Check a document's values and note new fields; raises SearchError for a value that doesn't fit."""
        _learn(self.properties, document, document_id)

    def field(self, path: str) -> tuple[str, Getter]:
        """A field's type and how its values are read from a document; an unknown one has type ``""`` and no values."""
        properties, names = self.properties, path.split(".")
        for position, name in enumerate(names):
            found = properties.get(name)
            if found is None:
                return "", lambda document: []
            rest = names[position + 1 :]
            if not rest:
                return found.get("type", "object"), _getter(names)
            if len(rest) == 1 and rest[0] in found.get("fields", {}):
                return found["fields"][rest[0]]["type"], _getter(names[:-1])
            properties = found.get("properties", {})
        raise AssertionError(path)


def _learn(properties: Properties, document: dict[str, Any], document_id: str) -> None:
    for name, value in document.items():
        known = properties.get(name)
        if known is None:
            guessed = _guess(value, document_id)
            if guessed is not None:
                properties[name] = guessed
        elif type(value) not in _ALWAYS_FIT.get(known.get("type", ""), ()):
            _check(name, known, value, document_id)


def _guess(value: Any, document_id: str) -> dict[str, Any] | None:
    """The type that a value suggests; None if it suggests nothing."""
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "long"}
        case float():
            return {"type": "float"}
        case str():
            if _DATE_LOOK.fullmatch(value):
                return {"type": "date"}
            return {"type": "text", "fields": {_KEYWORD: {"type": _KEYWORD, "ignore_above": 256}}}
        case dict():
            nested: Properties = {}
            _learn(nested, value, document_id)
            return {"properties": nested}
        case list():
            return next((g for g in (_guess(item, document_id) for item in value) if g is not None), None)
    return None


def _check(name: str, known: dict[str, Any], value: Any, document_id: str) -> None:
    kind = known.get("type")
    for item in value if isinstance(value, list) else (value,):
        if kind is None:
            if isinstance(item, dict):
                _learn(known["properties"], item, document_id)
            elif item is not None:
                reason = (
                    f"object mapping for [{name}] tried to parse field [{name}] as object, but found a concrete value"
                )
                raise bad_request(reason, "document_parsing_exception")
        elif type(item) not in _ALWAYS_FIT.get(kind, (type(item),)) and not _fits_as_text(kind, item):
            reason = f"failed to parse field [{name}] of type [{kind}] in document with id '{document_id}'"
            raise bad_request(reason, "document_parsing_exception")


def _fits_as_text(kind: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if kind in _NUMERIC:
        return re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?", value) is not None
    if kind == "boolean":
        return value in ("true", "false", "")
    return kind == "date" and epoch_millis(value) is not None


def _getter(names: list[str]) -> Getter:
    if len(names) == 1:
        (name,) = names

        def get(document: dict[str, Any]) -> list[Any]:
            value = document.get(name)
            return value if isinstance(value, list) else [] if value is None else [value]

        return get
    outer, inner = _getter(names[:1]), _getter(names[1:])
    return lambda document: [v for part in outer(document) if isinstance(part, dict) for v in inner(part)]
