"""Maps with keys that a dict can't hash or can't tell apart. Plain dicts serve for all others.

Lists and dicts are not hashable in Python, and 1, 1.0 and True are one key to a dict but three to Java.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


class FrozenMap(dict[Any, Any]):
    """A map that is a key of another map; treat it as immutable."""

    __slots__ = ()

    java_class = "java.util.HashMap"

    def __hash__(self) -> int:  # type: ignore[override]  # dict has none
        return hash(frozenset(self))


class MixedKeyMap(dict[Any, Any]):
    """A map whose keys are told apart by class too, read through a dict's usual methods; treat it as immutable."""

    __slots__ = ()

    java_class = "java.util.HashMap"

    def __init__(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        super().__init__(((type(key), key), (key, value)) for key, value in pairs)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__((type(key), key))[1]

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of that key, or ``default``."""
        return super().get((type(key), key), (key, default))[1]

    def __contains__(self, key: object) -> bool:
        return super().__contains__((type(key), key))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def keys(self) -> list[Any]:  # type: ignore[override]  # a list, not a view
        """The keys, in order."""
        return [key for key, _ in super().values()]

    def values(self) -> list[Any]:  # type: ignore[override]  # a list, not a view
        """The values, in order."""
        return [value for _, value in super().values()]

    def items(self) -> list[tuple[Any, Any]]:  # type: ignore[override]  # a list, not a view
        """The pairs, in order."""
        return list(super().values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MixedKeyMap) and super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None


def make_map(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """A dict of those pairs whatever their keys are; the last of equal keys wins."""
    hashable = [(map_key(key), value) for key, value in pairs]
    made = dict(hashable)
    if len(made) == len(hashable):
        return made
    mixed = MixedKeyMap(hashable)
    return mixed if len(mixed) > len(made) else made


def map_key(value: Any) -> Any:
    """``value`` in the form in which it can be a key of a dict: lists become tuples, dicts become FrozenMap.

    Tuples count as lists everywhere, so only code that makes maps with such keys needs this.
    """
    if isinstance(value, list | tuple):
        return tuple(map_key(item) for item in value)
    if isinstance(value, dict):
        return FrozenMap((key, map_key(item)) for key, item in value.items())
    return bytes(value) if isinstance(value, bytearray) else value
