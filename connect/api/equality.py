"""Equality as Java sees it."""

from __future__ import annotations

import decimal
import math
from typing import Any

from connect.api.numbers import MARKS


def deep_equals(a: Any, b: Any) -> bool:
    """Whether Java's deep equality holds: NaN equals itself, 0.0 differs from -0.0, and so do numbers of other types.

    A plain int or float equals one with a mark, since a schema may give it the same type.
    """
    if a is b:
        return True
    if isinstance(a, float) and isinstance(b, float):
        return _same_kind(a, b) and ((a == b and math.copysign(1.0, a) == math.copysign(1.0, b)) or (a != a and b != b))
    if isinstance(a, bool | int | float) or isinstance(b, bool | int | float):
        return _same_kind(a, b) and bool(a == b)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(deep_equals, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return len(a) == len(b) and all(key in b and deep_equals(value, b[key]) for key, value in a.items())
    if isinstance(a, decimal.Decimal) and isinstance(b, decimal.Decimal):
        return a.as_tuple() == b.as_tuple()
    return bool(a == b)


def _same_kind(a: Any, b: Any) -> bool:
    return type(a) is type(b) or _plain_and_marked(a, b) or _plain_and_marked(b, a)


def _plain_and_marked(plain: Any, marked: Any) -> bool:
    return type(plain) in (int, float) and type(marked) in MARKS and isinstance(marked, type(plain))
