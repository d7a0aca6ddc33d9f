"""What a parsed syslog message is, whatever its format was."""

from __future__ import annotations

from typing import NamedTuple

RFC3164, RFC5424, CEF, UNKNOWN = "RFC3164", "RFC5424", "CEF", "UNKNOWN"

Element = tuple[str, dict[str, str]]
"""An element of structured data: its id and its parameters."""

PRIORITIES: dict[str, tuple[int, int]] = {
    text: (number >> 3, number & 7) for number in range(192) for text in {str(number), f"{number:02}", f"{number:03}"}
}
"""Facility and level by the text between ``<`` and ``>``."""


class CefEvent(NamedTuple):
    """The part of a message that is in the Common Event Format."""

    version: int
    vendor: str
    product: str
    device_version: str
    event_class: str
    name: str
    severity: str
    extension: dict[str, str]


class Message(NamedTuple):
    """A message's parts; None where it has none. ``millis``: its own time since the epoch."""

    type: str
    facility: int | None = None
    level: int | None = None
    millis: int | None = None
    host: str | None = None
    message: str | None = None
    tag: str | None = None
    process_id: str | None = None
    version: int | None = None
    app_name: str | None = None
    message_id: str | None = None
    structured_data: list[Element] | None = None
    cef: CefEvent | None = None
    header: str | None = None
    """All that follows the date: host, tag and text as they stood."""
