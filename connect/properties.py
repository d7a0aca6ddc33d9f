"""Java properties files: the format of worker and connector files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_WHITESPACE = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_UNICODE = re.compile(r"[0-9a-fA-F]{4}")


def load_properties(path: str | Path) -> dict[str, str]:
    """Read a file. Later keys win. Raises OSError, and ValueError with line and reason for a malformed escape."""
    return parse_properties(Path(path).read_text(encoding="utf-8"))


def parse_properties(text: str) -> dict[str, str]:
    """Read properties from text, with comments, continued lines, escapes, and ``=``, ``:`` or blanks as separator."""
    properties = {}
    for number, line in _logical_lines(text):
        key, value = _split(line)
        try:
            properties[_unescape(key)] = _unescape(value)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return properties


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    joined, start = "", 0
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        line = raw.lstrip(_WHITESPACE)
        if not joined:
            if not line or line[0] in "#!":
                continue
            start = number
        if _ends_with_continuation(line):
            joined += line[:-1]
            continue
        yield start, joined + line
        joined = ""
    if joined:
        yield start, joined


def _ends_with_continuation(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _split(line: str) -> tuple[str, str]:
    position = 0
    while position < len(line) and line[position] not in "=:" + _WHITESPACE:
        position += 2 if line[position] == "\\" else 1
    key, rest = line[:position], line[position:].lstrip(_WHITESPACE)
    if rest[:1] in ("=", ":"):
        rest = rest[1:].lstrip(_WHITESPACE)
    return key, rest


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    result, position = [], 0
    while position < len(text):
        character = text[position]
        position += 1
        if character != "\\" or position >= len(text):
            result.append(character if character != "\\" else "")
            continue
        escaped = text[position]
        position += 1
        if escaped != "u":
            result.append(_ESCAPES.get(escaped, escaped))
            continue
        digits = text[position : position + 4]
        if not _UNICODE.fullmatch(digits):
            raise ValueError(f"Malformed \\u escape '\\u{digits}': four hexadecimal digits are needed")
        result.append(chr(int(digits, 16)))
        position += 4
    return "".join(result)
