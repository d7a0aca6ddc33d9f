"""Regular expressions in Java's dialect, on top of :mod:`re`.

Where the two dialects differ the pattern is rewritten: classes with unions and intersections, POSIX and Unicode
classes, ``\\Q…\\E``, ``\\h``, ``\\R``, ``\\z``, named groups, flags in mid-pattern, and what ends a line.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from itertools import groupby
from typing import Any

from connect.api import ConfigException, DataException

_LINE_ENDS = r"\n\r\x85\u2028\u2029"
_ONE_LINE_END = rf"(?:\r\n|[{_LINE_ENDS}])"
_ANY = r"[\s\S]"

_SETS = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": r" \t\n\x0b\f\r",
    "h": r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000",
    "v": r"\n\x0b\f\r\x85\u2028\u2029",
}
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7f",
    "Alpha": "A-Za-z",
    "Digit": "0-9",
    "Alnum": "0-9A-Za-z",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9A-Fa-f",
    "Space": _SETS["s"],
}
_UNICODE: dict[str, Callable[[str], bool]] = {
    "IsAlphabetic": str.isalpha,
    "IsLetter": str.isalpha,
    "IsDigit": str.isdecimal,
    "IsUppercase": str.isupper,
    "IsLowercase": str.islower,
    "IsWhite_Space": str.isspace,
    "javaLetter": str.isalpha,
    "javaDigit": str.isdecimal,
    "javaLetterOrDigit": lambda char: char.isalpha() or char.isdecimal(),
    "javaUpperCase": str.isupper,
    "javaLowerCase": str.islower,
}
_ANCHORS = {"A": r"\A", "z": r"\Z", "Z": rf"(?={_ONE_LINE_END}?\Z)", "G": r"\A", "b": r"\b", "B": r"\B"}
_CHARACTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_CODES = re.compile(r"x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|0([0-3]?[0-7]{1,2})|c(.)", re.DOTALL)
_PROPERTY = re.compile(r"([pP])(?:\{\^?([^}]*)\}|(.))")
_FLAGS = re.compile(r"\(\?([idmsuxU]*)(?:-([idmsuxU]*))?([:)])")
_GROUP_NAME = re.compile(r"\(\?<([A-Za-z][A-Za-z0-9]*)>")
_REPETITION = re.compile(r"\{\d+(?:,\d*)?\}")


def compile_java_regex(pattern: str) -> re.Pattern[str]:
    """The pattern for ``fullmatch`` and ``search``. Raises ValueError when it is wrong, or beyond what is supported."""
    try:
        return re.compile(_Translator(pattern).translate(), re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{error} in {pattern}") from None


class _Translator:
    """Walks once through a pattern; ``flags`` are those in force at ``position``."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.flags: frozenset[str] = frozenset()
        self.out: list[str] = []
        self.groups = 0

    def translate(self) -> str:
        self.sequence(depth=0)
        return "".join(self.out)

    def take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def next_char(self) -> str:
        if self.position >= len(self.pattern):
            raise self.wrong("Unexpected end", self.position)
        self.position += 1
        return self.pattern[self.position - 1]

    def wrong(self, what: str, index: int) -> ValueError:
        """An error as Java shows it, with a mark below the place where it is."""
        mark = f"\n{' ' * index}^" if index < len(self.pattern) else ""
        return ValueError(f"{what} near index {index}\n{self.pattern}{mark}")

    def sequence(self, depth: int) -> None:
        """Everything up to the end of the group, or of the pattern at depth 0."""
        outer = self.flags
        wrapped = False
        while self.position < len(self.pattern):
            char = self.next_char()
            if char == ")":
                if not depth:
                    raise self.wrong("Unmatched closing ')'", self.position - 1)
                break
            found = _FLAGS.match(self.pattern, self.position - 1) if char == "(" else None
            if found and found[3] == ")":
                self.position = found.end()
                self.set_flags(found)
                self.out.append(")" * wrapped + self.opening())
                wrapped = True
            elif char == "|":
                self.out.append(")" * wrapped + "|" + (self.opening() if wrapped else ""))
            else:
                self.atom(char, depth)
        else:
            if depth:
                raise self.wrong("Unclosed group", self.position)
        self.out.append(")" * wrapped)
        self.flags = outer

    def set_flags(self, found: re.Match[str]) -> None:
        self.flags = (self.flags | set(found[1])) - set(found[2] or "")

    def opening(self) -> str:
        """A group under the flags that :mod:`re` itself looks after; the others are dealt with here."""
        return f"(?{'u' if self.flags & {'u', 'U'} else 'a'}{'i' if 'i' in self.flags else '-i'}:"

    def atom(self, char: str, depth: int) -> None:
        if char == "(":
            self.group(depth)
        elif char == "[":
            self.out.append(self.char_class())
        elif char == "\\":
            self.out.append(self.escape())
        elif char == ".":
            self.out.append(_ANY if "s" in self.flags else r"[^\n]" if "d" in self.flags else f"[^{_LINE_ENDS}]")
        elif char == "^":
            self.out.append(rf"(?:(?:\A|(?<=[{_LINE_ENDS}]))(?!\Z))" if "m" in self.flags else r"(?:\A)")
        elif char == "$":
            self.out.append(rf"(?={_ONE_LINE_END}|\Z)" if "m" in self.flags else _ANCHORS["Z"])
        elif char == "{":
            self.repetition()
        elif "x" in self.flags and (char.isspace() or char == "#"):
            self.skip_comment(char)
        else:
            self.out.append(char if char in "*+?" else re.escape(char))

    def skip_comment(self, char: str) -> None:
        while char == "#" and self.position < len(self.pattern) and self.next_char() not in "\n\r\x85\u2028\u2029":
            pass

    def repetition(self) -> None:
        found = _REPETITION.match(self.pattern, self.position - 1)
        if found is None:
            raise self.wrong("Illegal repetition", self.position - 1)
        self.out.append(found[0])
        self.position = found.end()

    def group(self, depth: int) -> None:
        start = self.position - 1
        outer = self.flags
        if found := _GROUP_NAME.match(self.pattern, start):
            opening = f"(?P<{found[1]}>"
        elif found := _FLAGS.match(self.pattern, start):
            self.set_flags(found)
            opening = self.opening()
        else:
            found = re.compile(r"\((?:\?(?:[:=!>]|<[=!]))?").match(self.pattern, start)
            assert found is not None
            opening = found[0]
            if self.pattern.startswith("?", found.end()):
                raise self.wrong("Unknown inline modifier", start + 2)
        self.position = found.end()
        self.out.append(opening)
        self.groups += opening == "(" or opening.startswith("(?P")
        self.sequence(depth + 1)
        self.out.append(")")
        self.flags = outer

    def escape(self) -> str:
        """What a backslash outside of classes means."""
        if self.take("Q"):
            return re.escape(self.quoted())
        if self.take("R"):
            return _ONE_LINE_END
        if self.take("k<"):
            name, _, _ = self.pattern[self.position :].partition(">")
            self.position += len(name) + 1
            return f"(?P={name})"
        char = self.pattern[self.position : self.position + 1]
        if char in _ANCHORS:
            self.position += 1
            return f"(?:{_ANCHORS[char]})"
        if char.isdecimal() and char != "0":
            return self.back_reference()
        members, negated = self.escaped_set()
        return f"[{'^' if negated else ''}{members}]"

    def back_reference(self) -> str:
        """The longest number that is a group's; Java takes the first digit in any case."""
        number = int(self.next_char())
        while self.pattern[self.position : self.position + 1].isdecimal():
            longer = number * 10 + int(self.pattern[self.position])
            if longer > self.groups:
                break
            number = longer
            self.position += 1
        return rf"(?:\{number})" if number <= self.groups else "(?!)"

    def quoted(self) -> str:
        text, end, _ = self.pattern[self.position :].partition(r"\E")
        self.position += len(text) + len(end)
        return text

    def escaped_set(self) -> tuple[str, bool]:
        """The characters that an escape stands for, as members of a class, and whether it means all the others."""
        if found := _PROPERTY.match(self.pattern, self.position):
            self.position = found.end()
            negated = (found[1] == "P") != found[0][1:].startswith("{^")
            return _property(found[2] or found[3]), negated
        if found := _CODES.match(self.pattern, self.position):
            self.position = found.end()
            hex_code, octal, control = found[1] or found[2] or found[3], found[4], found[5]
            code = int(hex_code, 16) if hex_code else int(octal, 8) if octal else ord(control) ^ 64
            return _member(chr(code)), False
        char = self.next_char()
        if char.lower() in _SETS:
            return _SETS[char.lower()], char.isupper()
        if char in _CHARACTERS:
            return _member(_CHARACTERS[char]), False
        if char.isascii() and char.isalnum():
            raise self.wrong("Illegal/unsupported escape sequence", self.position - 1)
        return _member(char), False

    def char_class(self) -> str:
        """A class, whose opening bracket has been read, as an expression for one character."""
        negated = self.take("^")
        start = self.position
        operands: list[list[str]] = [[]]
        members = ""
        while self.position == start or not self.take("]"):
            if self.position >= len(self.pattern):
                raise self.wrong("Unclosed character class", len(self.pattern) - 1)
            if self.take("&&"):
                operands[-1] += [f"[{members}]"] if members else []
                operands.append([])
                members = ""
            elif self.take("["):
                operands[-1].append(self.char_class())
            else:
                simple, other = self.class_item()
                members += simple
                operands[-1] += [other] if other else []
        operands[-1] += [f"[{members}]"] if members else []
        return _one_character([operand for operand in operands if operand], negated)

    def class_item(self) -> tuple[str, str]:
        """The next members of a class, or an expression for what a class of :mod:`re` can't hold."""
        char = self.next_char()
        if char == "\\":
            if self.take("Q"):
                return "".join(map(_member, self.quoted())), ""
            first, negated = self.escaped_set()
            if negated:
                return "", f"[^{first}]"
        else:
            first = _member(char)
        following = self.pattern[self.position + 1 : self.position + 2]
        if self.pattern.startswith("-", self.position) and following not in ("]", "[", "&", ""):
            self.position += 1
            last, _ = self.escaped_set() if self.take("\\") else (_member(self.next_char()), False)
            return f"{first}-{last}", ""
        return first, ""


