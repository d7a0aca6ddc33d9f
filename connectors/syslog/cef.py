"""The Common Event Format: ``CEF:version|vendor|product|version|class|name|severity|extension``."""

from __future__ import annotations

import re

from connectors.syslog.message import CefEvent

_FIELD = r"((?:[^|\\]++|\\.)*+)"
_EVENT = re.compile(
    rf"CEF:\s?(\d{{1,9}})(?:\.\d+)?\|{_FIELD}\|{_FIELD}\|{_FIELD}\|{_FIELD}\|{_FIELD}\|{_FIELD}(?:\|(.*))?$", re.DOTALL
)
_KEY = re.compile(r"(?:^|\s)([\w.\[\]-]+)=")
_ESCAPED = re.compile(r"\\([|=\\nr])")
_PLAIN = {"n": "\n", "r": "\r"}


def parse_cef(text: str) -> CefEvent | None:
    """The event that a text is; None when it is none."""
    found = _EVENT.match(text)
    if found is None:
        return None
    vendor, product, version, event_class, name, severity = (_unescaped(field).strip() for field in found.groups()[1:7])
    extension = _extension(found[8] or "")
    return CefEvent(int(found[1]), vendor, product, version, event_class, name, severity, extension)


def _extension(text: str) -> dict[str, str]:
    """Each value runs to the next ``key=``."""
    keys = list(_KEY.finditer(text))
    ends = [key.start() for key in keys[1:]] + [len(text)]
    return {key[1]: _unescaped(text[key.end() : end].strip()) for key, end in zip(keys, ends, strict=True)}


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: _PLAIN.get(found[1], found[1]), text)
