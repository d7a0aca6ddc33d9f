"""Two kinds of plots, as text: lines over time, and ratios with their spread on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.figures import Spread, number

Point = tuple[float, float]
_COLOURS = ("#2f6db3", "#d9822b", "#5b9c5a", "#9b59b6")
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 30, 40
_WIDTH, _HEIGHT = 640, 260
_ROW = 22
_LABEL = 250


def lines(title: str, series: Mapping[str, Sequence[Point]], x_label: str, y_label: str) -> str:
    """Curves with a common scale that begins at 0."""
    right = max((x for points in series.values() for x, _ in points), default=1) or 1
    top = max((y for points in series.values() for _, y in points), default=1) * 1.08 or 1
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(point: Point) -> Point:
        return _LEFT + point[0] / right * width, _TOP + height * (1 - point[1] / top)

    parts = [_text(_WIDTH / 2, 18, title, "middle", size=13)]
    for value in ticks(top):
        y = place((0, value))[1]
        parts += [_line(_LEFT, y, _WIDTH - _RIGHT, y), _text(_LEFT - 6, y + 4, number(value), "end")]
    for value in ticks(right):
        x = place((value, 0))[0]
        parts += [_line(x, _TOP + height, x, _TOP + height + 4), _text(x, _HEIGHT - 22, number(value), "middle")]
    parts += [_text(_WIDTH / 2, _HEIGHT - 6, x_label, "middle"), _text(4, 18, y_label, "start")]
    for index, (name, points) in enumerate(series.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"/>')
        parts.append(_text(_WIDTH - _RIGHT - 60 * index, 18, name, "end", colour=colour))
    return _drawing(_WIDTH, _HEIGHT, parts)


def ratios(title: str, rows: Sequence[tuple[str, Spread, Spread | None]], goal: float) -> str:
    """Per row: its name, the ratio with its range, and in grey the range of the control around 1."""
    height = _TOP + _ROW * len(rows) + _BOTTOM
    shown = [goal, 1.0, *(value for _, ratio, _ in rows for value in (ratio.low, ratio.high))]
    low, high = math.log10(min(shown)) - 0.08, math.log10(max(shown)) + 0.08
    scale = (_WIDTH - _LABEL - 90) / (high - low)

    def place(value: float) -> float:
        return _LABEL + (math.log10(min(max(value, 10**low), 10**high)) - low) * scale

    parts = [_text(_WIDTH / 2, 18, title, "middle", size=13)]
    bottom = height - _BOTTOM
    for value, colour in ((1.0, "#888"), (goal, "#5b9c5a")):
        parts += [_line(place(value), _TOP, place(value), bottom, colour)]
        parts += [_text(place(value), bottom + 16, number(value), "middle", colour=colour)]
    for index, (name, ratio, control) in enumerate(rows):
        y = _TOP + _ROW * index + _ROW / 2
        parts.append(_text(_LABEL - 8, y + 4, name, "end"))
        if control is not None:
            parts.append(_line(place(control.low), y + 6, place(control.high), y + 6, "#aaa", 3))
        parts.append(_line(place(ratio.low), y, place(ratio.high), y, _COLOURS[0], 2))
        parts.append(f'<circle cx="{place(ratio.median):.1f}" cy="{y}" r="4" fill="{_COLOURS[0]}"/>')
        parts.append(_text(_WIDTH - 8, y + 4, number(ratio.median), "end"))
    parts.append(_text(_WIDTH / 2, height - 6, "dot: median, line: range; grey: ours against ours", "middle"))
    return _drawing(_WIDTH, height, parts)


def ticks(top: float) -> list[float]:
    """Four to ten round numbers from 0 up to ``top``."""
    step = 10.0 ** math.floor(math.log10(top / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if top / (step * factor) <= 6)
    return [step * index for index in range(int(top / step) + 1)]


def _drawing(width: float, height: float, parts: Sequence[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])


def _text(x: float, y: float, text: str, anchor: str, *, size: int = 11, colour: str = "#333") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = "#ddd", width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'
