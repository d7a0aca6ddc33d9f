"""JSON text read the way Java's parser reads it, number by number exact.

This is the careful reader: for the documents that the fast parser refuses though Java takes them (leading zeros, lone
surrogates, text after the document, UTF-16), and for those whose numbers it doesn't give exactly. Containers are kept
on a list of our own, so nesting costs no recursion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn

from connect.api import SerializationException
from connect.api.numbers import wrap
from converters.charset import pair_surrogates

MAX_DEPTH = 1000
"""Java refuses deeper nesting, in reading and in writing."""
MAX_NUMBER_LENGTH = 1000

_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"')
_STRING_PART = re.compile(r'([^"\\\x00-\x1f]*)(["\\\x00-\x1f]?)')
_HEX = re.compile(r"[0-9a-fA-F]{4}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LITERAL = re.compile(r"true|false|null")
_LITERALS = {"true": True, "false": False, "null": None}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MULTIBYTE = re.compile("[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}|[\x80-\xff]")
_INT32 = range(-(2**31), 2**31)


class Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
"""What an empty document holds."""


def parse_nodes(data: bytes) -> Any:
    """The first document: dict, list, str, bool, None, int, ``Decimal`` for anything with a fraction or exponent.

    Returns :data:`MISSING` where there is only white space. Raises SerializationException.
    """
    return _Reader(decode_text(data), int, _big_decimal).read_document()


def parse_values(data: bytes) -> Any:
    """The first document as schemaless Connect data: integers wrapped to 64 bits, ``float`` for all other numbers."""
    return _Reader(decode_text(data), _to_long, _to_double).read_document()


def node_name(node: Any) -> str:
    """What Java calls that kind of node."""
    match node:
        case None:
            return "NULL"
        case bool():
            return "BOOLEAN"
        case str():
            return "STRING"
        case int() | float() | Decimal():
            return "NUMBER"
        case dict():
            return "OBJECT"
        case list():
            return "ARRAY"
    return "MISSING"


class _Reader:
    def __init__(self, text: str, integer: Callable[[str], Any], real: Callable[[str], Any]) -> None:
        self.text = text
        self.position = 0
        self.integer = integer
        self.real = real

    def read_document(self) -> Any:
        self._skip_space()
        if self.position == len(self.text):
            return MISSING
        containers: list[dict[str, Any] | list[Any]] = []
        names: list[str] = []
        while True:
            opened = self._open(containers)
            if opened is None:
                value = self._scalar(at_root=not containers)
            elif self._peek() == ("}" if isinstance(opened, dict) else "]"):
                self.position += 1
                value = containers.pop()
            else:
                self._name(opened, names)
                continue
            while containers:
                container = containers[-1]
                if isinstance(container, dict):
                    container[names.pop()] = value
                else:
                    container.append(value)
                if self._ends(container):
                    value = containers.pop()
                else:
                    self._name(container, names)
                    break
            else:
                return value

    def _open(self, containers: list[dict[str, Any] | list[Any]]) -> dict[str, Any] | list[Any] | None:
        char = self._peek()
        if char not in ("{", "["):
            return None
        self.position += 1
        opened: dict[str, Any] | list[Any] = {} if char == "{" else []
        containers.append(opened)
        if len(containers) > MAX_DEPTH:
            self._fail(f"nesting is deeper than {MAX_DEPTH}")
        return opened

    def _ends(self, container: dict[str, Any] | list[Any]) -> bool:
        char = self._peek()
        self.position += 1
        if char == ",":
            return False
        if char != ("}" if isinstance(container, dict) else "]"):
            self._fail("expected ',' or the end of the container")
        return True

    def _name(self, container: dict[str, Any] | list[Any], names: list[str]) -> None:
        if not isinstance(container, dict):
            return
        if self._peek() != '"':
            self._fail("expected a member's name")
        names.append(self._string())
        if self._peek() != ":":
            self._fail("expected ':'")
        self.position += 1

    def _scalar(self, at_root: bool) -> Any:
        if self.text.startswith('"', self.position):
            return self._string()
        number = _NUMBER.match(self.text, self.position)
        if number is not None:
            self.position = number.end()
            if at_root and self.text[self.position : self.position + 1] not in ("", " ", "\t", "\n", "\r"):
                self._fail("expected white space after the number")
            return self._number(number)
        literal = _LITERAL.match(self.text, self.position)
        if literal is None:
            self._fail("expected a value")
        self.position = literal.end()
        following = self.text[self.position : self.position + 1]
        if following.isidentifier() or following.isdecimal() or following == "$":
            self._fail("unknown word")
        return _LITERALS[literal[0]]

    def _number(self, number: re.Match[str]) -> Any:
        if len(number[0]) > MAX_NUMBER_LENGTH:
            self._fail(f"the number is longer than {MAX_NUMBER_LENGTH}")
        try:
            return self.integer(number[0]) if number[1] is None and number[2] is None else self.real(number[0])
        except OverflowError:
            self._fail("the number's exponent is out of range")

    def _string(self) -> str:
        plain = _PLAIN_STRING.match(self.text, self.position)
        if plain is not None:
            self.position = plain.end()
            return _paired(plain[1])
        parts = []
        self.position += 1
        while True:
            part = _STRING_PART.match(self.text, self.position)
            assert part is not None
            parts.append(part[1])
            self.position = part.end()
            if part[2] == '"':
                return _paired("".join(parts))
            if part[2] != "\\":
                self._fail("the string is not terminated" if not part[2] else "control character in a string")
            parts.append(self._escape())

    def _escape(self) -> str:
        char = self.text[self.position : self.position + 1]
        self.position += 1
        if char != "u":
            return _ESCAPES.get(char) or self._fail("unknown escape")
        digits = _HEX.match(self.text, self.position)
        if digits is None:
            self._fail("expected four hexadecimal digits")
        self.position = digits.end()
        return chr(int(digits[0], 16))

    def _skip_space(self) -> None:
        space = _SPACE.match(self.text, self.position)
        assert space is not None
        self.position = space.end()

    def _peek(self) -> str:
        self._skip_space()
        return self.text[self.position : self.position + 1]

    def _fail(self, reason: str) -> NoReturn:
        raise SerializationException(f"Not the JSON text that was expected: {reason}, near character {self.position}")


def _big_decimal(text: str) -> Decimal:
    """Java's BigDecimal: no negative zero, a scale of 32 bits. Raises OverflowError."""
    _, _, exponent = text.replace("E", "e").partition("e")
    if len(exponent) > 20:
        raise OverflowError
    number = Decimal(text)
    scale = number.as_tuple().exponent
    if scale not in _INT32:
        raise OverflowError
    return number if number else number.copy_abs()


