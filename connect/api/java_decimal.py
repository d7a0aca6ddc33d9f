"""Decimals as ``java.math.BigDecimal`` reads and narrows them."""

from __future__ import annotations

import decimal
import math
import re

from connect.api.numbers import to_single, wrap

_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_PATTERN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?")

EXACT = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
"""A context in which moving the point never rounds."""


def is_digit(char: str) -> bool:
    """Whether Java takes one UTF-16 unit for a digit (of any script)."""
    return char.isdecimal() and char <= "\uffff"


def parse_decimal(text: str) -> decimal.Decimal | None:
    """The number that a text is to BigDecimal's constructor; None where Java throws NumberFormatException.

    No blanks, hexadecimals, NaN or infinities; scale and exponent must fit 32 bits.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or not (text.isascii() or max(text) <= "\uffff"):
        return None
    exponent = match[1] or "0"
    if len(exponent) > 30 or not _INT_MIN <= int(exponent) <= _INT_MAX:
        return None
    number = decimal.Decimal(text)
    if not number:
        number = number.copy_abs()  # BigDecimal has one zero per scale
    return number if _INT_MIN <= scale_of(number) <= _INT_MAX else None


def scale_of(number: decimal.Decimal) -> int:
    """BigDecimal's scale: digits after the point, negative for ``1E+3``. The number must be finite."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent


def unscaled_value(number: decimal.Decimal) -> int:
    """The digits of the number as an integer."""
    return int(number.scaleb(scale_of(number), EXACT))


def decimal_to_long(number: decimal.Decimal) -> int:
    """The integral part, wrapped into 64 bits."""
    if number.adjusted() < 0 or scale_of(number) <= -64:  # 10**64 is a multiple of 2**64
        return 0
    return wrap(int(number), 64)


def decimal_to_single(number: decimal.Decimal | int) -> float:
    """The nearest single-precision number, rounded once."""
    double = to_double(number)
    single = to_single(double)
    if math.isinf(double) or double == single or decimal.Decimal(double) == number:
        return single
    # The detour over double precision may have landed on the middle between two singles; step off it.
    toward = math.inf if decimal.Decimal(double) < number else -math.inf
    return to_single(math.nextafter(double, toward))


def to_double(number: decimal.Decimal | float) -> float:
    """The nearest double-precision number; infinite when too large."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def double_to_long(number: float) -> int:
    """Java's cast: cut off the fraction, stop at the ends of 64 bits, NaN is 0."""
    if number != number:
        return 0
    if math.isinf(number):
        return 2**63 - 1 if number > 0 else -(2**63)
    return max(-(2**63), min(2**63 - 1, int(number)))
