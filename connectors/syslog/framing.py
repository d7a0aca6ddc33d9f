"""Where messages end in a stream of bytes: by octet count, line break or NUL (RFC 6587)."""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

_COUNT = re.compile(rb"[\r\n\0]*([1-9]\d{0,8}) ")
_BEGUN_COUNT = re.compile(rb"[\r\n\0]*(?:[1-9]\d{0,8})?")
_COUNTED = re.compile(rb"[1-9]\d{0,8} (?:<|CEF:)")
_SHOWN = 20
"""Bytes of a stream that are shown in an error."""


class Framing(enum.Enum):
    """How messages are told apart. AUTO: by the first bytes of each connection."""

    AUTO = "auto"
    OCTET_COUNT = "octet-count"
    LF = "lf"
    NUL = "nul"


class FramingError(Exception):
    """The stream can't be read any further."""


class Frames(NamedTuple):
    """Complete messages, and the indexes of those that were cut to the longest length."""

    messages: list[bytes]
    cut: frozenset[int] = frozenset()


_NONE = Frames([])


class Framer:
    """Cuts the stream of one connection. Messages longer than ``longest`` bytes are cut, their rest is skipped."""

    def __init__(self, framing: Framing, longest: int) -> None:
        self.framing = framing
        self._longest = longest
        self._rest = b""
        self._skip = 0
        self._skipping = False

    def feed(self, portion: bytes) -> Frames:
        """The messages that are complete now. Raises FramingError."""
        data = self._rest + portion if self._rest else portion
        self._rest = b""
        if self.framing is Framing.AUTO:
            detected = _detect(data)
            if detected is None:
                self._rest = data
                return _NONE
            self.framing = detected
        if self.framing is Framing.OCTET_COUNT:
            return self._counted(data)
        return self._delimited(data, b"\n" if self.framing is Framing.LF else b"\0")

    def finish(self) -> Frames:
        """What is left when the sender has closed the connection: a last message without its delimiter."""
        rest, self._rest = self._rest, b""
        if self.framing is Framing.OCTET_COUNT or self._skipping:
            return _NONE  # a part of a counted message is none
        last = rest.rstrip(b"\r\n\0")
        return Frames([last]) if last else _NONE

    def _delimited(self, data: bytes, delimiter: bytes) -> Frames:
        parts = data.split(delimiter)
        last = parts.pop()
        if self._skipping and parts:
            del parts[0]
            self._skipping = False
        elif self._skipping:
            return _NONE
        if b"\r" in data or (b"\0" in data and b"\n" in data):
            parts = [part.strip(b"\r\n\0") for part in parts]
        messages = list(filter(None, parts))
        cut = frozenset[int]()
        if messages and max(map(len, messages)) > self._longest:
            cut = frozenset(i for i, message in enumerate(messages) if len(message) > self._longest)
            messages = [message[: self._longest] for message in messages]
        if len(last) > self._longest:
            messages.append(last[: self._longest])
            cut |= {len(messages) - 1}
            self._skipping = True
        else:
            self._rest = last
        return Frames(messages, cut)

    def _counted(self, data: bytes) -> Frames:
        messages: list[bytes] = []
        cut: list[int] = []
        size = len(data)
        at = min(self._skip, size)
        self._skip -= at
        while (found := _length(data, at)) is not None:
            start, length = found.end(), int(found[1])
            if start + min(length, self._longest) > size:
                break
            if length > self._longest:
                cut.append(len(messages))
            messages.append(data[start : start + min(length, self._longest)])
            at = start + length
        self._skip += max(0, at - size)
        self._rest = data[at:]
        if b"\n" in data or b"\0" in data:  # some senders count their messages and end them too
            messages = [message.rstrip(b"\r\n\0") for message in messages]
        return Frames(messages, frozenset(cut))


def _length(data: bytes, at: int) -> re.Match[bytes] | None:
    """The length at that place; None when not all of it is there. Raises FramingError when something else is."""
    found = _COUNT.match(data, at)
    if found is None and len(data) > at and not _BEGUN_COUNT.fullmatch(data, at):
        raise FramingError(f"expected the length of a message but found {data[at : at + _SHOWN]!r}")
    return found


def _detect(data: bytes) -> Framing | None:
    """The framing of a stream that begins so; None when more of it must be seen."""
    if _COUNTED.match(data):
        return Framing.OCTET_COUNT
    line, nul = data.find(b"\n"), data.find(b"\0")
    if nul >= 0 and (line < 0 or nul < line or data[line + 1 : line + 2] != b"<"):
        return Framing.NUL
    return Framing.LF if line >= 0 or len(data) >= _DECIDED else None


_DECIDED = 4096
"""A stream without any delimiter in so many bytes counts as lines."""
