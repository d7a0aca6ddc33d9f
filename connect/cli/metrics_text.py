"""Reads the text in which ``GET /metrics`` answers."""

from __future__ import annotations

import re

_LINE = re.compile(
    r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<tags>.*)\})? (?P<value>[-+]?(?:[\d.]+(?:[eE][-+]?\d+)?|NaN|Inf))"
)
_TAG = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")

Metrics = dict[str, list[tuple[dict[str, str], float]]]
"""By name: the tags of each figure, and the figure."""


def parse_metrics(text: str) -> Metrics:
    """All figures; comments and what is not understood are left out."""
    found: Metrics = {}
    for line in text.splitlines():
        match = None if line.startswith("#") else _LINE.fullmatch(line)
        if match is not None:
            tags = {name: _unescape(value) for name, value in _TAG.findall(match["tags"] or "")}
            found.setdefault(match["name"], []).append((tags, float(match["value"])))
    return found


def _unescape(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] == "n" else match[1], value)
