"""Texts that match a regular expression."""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from random import Random

from connect.api import DataException

Texts = Callable[[Random, int], list[str]]

_PRINTABLE = "".join(map(chr, range(32, 127)))
_WORD = string.ascii_letters + string.digits + "_"
_CLASSES = {
    "d": string.digits,
    "w": _WORD,
    "s": " ",
    "D": "".join(sorted(set(_PRINTABLE) - set(string.digits))),
    "W": "".join(sorted(set(_PRINTABLE) - set(_WORD))),
    "S": _PRINTABLE[1:],
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_MOST_REPEATS = 10
"""How often at most something is repeated for which the expression knows no limit."""
_FEW = 4096
"""Up to how many different texts are listed once, and then only chosen from."""


def texts_of(pattern: str) -> Texts:
    """What makes so many texts that match ``pattern``. Raises DataException for what isn't supported.

    Supported are literals, ``.``, classes, ``\\d \\w \\s`` and their opposites, groups, ``|``, ``? * + {m,n}``.
    """
    try:
        node = _Parser(pattern.removeprefix("^").removesuffix("$")).parse()
    except (IndexError, ValueError) as error:
        raise DataException(f"The regular expression {pattern!r} can't be used to make text: {error}") from error
    listed = node.listed()
    if listed is not None:
        return lambda rng, size: rng.choices(listed, k=size)
    return lambda rng, size: [node.make(rng) for _ in range(size)]


class _Node:
    """A part of the expression: ``make`` gives one text, ``listed`` all of them unless there are too many."""

    def make(self, rng: Random) -> str:
        raise NotImplementedError

    def listed(self) -> list[str] | None:
        raise NotImplementedError


class _OneOf(_Node):
    def __init__(self, characters: Sequence[str]) -> None:
        if not characters:
            raise ValueError("a class without characters")
        self._characters = list(characters)

    def make(self, rng: Random) -> str:
        return rng.choice(self._characters)

    def listed(self) -> list[str] | None:
        return self._characters


class _Sequence(_Node):
    def __init__(self, parts: list[_Node]) -> None:
        self._parts = parts

    def make(self, rng: Random) -> str:
        return "".join([part.make(rng) for part in self._parts])

    def listed(self) -> list[str] | None:
        found = [""]
        for part in self._parts:
            more = part.listed()
            if more is None or len(found) * len(more) > _FEW:
                return None
            found = ["".join(pair) for pair in product(found, more)]
        return found


class _Choice(_Node):
    def __init__(self, branches: list[_Node]) -> None:
        self._branches = branches

    def make(self, rng: Random) -> str:
        return rng.choice(self._branches).make(rng)

    def listed(self) -> list[str] | None:
        lists = [branch.listed() for branch in self._branches]
        found = [text for texts in lists if texts is not None for text in texts]
        return None if None in lists or len(found) > _FEW else found


class _Repeat(_Node):
    def __init__(self, part: _Node, least: int, most: int) -> None:
        if most < least:
            raise ValueError(f"{{{least},{most}}} is no range")
        self._part, self._least, self._most = part, least, most

    def make(self, rng: Random) -> str:
        return "".join([self._part.make(rng) for _ in range(rng.randint(self._least, self._most))])

    def listed(self) -> list[str] | None:
        return _Choice(
            [_Sequence([self._part] * count) for count in range(self._least, min(self._most, self._least + 64) + 1)]
        ).listed()


class _Parser:
    """Reads an expression from left to right; IndexError at an early end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def parse(self) -> _Node:
        node = self._choice()
        if self._place < len(self._text):
            raise ValueError(f"unexpected {self._text[self._place]!r}")
        return node

    def _next(self) -> str:
        self._place += 1
        return self._text[self._place - 1]

    def _sees(self, characters: str) -> bool:
        return self._place < len(self._text) and self._text[self._place] in characters

    def _choice(self) -> _Node:
        branches = [self._sequence()]
        while self._sees("|"):
            self._next()
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else _Choice(branches)

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._place < len(self._text) and not self._sees("|)"):
            parts.append(self._repeated(self._atom()))
        return _Sequence(parts)

    def _atom(self) -> _Node:
        char = self._next()
        match char:
            case "(":
                if self._sees("?"):
                    self._next()
                    if self._next() != ":":
                        raise ValueError("only plain groups are supported")
                inner = self._choice()
                if self._next() != ")":
                    raise ValueError("a group without end")
                return inner
            case "[":
                return self._class()
            case ".":
                return _OneOf(_PRINTABLE)
            case "\\":
                return _OneOf(self._escaped())
            case "*" | "+" | "?" | "{":
                raise ValueError(f"{char!r} repeats nothing")
            case _:
                return _OneOf(char)

    def _escaped(self) -> str:
        char = self._next()
        return _CLASSES.get(char) or _CONTROLS.get(char, char)

    def _repeated(self, part: _Node) -> _Node:
        make = partial(_Repeat, part)
        while self._sees("*+?{"):
            match self._next():
                case "*":
                    part = make(0, _MOST_REPEATS)
                case "+":
                    part = make(1, _MOST_REPEATS)
                case "?":
                    part = make(0, 1)
                case _:
                    end = self._text.index("}", self._place)
                    least, comma, most = self._text[self._place : end].partition(",")
                    self._place = end + 1
                    highest = int(most) if most else int(least) + _MOST_REPEATS * bool(comma)
                    part = make(int(least), highest)
            make = partial(_Repeat, part)
        return part

    def _class(self) -> _Node:
        negated = self._sees("^")
        if negated:
            self._next()
        found: list[str] = []
        while not self._sees("]") or not found:
            char = self._next()
            if char == "-" and found and not self._sees("]"):
                found += map(chr, range(ord(found[-1]) + 1, ord(self._next()) + 1))
            else:
                found += self._escaped() if char == "\\" else char
        self._next()
        if negated:
            return _OneOf([char for char in _PRINTABLE if char not in found])
        return _OneOf(list(dict.fromkeys(found)))
