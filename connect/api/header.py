"""Record headers: an ordered list in which a key may occur more than once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connect.api.schema import Schema


@dataclass(frozen=True, slots=True)
class Header:
    """One header: key, value, and the schema of the value (None = schemaless)."""

    key: str
    value: Any
    schema: Schema | None = None


class Headers:
    """The headers of one record."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Header] = ()) -> None:
        self._items: list[Header] = list(items)

    def add(self, key: str, value: Any, schema: Schema | None = None) -> Headers:
        """Append a header. Raises DataException when the value does not fit the schema."""
        self._items.append(Header(key, value, schema))
        return self

    def __iter__(self) -> Iterator[Header]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]  # mutable
