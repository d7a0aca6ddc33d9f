"""A run of ours under py-spy: where its tasks spend their time, as a flame graph and as the first few functions."""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from html import escape
from importlib import metadata
from pathlib import Path

Stacks = Counter[tuple[str, ...]]
"""How often each stack was seen, its outermost function first."""

_RATE = 400
_WIDTH, _ROW, _SMALLEST = 1200, 17, 0.004
_LOOP = "TaskRun._run_task "
_WAITING = ("Condition.wait ", "EpollSelector.select ")
"""Whoever is seen there has nothing to do; py-spy doesn't always know."""
_PROCESS = re.compile(r"process \d+:")
_COLOURS = {"connectors": "#7fb77e", "converters": "#e0a458", "transforms": "#c77dba", "connect": "#6fa8dc"}
_OTHER = "#b8b8b8"


def record(pid: int, work: Callable[[], object]) -> Stacks:
    """Let py-spy look at the process and all its children while ``work`` is done.

    Raises RuntimeError where py-spy isn't installed (the ``bench`` extra brings it) or may not look.
    """
    program = _program()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "stacks"
        command = [program, "record", "--subprocesses", "--function", "--pid", str(pid), "--rate", str(_RATE)]
        with subprocess.Popen(
            [*command, "--format", "raw", "--output", str(output)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as spy:
            assert spy.stdout is not None
            first = spy.stdout.readline()
            work()
            spy.send_signal(signal.SIGINT)
            said = first + spy.communicate()[0]
        if not output.exists():
            raise RuntimeError(f"py-spy: {said.strip()}")
        return stacks_of(output.read_text())


def _program() -> str:
    """Where the wheel has put it: not always on the path."""
    try:
        files = metadata.distribution("py-spy").files or []
    except metadata.PackageNotFoundError as error:
        raise RuntimeError("--profile needs py-spy: pip install '.[bench]'") from error
    return str(next(file for file in files if file.name == "py-spy").locate())


def stacks_of(raw: str) -> Stacks:
    """The tasks' part of py-spy's text, which has a stack and a count per line.

    Of a task's main thread what its loop calls, of other threads those with code of a connector; the worker's own
    process and threads that wait for something to do stay out.
    """
    stacks: Stacks = Counter()
    for line in raw.splitlines():
        text, _, count = line.rpartition(" ")
        frames = tuple(frame for frame in text.split(";") if not _PROCESS.match(frame))
        loop = next((index for index, frame in enumerate(frames) if frame.startswith(_LOOP)), None)
        if frames and frames[-1].startswith(_WAITING):
            continue
        if loop is not None:
            stacks[frames[loop + 1 :]] += int(count)
        elif any("(connectors/" in frame for frame in frames):
            stacks[frames] += int(count)
    return stacks


def top(stacks: Stacks, count: int = 6) -> list[tuple[str, float]]:
    """The functions in which, not in what they call, most samples were taken, with their share."""
    own: Counter[str] = Counter()
    for frames, seen in stacks.items():
        own[frames[-1] if frames else "?"] += seen
    total = sum(own.values()) or 1
    return [(name, seen / total) for name, seen in own.most_common(count)]


def drawing(stacks: Stacks, title: str) -> str:
    """The flame graph: outermost functions at the top; frames below 0.4 % are left out."""
    total = sum(stacks.values()) or 1
    rows: list[str] = []
    deepest = _draw(stacks, (0.0, 0), total, rows)
    height = (deepest + 2) * _ROW + 8
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="4" y="13">{escape(title)}: {total} samples; green: connectors, orange: converters, '
        f"purple: transforms, blue: the runtime, grey: others</text>"
    )
    return head + "".join(rows) + "</svg>\n"


def _draw(stacks: Stacks, place: tuple[float, int], total: int, rows: list[str]) -> int:
    """Draw what begins at ``place`` (x, depth), and below it what was called; the greatest depth."""
    x, depth = place
    called: dict[str, Stacks] = defaultdict(Counter)
    for frames, seen in stacks.items():
        if frames:
            called[frames[0]][frames[1:]] += seen
    deepest = depth
    for name, below in sorted(called.items()):
        share = sum(below.values()) / total
        if share >= _SMALLEST:
            rows.append(_box(x, depth + 1, share, name))
            deepest = max(deepest, _draw(below, (x, depth + 1), total, rows))
        x += share * _WIDTH
    return deepest


def _box(x: float, depth: int, share: float, name: str) -> str:
    width, y = share * _WIDTH, depth * _ROW + 2
    path = name.partition("(")[2]
    colour = next((colour for part, colour in _COLOURS.items() if path.startswith(f"{part}/")), _OTHER)
    letters = int(width / 6)
    label = escape(name if len(name) <= letters else name[: letters - 1] + "…") if letters > 3 else ""
    return (
        f'<g><title>{escape(name)} {share:.1%}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{_ROW - 1}" fill="{colour}" stroke="white" stroke-width=".5"/>'
        f'<text x="{x + 2:.1f}" y="{y + 12}">{label}</text></g>'
    )
