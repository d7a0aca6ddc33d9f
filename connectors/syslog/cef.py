"""The Common Event Format: ``CEF:version|vendor|product|version|class|name|severity|extension``."""

from __future__ import annotations

import re

from connectors.syslog.message import CefEvent

_VERSION = re.compile(r"CEF:\s?(\d{1,9})(?:\.\d+)?$")
_FIELD = r"[^|\\]*+(?:\\.[^|\\]*+)*+"
_HEADER = re.compile(rf"({_FIELD})\|" * 6 + rf"({_FIELD})(?:\|(.*))?$", re.DOTALL)
_FIELDS = 7
_KEY = re.compile(r"(?:^|\s+)([\w.\[\]-]+)=")
_ESCAPED = re.compile(r"\\([|=\\nr])")
_PLAIN = {"n": "\n", "r": "\r"}


def parse_cef(text: str) -> CefEvent | None:
    """The event that a text is; None when it is none."""
    version, *fields = _fields(text)
    number = _VERSION.match(version)
    if number is None or len(fields) < _FIELDS - 1:
        return None
    vendor, product, device_version, event_class, name, severity, *extension = fields
    values = _extension(extension[0]) if extension else {}
    return CefEvent(int(number[1]), vendor, product, device_version, event_class, name, severity, values)


def _fields(text: str) -> list[str]:
    """Version and header fields, unescaped, and the extension as it stands; fewer when it is no event."""
    if "\\" not in text:
        head = text.split("|", _FIELDS)
        return [*map(str.strip, head[:_FIELDS]), *head[_FIELDS:]]
    found = _HEADER.match(text)
    if found is None:
        return [""]
    *head, extension = found.groups()
    return [*(_unescaped(field).strip() for field in head), *([] if extension is None else [extension])]


def _extension(text: str) -> dict[str, str]:
    """Each value runs to the next ``key=``."""
    _, *parts = _KEY.split(text.rstrip())
    values = parts[1::2]
    if "\\" in text:
        values = list(map(_unescaped, values))
    return dict(zip(parts[::2], map(str.strip, values), strict=True))


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), text)
