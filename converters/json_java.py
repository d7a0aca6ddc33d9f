"""Where JSON text of the fast parser and writer (orjson) differs from Java's, and how to tell cheaply.

The two agree on nearly everything. The checks here search many texts at once; they may suspect a text wrongly (a string
that looks like such a number) but never miss one, and suspects are converted again with care.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from converters.json_text import MAX_DEPTH

Differ = Callable[[bytes], bool]
"""Whether a text, or one of several joined by newlines, is suspect."""

_CHUNK = 128
_LONG_RUN = b"0" * 19


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
_LONG_INTEGER = re.compile(rb"(?<![.0-9])[0-9]{19,}(?![0-9]*[.eE])")
_NEGATIVE_ZERO = re.compile(rb"-0(?<![^\s:,\[]-0)(?:\.0+)?(?:[eE][-+]?[0-9]+)?(?![0-9.eE])")


def reads_differently(text: bytes) -> bool:
    """Whether schemaless data of the fast parser may differ from Java's."""
    return _has_long_integer(text) or (b"-" in text and _NEGATIVE_ZERO.search(text) is not None)


def _has_long_integer(text: bytes) -> bool:
    return _LONG_RUN in text.translate(_DIGITS_ALONE) and _LONG_INTEGER.search(text) is not None


def nests_deeply(texts: Sequence[bytes]) -> bool:
    """Whether one of the texts may nest deeper than Java allows."""
    if max(map(len, texts)) <= MAX_DEPTH:
        return False
    return any(text.count(b"[") + text.count(b"{") > MAX_DEPTH for text in texts)


# Writing: Java has another form for very large and very small numbers, and text for NaN where orjson has null.

_DIGITS_AND_POINTS = _DIGITS_ALONE[: ord(".")] + b"." + _DIGITS_ALONE[ord(".") + 1 :]
_FRACTION = re.compile(rb"\.[0-9]")
_TINY = re.compile(rb"-(?<=[0-9]e-)")
_OTHER_NUMBER = re.compile(rb"(?:[:,\[]|^)-?(?:[0-9.]+e|[0-9]{8,}\.|0\.000)", re.MULTILINE)


def writes_numbers_differently(text: bytes) -> bool:
    """Whether Java may write a number of that text in another way."""
    suspect = b"+" in text or (b"-" in text and _TINY.search(text) is not None)
    if not suspect and b"." in text and _FRACTION.search(text) is not None:
        suspect = b"0.000" in text or b"00000000." in text.translate(_DIGITS_AND_POINTS)
    return suspect and _OTHER_NUMBER.search(text) is not None


def may_hold_big_integer(text: bytes) -> bool:
    """Whether an integer of that text may need more than 64 bits."""
    return _has_long_integer(text)


def may_hold_no_number(text: bytes) -> bool:
    """Whether a null of that text may stand for NaN or an infinity."""
    return b"null" in text


# Strings: Java writes characters beyond the basic plane as two escapes, and hexadecimal digits in upper case.

_CONTROL = re.compile(rb"(?<!\\)((?:\\\\)*\\u00)([01][0-9a-f])")
_BEYOND_BASIC_PLANE = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
_LEAD_BYTES = tuple(bytes([byte]) for byte in range(0xF0, 0xF5))


def writes_strings_differently(text: bytes) -> bool:
    """Whether Java escapes a string of that text in another way."""
    return (b"\\" in text and b"\\u00" in text) or _reaches_beyond_basic_plane(text)


def _reaches_beyond_basic_plane(text: bytes) -> bool:
    return not text.isascii() and any(lead in text for lead in _LEAD_BYTES)


def escape_as_java(text: bytes) -> bytes:
    """A JSON text with the escapes that Java writes."""
    text = _CONTROL.sub(lambda escape: escape[1] + escape[2].upper(), text)
    return _BEYOND_BASIC_PLANE.sub(lambda character: _surrogates(character[0]), text)


@lru_cache(maxsize=4096)
def _surrogates(character: bytes) -> bytes:
    code = ord(character.decode()) - 0x10000
    return b"\\u%04X\\u%04X" % (0xD800 | code >> 10, 0xDC00 | code & 0x3FF)
