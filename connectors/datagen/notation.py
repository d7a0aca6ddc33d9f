"""Short notation for the schemas of quickstarts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Node = dict[str, Any]


def _annotated(type: str, properties: Node, logical: Node | None = None) -> Node:
    return {"type": type, **(logical or {}), **({"arg.properties": properties} if properties else {})}


def between(low: float, high: float, type: str = "int") -> Node:
    """Numbers from ``low`` to below ``high``."""
    return _annotated(type, {"range": {"min": low, "max": high}})


def count(start: int = 0, step: int = 1, type: str = "long", logical: str | None = None) -> Node:
    """Numbers that count up."""
    named = None if logical is None else {"logicalType": logical}
    return _annotated(type, {"iteration": {"start": start, "step": step}}, named)


def matching(regex: str) -> Node:
    """Texts that match."""
    return _annotated("string", {"regex": regex})


def one_of(options: Sequence[Any], type: str = "string") -> Node:
    """One of several values."""
    return _annotated(type, {"options": list(options)})


def day(low: int, high: int) -> Node:
    """Dates, from days since 1970."""
    return _annotated("int", {"range": {"min": low, "max": high}}, {"logicalType": "date"})


def decimal(low: float, high: float, precision: int = 4, scale: int = 2) -> Node:
    """Decimals from ``low`` to below ``high``."""
    logical = {"logicalType": "decimal", "precision": precision, "scale": scale}
    return _annotated("bytes", {"range": {"min": low, "max": high}}, logical)


def array(items: Any, low: int, high: int) -> Node:
    """From ``low`` to below ``high`` items."""
    return {"type": "array", "items": items, "arg.properties": {"length": {"min": low, "max": high}}}


def record(name: str, /, **fields: Any) -> Node:
    """A record of a full name."""
    space, _, short = name.rpartition(".")
    members = [{"name": field, "type": node} for field, node in fields.items()]
    return {"type": "record", "name": short, "namespace": space, "fields": members}


def one_of_rows(name: str, rows: Sequence[Sequence[Any]], /, **types: str) -> Node:
    """A record that is always one of the given rows."""
    options = [dict(zip(types, row, strict=True)) for row in rows]
    return {**record(name, **types), "arg.properties": {"options": options}}