def _one_character(operands: list[list[str]], negated: bool) -> str:
    """Intersect unions of classes; each part, and the whole, is an expression for exactly one character."""
    unions = [parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})" for parts in operands]
    if negated and len(unions) == 1 and unions[0].startswith("[") and not unions[0].startswith("[^"):
        return f"[^{unions[0][1:]}"
    whole = "".join(f"(?={union})" for union in unions[:-1]) + (unions[-1] if unions else "(?!)")
    if negated:
        return f"(?:(?!{whole}){_ANY})"
    return whole if len(unions) == 1 else f"(?:{whole})"


def _member(char: str) -> str:
    return f"\\{char}" if char in r"\[]^-&~|" else char


def _property(name: str) -> str:
    if name.removeprefix("Is") in _POSIX:
        return _POSIX[name.removeprefix("Is")]
    if name in _UNICODE:
        return _where(_UNICODE[name])
    category = re.sub(r"^(?:Is|gc=|general_category=)", "", name)
    if category in ("L1", "LC") or not re.fullmatch("[CLMNPSZ][a-z]?", category):
        raise ValueError(f"Unknown character property name {{{name}}}")
    return _where(functools.partial(_has_category, category))


def _has_category(category: str, char: str) -> bool:
    return unicodedata.category(char).startswith(category)


