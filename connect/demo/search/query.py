"""Queries: from Elasticsearch's JSON to a function that says of a document whether it matches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connect.demo.search.errors import bad_request, not_understood
from connect.demo.search.mapping import Mapping, epoch_millis

Matches = Callable[[dict[str, Any]], bool]

_WORD = re.compile(r"\w+")
_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


def compile_query(query: dict[str, Any], mapping: Mapping) -> Matches:
    """Raises SearchError for a query that isn't understood."""
    if len(query) != 1:
        raise not_understood("[query] must hold exactly one kind of query")
    ((kind, body),) = query.items()
    compiler = _COMPILERS.get(kind)
    if compiler is None:
        raise not_understood(f"unknown query [{kind}]; known here: {', '.join(_COMPILERS)}")
    return compiler(body, mapping)


def compile_text(text: str, mapping: Mapping) -> Matches:
    """The short form of ``?q=field:value``: words apart by blanks, one of which must match."""
    alternatives = []
    for word in text.split():
        field, colon, value = word.partition(":")
        if word in ("AND", "OR", "NOT") or not colon or set(value) & set("*?()[]{}~^\"'"):
            raise not_understood(
                f"[q] holds field:value words only, [{word}] is none; use [query] in the body for more"
            )
        alternatives.append(_match({field: value}, mapping))
    return lambda document: any(matches(document) for matches in alternatives)


def _match_all(body: dict[str, Any], mapping: Mapping) -> Matches:
    return lambda document: True


def _match_none(body: dict[str, Any], mapping: Mapping) -> Matches:
    return lambda document: False


def _term(body: dict[str, Any], mapping: Mapping) -> Matches:
    field, value = _only_field(body, "term", "value")
    return _any_of(field, [value], mapping)


def _terms(body: dict[str, Any], mapping: Mapping) -> Matches:
    field, values = _only_field(body, "terms", "")
    if not isinstance(values, list):
        raise not_understood("[terms] query requires an array of values")
    return _any_of(field, values, mapping)


def _any_of(field: str, values: list[Any], mapping: Mapping) -> Matches:
    kind, get = mapping.field(field)
    if kind == "text":
        words = {str(value) for value in values}
        return lambda document: any(words & set(tokens(value)) for value in get(document))
    wanted = {_comparable(kind, value) for value in values}
    return lambda document: any(_comparable(kind, value) in wanted for value in get(document))


def _match(body: dict[str, Any], mapping: Mapping) -> Matches:
    field, value = _only_field(body, "match", "query")
    kind, get = mapping.field(field)
    if kind != "text":
        return _any_of(field, [value], mapping)
    options = body[field] if isinstance(body[field], dict) else {}
    wanted = set(tokens(value))
    if str(options.get("operator", "or")).lower() == "and":
        return lambda document: any(wanted <= set(tokens(value)) for value in get(document))
    return lambda document: any(wanted & set(tokens(value)) for value in get(document))


def _range(body: dict[str, Any], mapping: Mapping) -> Matches:
    field, bounds = _only_field(body, "range", "")
    kind, get = mapping.field(field)
    unknown = set(bounds) - set(_BOUNDS) - {"format", "time_zone", "boost", "relation"}
    if unknown:
        raise not_understood(f"[range] query does not support [{unknown.pop()}]")
    checks = [(_BOUNDS[name], _comparable(kind, bound)) for name, bound in bounds.items() if name in _BOUNDS]

    def matches(document: dict[str, Any]) -> bool:
        values = [_comparable(kind, value) for value in get(document)]
        return any(all(check(value, bound) for check, bound in checks) for value in values)

    return matches


def _exists(body: dict[str, Any], mapping: Mapping) -> Matches:
    _, get = mapping.field(str(body.get("field")))
    return lambda document: bool(get(document))


def _bool(body: dict[str, Any], mapping: Mapping) -> Matches:
    unknown = set(body) - {"must", "filter", "should", "must_not", "minimum_should_match", "boost"}
    if unknown:
        raise not_understood(f"[bool] query does not support [{unknown.pop()}]")
    must, should, must_not = (
        [compile_query(clause, mapping) for name in names for clause in _as_list(body.get(name, []))]
        for names in (("must", "filter"), ("should",), ("must_not",))
    )
    needed = int(body.get("minimum_should_match", 1 if should and not must else 0))

    def matches(document: dict[str, Any]) -> bool:
        return (
            all(clause(document) for clause in must)
            and not any(clause(document) for clause in must_not)
            and sum(clause(document) for clause in should) >= needed
        )

    return matches


_COMPILERS: dict[str, Callable[[Any, Mapping], Matches]] = {
    "match_all": _match_all,
    "match_none": _match_none,
    "term": _term,
    "terms": _terms,
    "match": _match,
    "range": _range,
    "exists": _exists,
    "bool": _bool,
}


def tokens(value: Any) -> list[str]:
    """The words of a text, in lower case."""
    return _WORD.findall(str(value).lower())


def _comparable(kind: str, value: Any) -> Any:
    """A value in the form in which values of this type are compared."""
    if kind == "date":
        millis = epoch_millis(value)
        if millis is None:
            raise bad_request(f"failed to parse date field [{value}]", "parse_exception")
        return millis
    if kind in ("keyword", "text", ""):
        return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "boolean":
        return value in (True, "true")
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise bad_request(f'For input string: "{value}"', "number_format_exception") from error


def _only_field(body: dict[str, Any], kind: str, inner: str) -> tuple[str, Any]:
    """The one field that a query names, and its value, which may be wrapped as ``{inner: value}``."""
    names = [name for name in body if name != "boost"]
    if len(names) != 1:
        raise not_understood(f"[{kind}] query takes exactly one field, [{len(names)}] were given")
    value = body[names[0]]
    return names[0], value[inner] if inner and isinstance(value, dict) and inner in value else value


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
