"""Where JSON text of the fast parser and writer (orjson) differs from Java's, and how to tell cheaply.

The two agree on nearly everything. The checks here search many texts at once; they may suspect a text wrongly (a string
that looks like such a number) but never miss one, and suspects are converted again with care.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from converters.json_text import MAX_DEPTH, MAX_NUMBER_LENGTH

Differ = Callable[[bytes], bool]
"""Whether a text, or one of several joined by newlines, is suspect."""

_CHUNK = 128


def suspects(texts: Sequence[bytes], differs: Differ) -> list[int]:
    """The indexes of the suspect texts."""
    found = []
    for start in range(0, len(texts), _CHUNK):
        chunk = texts[start : start + _CHUNK]
        if differs(b"\n".join(chunk)):
            found += [index for index, text in enumerate(chunk, start) if differs(text)]
    return found


# Reading: orjson makes floats of integers beyond 64 bits, doesn't wrap those beyond 63, and knows a negative zero.

_DIGITS_ALONE = bytes(ord("0") if byte in b"0123456789" else ord(" ") for byte in range(256))
_19_DIGITS, _20_DIGITS = b"0" * 19, b"0" * 20
# A number has up to three runs of digits: before and behind the point, and the exponent.
_LONG_RUN = b"0" * (MAX_NUMBER_LENGTH // 3 - 1)
_MAY_BE_LONG = re.compile(rb"9[2-9][0-9]{17}")
_LONG_INTEGER = re.compile(rb"(?<![.0-9])(?:[0-9]{20,}+|9[2-9][0-9]{17}(?![0-9]))(?![.eE])")
_NEGATIVE_ZERO = re.compile(rb"-0(?<![^\s:,\[]-0)(?:\.0+)?(?:[eE][-+]?[0-9]+)?(?![0-9.eE])")


def reads_differently(text: bytes) -> bool:
    """Whether schemaless data of the fast parser may differ from Java's."""
    return may_hold_big_integer(text) or may_hold_negative_zero(text)


def may_hold_negative_zero(text: bytes) -> bool:
    """Whether a number of that text may be a zero with a minus sign."""
    return b"-0" in text and _NEGATIVE_ZERO.search(text) is not None


def may_hold_big_integer(text: bytes) -> bool:
    """Whether an integer of that text may need more than 64 bits."""
    digits = text.translate(_DIGITS_ALONE)
    if _19_DIGITS not in digits or (_20_DIGITS not in digits and not _MAY_BE_LONG.search(text)):
        return False
    return _LONG_INTEGER.search(text) is not None


def exceeds_limits(texts: Sequence[bytes]) -> bool:
    """Whether one of the texts may nest deeper, or hold a longer number, than Java allows."""
    limit = min(MAX_DEPTH, MAX_NUMBER_LENGTH)
    if max(map(len, texts)) <= limit:
        return False
    return any(
        text.count(b"[") + text.count(b"{") > MAX_DEPTH or _LONG_RUN in text.translate(_DIGITS_ALONE)
        for text in texts
        if len(text) > limit
    )


# Writing: Java has another form for very large and very small numbers, and text for NaN where orjson has null.

_DIGITS_AND_POINTS = _DIGITS_ALONE[: ord(".")] + b"." + _DIGITS_ALONE[ord(".") + 1 :]
_FRACTION = re.compile(rb"\.[0-9]")
_TINY = re.compile(rb"-(?<=[0-9]e-)")


def writes_numbers_differently(text: bytes) -> bool:
    """Whether Java may write a number of that text in another way."""
    if (
        b"." in text
        and _FRACTION.search(text)
        and (b"0.000" in text or b"00000000." in text.translate(_DIGITS_AND_POINTS))
    ):
        return True
    return (b"+" in text and b"e+" in text) or (b"-" in text and _TINY.search(text) is not None)


def may_hold_no_number(text: bytes) -> bool:
    """Whether a null of that text may stand for NaN or an infinity."""
    return b"null" in text


def is_plain_double(number: float) -> bool:
    """Whether both sides write that number with a point and no exponent."""
    return 1e-3 <= number < 1e7 or -1e7 < number <= -1e-3 or number == 0


# Strings: Java writes characters beyond the basic plane as two escapes, and hexadecimal digits in upper case.

_CONTROL = re.compile(rb"(?<!\\)((?:\\\\)*\\u00)([01][0-9a-f])")
_BEYOND_BASIC_PLANE = tuple((bytes([lead]), re.compile(rb"\x%02x[\x80-\xbf]{3}" % lead)) for lead in range(0xF0, 0xF5))


def escape_as_java(text: bytes) -> bytes:
    """A JSON text, or several joined by newlines, with the escapes that Java writes."""
    if b"\\" in text and b"\\u00" in text:
        text = _CONTROL.sub(lambda escape: escape[1] + escape[2].upper(), text)
    if text.isascii():
        return text
    for lead, pattern in _BEYOND_BASIC_PLANE:
        if lead in text:
            text = pattern.sub(lambda character: _surrogates(character[0]), text)
    return text


@lru_cache(maxsize=4096)
def _surrogates(character: bytes) -> bytes:
    code = ord(character.decode()) - 0x10000
    return b"\\u%04X\\u%04X" % (0xD800 | code >> 10, 0xDC00 | code & 0x3FF)