def _where(holds: Callable[[str], bool]) -> str:
    """The characters for which something holds, as ranges of a class."""
    codes = [code for code in range(0x110000) if holds(chr(code))]
    runs = [list(run) for _, run in groupby(enumerate(codes), lambda pair: pair[1] - pair[0])]
    return "".join(f"{_member(chr(run[0][1]))}-{_member(chr(run[-1][1]))}" for run in runs)


_REFERENCE = re.compile(r"\\(.)|\$(\d+)|\$\{([A-Za-z][A-Za-z0-9]*)\}|([^\\$]+)", re.DOTALL)

_MISSING = {"$": "Illegal group reference: group index is missing", "\\": "character to be escaped is missing"}


class JavaReplacement:
    """What a match is replaced with: ``$1`` and ``${name}`` stand for groups, a backslash takes the next as it is."""

    def __init__(self, pattern: re.Pattern[str], text: str) -> None:
        self._parts: list[str | int] = []
        self._error: str | None = None
        position = 0
        while position < len(text) and self._error is None:
            found = _REFERENCE.match(text, position)
            if found is None:
                self._error = _MISSING.get(text[position:], "Illegal group reference")
            else:
                position = found.end()
                self._add(pattern, found)

    def _add(self, pattern: re.Pattern[str], found: re.Match[str]) -> None:
        escaped, number, name, plain = found.groups()
        if number:
            # As many digits as make the number of a group; the others are text.
            length = max((n for n in range(1, len(number) + 1) if int(number[:n]) <= pattern.groups), default=0)
            if not length:
                self._error = f"No group {number[0]}"
            self._parts += [int(number[:length] or 0), number[length:]]
        elif name:
            self._parts.append(pattern.groupindex.get(name, 0))
            self._error = None if name in pattern.groupindex else f"No group with name {{{name}}}"
        else:
            self._parts.append(escaped or plain)

    def expand(self, found: re.Match[str]) -> str:
        """The text for one match. Raises DataException when the replacement names a group that doesn't exist."""
        if self._error is not None:
            raise DataException(self._error)
        return "".join([part if isinstance(part, str) else found[part] or "" for part in self._parts])


class ValidJavaRegex:
    """A regular expression of Java's."""

    def __call__(self, name: str, value: Any) -> None:
        if value is None:
            reason = 'Cannot invoke "String.isEmpty()" because "this.pattern" is null'
            raise ConfigException(name, value, f"Invalid regex: {reason}")
        try:
            compile_java_regex(value)
        except ValueError as error:
            raise ConfigException(name, value, f"Invalid regex: {error}") from None

    def __str__(self) -> str:
        return "valid regex"
