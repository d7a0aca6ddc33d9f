"""From the text of a syslog message to its parts; the format is detected message by message.

The quick ways, for messages that follow RFC 5424 or RFC 3164, come first. What they don't take is read leniently, as
many devices write more, or less, than the RFCs say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.syslog.cef import parse_cef
from connectors.syslog.dates import ZONE_HOURS, Dates
from connectors.syslog.message import CEF, PRIORITIES, RFC3164, RFC5424, UNKNOWN, Message
from connectors.syslog.structured import split_structured

_VERSIONS = range(1, 10)
_HEADS = {
    f"<{text}>{version}": (facility, level, version)
    for text, (facility, level) in PRIORITIES.items()
    for version in _VERSIONS
}
_BOM = "\ufeff"
_SHORT_DATE = len("Jan  5 15:33:03")
_NO_PRIORITY = (None, None)

_HOST_AND_TAG = re.compile(
    r"(?!\d{4} )([^\s\[\]:]++|[\da-fA-F.]*:[\da-fA-F.:]++(?<!:)) ([^\s\[\]:]++)(?:\[([^\]\s]*+)\])?: (.*)", re.DOTALL
)
_TAG = re.compile(r"([^\s\[\]:]{1,128}+)(?:\[([^\]\s]{0,128})\]:?|:(?=\s|$))[^\S\n]?(.*)", re.DOTALL)
_PREFIX = re.compile(r"(?:(\d{1,10}): )?(?:([A-Za-z\d][\w.-]*|[\da-fA-F:.]+): (?:(?:\d{1,10}): )?)?:?\s?[*.]?")
"""What Cisco's devices write before the date: a sequence number, their name, and a mark for an unset clock."""

_new: Callable[..., Message] = tuple.__new__  # half the time of calling Message


class Parser:
    """Parses texts. ``cef_time_key``: the key of a CEF extension that holds an event's time; empty: its header has."""

    def __init__(self, dates: Dates, cef_time_key: str = "") -> None:
        self._dates = dates
        self._cef_time_key = cef_time_key

    def parse(self, text: str) -> Message:
        """The parts of a message; of type UNKNOWN, perhaps with facility and level, when it follows no format."""
        parts = text.split(" ", 6)
        head = _HEADS.get(parts[0])
        if head is not None and len(parts) > 5:
            message = self._rfc5424(head, parts, text)
            if message is not None:
                return message
        return self._rfc3164(text)

    def _rfc5424(self, head: tuple[int, int, int], parts: list[str], text: str) -> Message | None:
        date, host, app, process, message_id = parts[1:6]
        millis = self._dates.iso(date)
        if millis is None and date != "-":
            return None
        data, rest = split_structured(parts[6]) if len(parts) > 6 else (None, "")
        rest = rest.lstrip(" ").removeprefix(_BOM)  # rsyslog leaves a blank of its own before the text
        message = _new(
            Message,
            (
                *(RFC5424, head[0], head[1], millis, None if host == "-" else host, rest or None, None),
                *(None if process == "-" else process, head[2], None if app == "-" else app),
                *(None if message_id == "-" else message_id, data, None, text[len(parts[0]) + len(date) + 2 :]),
            ),
        )
        return self._cef(message, rest) if rest.startswith("CEF:") else message

    def _rfc3164(self, text: str) -> Message:
        (facility, level), start = _priority(text)
        end = start + _SHORT_DATE
        millis = self._dates.short(text[start:end]) if text[end : end + 1] == " " else None
        if millis is not None:
            header = text[end + 1 :]
            host, _, rest = header.partition(" ")
            if rest.startswith("CEF:"):
                return self._cef(Message(RFC3164, facility, level, millis, host, rest, header=header), rest)
            found = _HOST_AND_TAG.match(header)
            if found is not None and host not in ZONE_HOURS and "CEF:" not in header:
                host, tag, process, rest = found.groups()
                return _new(
                    Message,
                    (RFC3164, facility, level, millis, host, rest, tag, process, None, None, None, None, None, header),
                )
        return self._lenient(text[start:], facility, level)

    def _lenient(self, text: str, facility: int | None, level: int | None) -> Message:
        prefix = _PREFIX.match(text)
        assert prefix is not None  # all of it is optional
        origin, rest = prefix[2], text[prefix.end() :]
        date = self._dates.start(rest)
        if date is None and prefix.end():
            origin, rest = None, text
            date = self._dates.start(text)
        if date is None:
            return self._dateless(text, facility, level)
        millis, end = date
        rest = rest[end:]
        bare = rest.startswith(":")
        header = rest.lstrip(": ")
        host, remainder = (origin, header) if bare or origin else _split_host(header)
        return self._made(Message(RFC3164, facility, level, millis, host, header=header), remainder)

    def _dateless(self, text: str, facility: int | None, level: int | None) -> Message:
        """Some programs and devices leave date and host to whoever receives their messages."""
        if text.startswith("CEF:"):
            return self._cef(Message(UNKNOWN, facility, level, header=text), text)
        numbered = re.match(r"\d{1,10}: (?=%)", text)
        rest = text[numbered.end() :] if numbered else text
        if facility is None or not _TAG.match(rest):
            return Message(UNKNOWN, facility, level, header=text)
        return self._made(Message(RFC3164, facility, level, header=text), rest)

    def _made(self, message: Message, text: str) -> Message:
        """The message with tag and process id taken from the beginning of its text."""
        event = text.find("CEF:")
        if event >= 0 and (event == 0 or text[:event].endswith((" ", ":"))):
            made = self._cef(message, text[event:])
            if made.cef is not None:
                return made
        found = _TAG.match(text)
        if found is None:
            return message._replace(message=text)
        tag, process, rest = found.groups()
        return message._replace(tag=tag, process_id=process, message=rest)

    def _cef(self, message: Message, text: str) -> Message:
        event = parse_cef(text)
        if event is None:
            return message
        millis = message.millis
        if self._cef_time_key:
            millis = self._cef_time(event.extension.get(self._cef_time_key, ""), millis)
        return message._replace(type=CEF, cef=event, millis=millis, message=None, version=event.version, tag=None)

    def _cef_time(self, text: str, otherwise: int | None) -> int | None:
        if text.isascii() and text.isdigit() and len(text) <= 15:
            return int(text)
        found = self._dates.start(text)
        return otherwise if found is None else found[0]


def _priority(text: str) -> tuple[tuple[int | None, int | None], int]:
    """Facility and level, and where the text goes on."""
    if not text.startswith("<"):
        return _NO_PRIORITY, 0
    end = text.find(">", 1, 6)
    found = PRIORITIES.get(text[1:end]) if end > 0 else None
    return (_NO_PRIORITY, 0) if found is None else (found, end + 1)


def _split_host(text: str) -> tuple[str | None, str]:
    """The host that a text without date begins with, and the rest. A word that looks like a tag is none."""
    host, _, rest = text.partition(" ")
    rest = rest.lstrip()
    if rest.startswith(":"):  # "fw01 : %ASA-6-..."
        rest = rest[1:].lstrip()
    elif host.endswith(":") and rest.startswith("%"):
        host = host[:-1]
    if not rest or "[" in host or host.endswith(":") or host.startswith(("CEF:", "%")):
        return None, text
    return host, rest
