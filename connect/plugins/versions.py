"""Versions of plugins and ranges of them, as Maven orders and writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from connect.api import ConfigException

LATEST = "latest"
_TOKEN = re.compile(r"\d+|[a-z]+")
_QUALIFIERS = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "milestone": 2, "m": 2, "rc": 3, "cr": 3, "snapshot": 4}
_RELEASE, _SERVICE_PACK, _OTHER, _NUMBER = 5, 6, 7, 8
_ZERO = (_NUMBER, 0, "")
_RELEASE_WORDS = ("ga", "final", "release")
_PART = re.compile(r"([\[(])([^\[\](),]*)(?:(,)([^\[\](),]*))?([\])])")


@total_ordering
class Version:
    """A version that can be compared: ``1.0-rc1 < 1.0 = 1.0.0 < 1.0.1 < 1.1``."""

    def __init__(self, text: str) -> None:
        self.text = text
        ranks: list[tuple[int, int, str]] = []
        for word in (*_TOKEN.findall(text.lower()), "release"):
            rank = _rank(word)
            while rank[0] != _NUMBER and ranks and ranks[-1] in (_ZERO, _rank("release")):
                ranks.pop()
            ranks.append(rank)
        self._ranks = tuple(ranks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._ranks == other._ranks

    def __lt__(self, other: Version) -> bool:
        return self._ranks < other._ranks

    def __hash__(self) -> int:
        return hash(self._ranks)

    def __str__(self) -> str:
        return self.text


def _rank(word: str) -> tuple[int, int, str]:
    if word.isdigit():
        return _NUMBER, int(word), ""
    if word in _RELEASE_WORDS:
        return _RELEASE, 0, ""
    if word == "sp":
        return _SERVICE_PACK, 0, ""
    return (_QUALIFIERS[word], 0, "") if word in _QUALIFIERS else (_OTHER, 0, word)


@dataclass(frozen=True, slots=True)
class _Interval:
    lower: str
    upper: str
    includes_lower: bool
    includes_upper: bool

    def contains(self, version: Version) -> bool:
        if self.lower and (
            version < Version(self.lower) or (version == Version(self.lower) and not self.includes_lower)
        ):
            return False
        return not (
            self.upper
            and (version > Version(self.upper) or (version == Version(self.upper) and not self.includes_upper))
        )

    def __str__(self) -> str:
        return f"{'[' if self.includes_lower else '('}{self.lower},{self.upper}{']' if self.includes_upper else ')'}"


@dataclass(frozen=True, slots=True)
class VersionRange:
    """What ``*.plugin.version`` may ask for: a version alone means exactly that one."""

    intervals: tuple[_Interval, ...]

    def contains(self, version: str) -> bool:
        """Whether that version will do. The range ``[]`` contains nothing."""
        return any(interval.contains(Version(version)) for interval in self.intervals if interval != _NOTHING)

    def __str__(self) -> str:
        return ",".join(map(str, self.intervals))


_NOTHING = _Interval("", "", True, True)


def parse_range(text: str | None) -> VersionRange | None:
    """The range of a requirement; None, any version, for none and for ``latest``. Raises ConfigException."""
    if text is None or text.strip().lower() == LATEST:
        return None
    spec = text.strip()
    if not spec.startswith(("[", "(")):
        return VersionRange((_Interval(spec, spec, True, True),))
    intervals = []
    at = 0
    while at < len(spec):
        found = _PART.match(spec, at)
        if found is None:
            raise ConfigException(f"Unbounded range: {text}")
        opening, lower, comma, upper, closing = found.groups()
        bound = upper if comma else lower
        intervals.append(_Interval(lower.strip(), bound.strip(), opening == "[", closing == "]"))
        at = found.end()
        if spec[at : at + 1] == ",":
            at += 1
    return VersionRange(tuple(intervals))


def is_range(text: str | None) -> bool:
    """Whether ``parse_range`` can read it."""
    try:
        parse_range(text)
    except ConfigException:
        return False
    return True
