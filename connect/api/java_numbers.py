"""Numbers as Java writes them and reads them from text."""

from __future__ import annotations

import decimal
import math
import re

from connect.api.numbers import to_single

BLANKS = "".join(map(chr, range(33)))
"""What Java's ``trim`` takes away at both ends."""

_SMALLEST_NORMAL_SINGLE = 2.0**-126
_FEW_DIGITS = 1e-320  # below, a double has so few digits that Java and Python print different ones
_INTEGER = re.compile(r"[+-]?\d+")
_DOUBLE = re.compile(r"[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?)")
_HEX_DOUBLE = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+[fFdD]?")


def double_text(number: float) -> str:
    """A double as ``Double.toString`` writes it (JDK 19 and later)."""
    text = float.__repr__(number)
    size = abs(number)
    if 1e-3 <= size < 1e7 or size == 0:
        return text
    if size < _FEW_DIGITS:
        # Java takes the nearest number of two digits where one would do: 4.9E-324, not 5e-324.
        two_digits = f"{number:.1e}"
        text = two_digits if float(two_digits) == number else text
    if size < math.inf:
        return _scientific(text)
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"


def float_text(number: float) -> str:
    """A single-precision number as ``Float.toString`` writes it; ``number`` is rounded to single precision first."""
    single = to_single(number)
    size = abs(single)
    if not 0 < size < math.inf:
        return double_text(single)
    nearest = _shortest_single(single, size)
    return float.__repr__(nearest) if 1e-3 <= size < 1e7 else _scientific(f"{nearest:.8e}")


def _shortest_single(single: float, size: float) -> float:
    """The double nearest to the shortest decimal that still rounds to ``single``."""
    # Six digits always survive a round trip, except where the number is subnormal; nine always suffice.
    for digits in range(6 if size >= _SMALLEST_NORMAL_SINGLE else 2, 10):
        nearest = float(f"{single:.{digits - 1}e}")
        if to_single(nearest) != single and math.frexp(size)[0] == 0.5:
            # Above a power of two there is more room than below, so the farther decimal may do where the nearest won't.
            nearest = float(decimal.Context(prec=digits, rounding=decimal.ROUND_UP).create_decimal(single))
        if to_single(nearest) == single:
            break
    return nearest


def _scientific(text: str) -> str:
    """Python's digits of a number outside the plain range in Java's form."""
    mantissa, _, exponent = text.partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    point = int(exponent or 0) + len(whole) - 1
    figures = whole + fraction
    significant = figures.lstrip("0")
    point -= len(figures) - len(significant)
    return f"{sign}{significant[0]}.{significant[1:].rstrip('0') or '0'}E{point}"


def decimal_text(number: decimal.Decimal) -> str:
    """A BigDecimal's text, such as ``12.30`` or ``1E+3``; there is no negative zero."""
    return str(number if number else number.copy_abs())


def parse_integer(text: str, bits: int) -> int | None:
    """The number that a text is to ``Integer.parseInt`` and its like; digits of any script, no blanks. None = none."""
    if _INTEGER.fullmatch(text) is None or not (text.isascii() or max(text) <= "\uffff"):
        return None
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > bits:
        return None
    number = int(text)
    return number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else None


def parse_double(text: str) -> float | None:
    """The number that a text is to ``Double.parseDouble``: also ``1f``, ``0x1p3``, ``NaN``. None = none."""
    trimmed = text.strip(BLANKS)
    if _HEX_DOUBLE.fullmatch(trimmed):
        try:
            return float.fromhex(trimmed.rstrip("fFdD"))
        except OverflowError:
            return -math.inf if trimmed.startswith("-") else math.inf
    if _DOUBLE.fullmatch(trimmed) is None:
        return None
    return float(trimmed if trimmed.endswith(("N", "y")) else trimmed.rstrip("fFdD"))
