"""Sequences that take the place of lists in batches, without holding all their items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any, overload


class Repeated(Sequence[Any]):
    """The same item ``size`` times, without a list of it."""

    __slots__ = ("item", "size")

    def __init__(self, item: Any, size: int) -> None:
        self.item = item
        self.size = size

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Repeated: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Repeated(self.item, len(range(*index.indices(self.size))))
        if not -self.size <= index < self.size:
            raise IndexError(index)
        return self.item

    def __iter__(self) -> Iterator[Any]:
        return repeat(self.item, self.size)


class Computed(Sequence[Any]):
    """A sequence whose items are made when asked for: source offsets, of which only the last of a batch is written.

    >>> Computed([10, 20], lambda position: {"position": position})[1]
    {'position': 20}
    """

    __slots__ = ("items", "make")

    def __init__(self, items: Sequence[Any], make: Callable[[Any], Any]) -> None:
        self.items = items
        self.make = make

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Computed: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return Computed(self.items[index], self.make)
        return self.make(self.items[index])

    def __iter__(self) -> Iterator[Any]:
        return map(self.make, self.items)


class Deferred(Sequence[Any]):
    """A list that is made when its first item is asked for."""

    __slots__ = ("_items", "_make", "_size")

    def __init__(self, size: int, make: Callable[[], list[Any]]) -> None:
        self._size = size
        self._make = make
        self._items: list[Any] | None = None

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._made()[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._made())

    def _made(self) -> list[Any]:
        if self._items is None:
            self._items = self._make()
        return self._items


def taken(items: Sequence[Any], indexes: Sequence[int]) -> Sequence[Any]:
    """The items at those indexes, in that order."""
    if isinstance(items, list | range):
        return [items[i] for i in indexes]
    if isinstance(items, Repeated):
        return Repeated(items.item, len(indexes))
    take: Callable[[Sequence[int]], Sequence[Any]] | None = getattr(items, "take", None)
    return [items[i] for i in indexes] if take is None else take(indexes)
