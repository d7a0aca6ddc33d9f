"""The headers of a batch as columns, where all its records have headers of the same keys in the same order.

Adding or dropping a header is then one step for the whole batch, and what is the same everywhere is held once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple, overload

from connect.api.header import Header
from connect.api.lazy import taken
from connect.api.schema import Schema


class HeaderColumn(NamedTuple):
    """One header of every record: its key, and per record the value and its schema (lazy sequences will do)."""

    key: str
    values: Sequence[Any]
    schemas: Sequence[Schema | None]


class HeaderColumns(Sequence[tuple[Header, ...]]):
    """Per record a tuple of headers, made when asked for.

    >>> HeaderColumns([HeaderColumn("page", [7, 8], [None, None])], 2)[1]
    (Header(key='page', value=8, schema=None),)
    """

    __slots__ = ("columns", "size")

    def __init__(self, columns: Iterable[HeaderColumn], size: int) -> None:
        self.columns = tuple(columns)
        self.size = size

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> tuple[Header, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> HeaderColumns: ...
    def __getitem__(self, index: int | slice) -> tuple[Header, ...] | HeaderColumns:
        if isinstance(index, slice):
            columns = [HeaderColumn(key, values[index], schemas[index]) for key, values, schemas in self.columns]
            return HeaderColumns(columns, len(range(*index.indices(self.size))))
        if not -self.size <= index < self.size:
            raise IndexError(index)
        return tuple(Header(key, values[index], schemas[index]) for key, values, schemas in self.columns)

    def __iter__(self) -> Iterator[tuple[Header, ...]]:
        if not self.columns:
            return repeat((), self.size)
        return zip(*[map(Header, repeat(key), values, schemas) for key, values, schemas in self.columns], strict=True)

    def take(self, indexes: Sequence[int]) -> HeaderColumns:
        """The headers of the records at those indexes."""
        columns = [
            HeaderColumn(key, taken(values, indexes), taken(schemas, indexes)) for key, values, schemas in self.columns
        ]
        return HeaderColumns(columns, len(indexes))


def headers_with(
    headers: Sequence[Iterable[Header]] | None, added: Sequence[HeaderColumn], size: int
) -> Sequence[Iterable[Header]]:
    """The headers of ``size`` records with new ones behind them."""
    if headers is None:
        return HeaderColumns(added, size)
    if isinstance(headers, HeaderColumns):
        return HeaderColumns((*headers.columns, *added), size)
    return [(*old, *new) for old, new in zip(headers, HeaderColumns(added, size), strict=True)]


def headers_without(
    headers: Sequence[Iterable[Header]] | None, keys: Collection[str]
) -> Sequence[Iterable[Header]] | None:
    """The headers of a batch without those of some keys."""
    if isinstance(headers, HeaderColumns):
        left = [column for column in headers.columns if column.key not in keys]
        return HeaderColumns(left, headers.size) if left else None
    return None if headers is None else [tuple([h for h in each if h.key not in keys]) for each in headers]
