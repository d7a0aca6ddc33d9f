"""Numbers as Java writes them and reads them from text."""

from __future__ import annotations

import decimal
import math
import re

from connect.api.numbers import to_single

BLANKS = "".join(map(chr, range(33)))
"""What Java's ``trim`` takes away at both ends."""

_SMALLEST_NORMAL_SINGLE = 2.0**-126
_EXACT = decimal.Context(prec=20)
_INTEGER = re.compile(r"[+-]?\d+")
_DOUBLE = re.compile(r"[+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fFdD]?)")
_HEX_DOUBLE = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+[fFdD]?")


def double_text(number: float) -> str:
    """A double as ``Double.toString`` writes it (JDK 19 and later)."""
    text = float.__repr__(number)
    digits = text.partition("e")[0].removeprefix("-").replace(".", "").strip("0")
    if len(digits) == 1:
        # Java takes the nearest number of two digits where one would do: 4.9E-324, not 5e-324.
        two_digits = f"{number:.1e}"
        text = two_digits if float(two_digits) == number else text
    return _java_form(number, text)


def float_text(number: float) -> str:
    """A single-precision number as ``Float.toString`` writes it; ``number`` is rounded to single precision first."""
    single = to_single(number)
    if single != single or single in (float("inf"), float("-inf")) or single == 0:
        return _java_form(single, float.__repr__(single))
    # Six digits always survive a round trip, except where the number is subnormal; nine always suffice.
    shortest = 6 if abs(single) >= _SMALLEST_NORMAL_SINGLE else 2
    for digits in range(shortest, 10):
        text = f"{single:.{digits - 1}e}"
        if to_single(float(text)) != single and abs(math.frexp(single)[0]) == 0.5:
            # Above a power of two there is more room than below, so the farther decimal may do where the nearest won't.
            text = str(decimal.Context(prec=digits, rounding=decimal.ROUND_UP).create_decimal(single))
        if to_single(float(text)) == single:
            break
    return _java_form(single, text)


def _java_form(number: float, text: str) -> str:
    """Rewrite Python's digits of a number into Java's plain or scientific form."""
    if number != number:
        return "NaN"
    if number in (float("inf"), float("-inf")):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "-0.0" if text.startswith("-") else "0.0"
    sign, digits, exponent = decimal.Decimal(text).normalize(_EXACT).as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits))
    point = len(figures) + exponent  # digits before the decimal point
    minus = "-" if sign else ""
    if not 1e-3 <= abs(number) < 1e7:
        return f"{minus}{figures[0]}.{figures[1:] or '0'}E{point - 1}"
    if point <= 0:
        return f"{minus}0.{'0' * -point}{figures}"
    return f"{minus}{figures[:point].ljust(point, '0')}.{figures[point:] or '0'}"


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