def _to_long(text: str) -> int:
    return wrap(int(text), 64)


def _to_double(text: str) -> float:
    return float(_big_decimal(text))


def _paired(text: str) -> str:
    return text if text.isascii() else pair_surrogates(text)


def decode_text(data: bytes) -> str:
    """The characters of a document, its encoding detected as Java does. Raises SerializationException."""
    if len(data) >= 4:
        if data[:3] == b"\xef\xbb\xbf":
            return _decode_utf8(data[3:])
        for mark, encoding in ((b"\x00\x00\xfe\xff", "utf-32-be"), (b"\xff\xfe\x00\x00", "utf-32-le")):
            if data[:4] == mark:
                return data[4:].decode(encoding, "replace")
        for mark, encoding in ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le")):
            if data[:2] == mark:
                return data[2:].decode(encoding, "replace")
        zeros = bytes(byte == 0 for byte in data[:4])
        if zeros[:3] == b"\x01\x01\x01":
            return data.decode("utf-32-be", "replace")
        if zeros[1:] == b"\x01\x01\x01":
            return data.decode("utf-32-le", "replace")
        if sum(zeros) == 3:
            raise SerializationException("UTF-32 in an unusual byte order")
    if len(data) >= 2 and 0 in data[:2]:
        return data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", "replace")
    return _decode_utf8(data)


def _decode_utf8(data: bytes) -> str:
    """UTF-8 as Java's parser takes it: surrogates and overlong forms too. Other bytes become NUL, which JSON refuses.

    They mustn't raise here: what follows the first document is not looked at.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _MULTIBYTE.sub(_decode_multibyte, data.decode("latin-1"))


def _decode_multibyte(match: re.Match[str]) -> str:
    first, *rest = map(ord, match[0])
    code = first & (0xFF >> (len(rest) + 2))
    for byte in rest:
        code = code << 6 | byte & 0x3F
    if not rest or code > 0x10FFFF or (len(rest) == 3 and code < 0x10000):
        return "\0"
    return chr(code)
