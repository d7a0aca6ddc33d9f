"""RESULTS.md and its plots, written anew from the recorded results."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks import svg
from benchmarks.case import Case, Measured, Table
from benchmarks.figures import CPU, PEAK, PSS, RATE, Figures, Spread, number, ratios, spread, values_of
from benchmarks.observer import LIBRDKAFKA, PYTHON_CODE
from benchmarks.store import FOLDER, Result, Store

REPORT = Path(__file__).parent / "RESULTS.md"
GOALS = {RATE: 2.5, CPU: 1 / 3, PEAK: 1 / 8}
"""Where we want to be beside Java; where the server is the limit, CPU and memory count."""
_OF_SIZE = re.compile(rf"(\d+) connectors: {PSS}")
_BUSY = 0.85
"""The part of a processor, or of all, from which on it is what bounds a case."""
_QUIET = 0.5
"""The load before a run above which somebody else worked, too."""


def write(store: Store, cases: Sequence[Case | Table], report: Path = REPORT, folder: Path = FOLDER) -> None:
    """Write the report and its plots; cases without results are left out."""
    found = [(case, store.cases[case.name]) for case in cases if case.name in store.cases]
    folder.mkdir(exist_ok=True)
    for figure, name in ((RATE, "rates"), (CPU, "cpu"), (PEAK, "memory")):
        picture = _ratio_plot(figure, found)
        if picture:
            (folder / f"ratios-{name}.svg").write_text(picture)
    for case, result in found:
        if result.memory:
            picture = svg.lines(f"{case.name}: memory", result.memory, "seconds", "PSS MB")
            (folder / f"memory-{case.name}.svg").write_text(picture)
        elif curves := by_size(result):
            picture = svg.lines(f"{case.name}: memory", curves, "connectors", "PSS MB")
            (folder / f"memory-{case.name}.svg").write_text(picture)
    usual = _usual_machine(found)
    sections = [_section(case, result, usual) for case, result in found]
    parts = [_INTRODUCTION, f"Measured on {usual}, where a case doesn't say otherwise.", _overview(found, folder)]
    report.write_text("\n\n".join([*parts, *sections]) + "\n")


def console(case: Case | Table, result: Result) -> str:
    """What is said after a case has run."""
    return "\n".join(["", case.name, _body(case, result), *_pictures(case, result), ""])


def _usual_machine(found: Sequence[tuple[Case | Table, Result]]) -> str:
    return Counter(result.machine for _, result in found).most_common(1)[0][0]


def _section(case: Case | Table, result: Result, usual: str) -> str:
    size = f" · {result.records:,} records" if result.records else ""
    runs = f" · {result.pairs} pairs" if result.pairs else ""
    busy = f" · **load of {result.load:.1f} before it: not alone on the machine**" if result.load > _QUIET else ""
    took = f" · took {result.seconds:.0f} s" if result.seconds else ""
    where = f" · {result.machine}" if result.machine != usual else ""
    head = f"## {case.name}\n\n{case.about}\n\n{result.date}{size}{runs}{took}{busy}{where}"
    parts = [head, result.note, _body(case, result), *_pictures(case, result)]
    return "\n\n".join(part for part in parts if part)


def _body(case: Case | Table, result: Result) -> str:
    if isinstance(case, Table):
        return lines_table(result.lines)
    return "\n\n".join(part for part in (table(result), what_bounds(case, result)) if part)


def table(result: Result) -> str:
    """Per figure: both medians with their range, the median ratio of the pairs, and that of ours with itself."""
    lines = ["| figure | Python | Java | Python / Java | A/A |", "|---|---|---|---|---|"]
    for name in result.ours[0]:
        cells = (
            spread(values_of(result.ours, name)),
            spread(values_of(result.java, name)),
            spread(ratios(result.ours, result.java, name)),
            spread(ratios(result.ours, result.control, name)),
        )
        lines.append(f"| {name} | {' | '.join('-' if cell is None else str(cell) for cell in cells)} |")
    return "\n".join(lines)


def lines_table(lines: Sequence[Measured]) -> str:
    """Per line: microseconds per record of both, and their ratio."""
    rows = ["| what | kind | Python, µs | Java, µs | Python / Java |", "|---|---|---|---|---|"]
    for name, kind, ours, theirs in lines:
        compared = "- | -" if theirs is None else f"{theirs:.3f} | {ours / theirs:.2f}"
        rows.append(f"| {name} | {kind} | {ours:.3f} | {compared} |")
    return "\n".join(rows)


def what_bounds(case: Case, result: Result) -> str:
    """A paragraph: whose the CPU time was, what that says, and how near a client alone comes to the same bytes."""
    sentences = []
    if result.cpu:
        seconds = 1e6 / result.observed[RATE]
        used = ", ".join(f"{part} {spent:.2g}" for part, spent in result.cpu.items() if spent >= 0.005)
        sentences.append(f"What bounds it: a million records took {seconds:.2f} s; CPU seconds in that time: {used}.")
        sentences.append(verdict(result.cpu, seconds, os.cpu_count() or 1))
    sentences.append(case.bound)
    rate = spread(values_of(result.ours, RATE))
    for name, limit in result.limits.items():
        if rate is not None:
            part = f"ours reaches {rate.median / limit[RATE]:.0%} of that rate"
            sentences.append(f"{name[0].upper()}{name[1:]}: {number(limit[RATE])} records/s, {part}.")
    return " ".join(sentence for sentence in sentences if sentence)


def verdict(cpu: Figures, seconds: float, processors: int) -> str:
    """What CPU seconds by part say about a run of so many seconds."""
    total = sum(cpu.values()) / seconds
    python = cpu.get(PYTHON_CODE, 0.0) / seconds
    most = max(cpu, key=lambda part: cpu[part])
    if python >= _BUSY:
        return f"Python code in the tasks was busy {python:.0%} of the time: it is the limit."
    if total >= _BUSY * processors:
        return f"All {processors} processors were busy ({total:.1f}), most of it {most}: the machine is the limit."
    client = cpu.get(LIBRDKAFKA, 0.0) / seconds
    return (
        f"{total:.1f} of {processors} processors were busy, tasks' Python {python:.0%} and librdkafka {client:.0%} of "
        "one: the rest is waiting, for the start of the connector, for each other or for what else runs on the machine."
    )


def _pictures(case: Case | Table, result: Result) -> list[str]:
    pictures = [f"![memory](results/memory-{case.name}.svg)"] if result.memory or by_size(result) else []
    if result.profile is not None:
        top = ", ".join(f"`{name}` {share:.0%}" for name, share in result.profile.top)
        pictures.append(f"[Flame graph](results/{result.profile.picture}); most time is spent in {top}.")
    return pictures


def by_size(result: Result) -> dict[str, list[tuple[float, float]]]:
    """Memory by the number of connectors, of both, where a case has figures of several numbers."""
    curves = {}
    for side, runs in (("ours", result.ours), ("java", result.java)):
        found = [(_OF_SIZE.fullmatch(name), value) for name, value in (runs[0] if runs else {}).items()]
        if points := [(float(match[1]), value) for match, value in found if match]:
            curves[side] = points
    return curves


def _compared(figure: str, found: Sequence[tuple[Case | Table, Result]]) -> list[tuple[str, Spread, Spread | None]]:
    rows = []
    for case, result in found:
        ratio = spread(ratios(result.ours, result.java, figure))
        if ratio is not None:
            rows.append((case.name, ratio, spread(ratios(result.ours, result.control, figure))))
    return rows


def _ratio_plot(figure: str, found: Sequence[tuple[Case | Table, Result]]) -> str:
    rows = _compared(figure, found)
    return svg.ratios(f"{figure}: Python / Java, goal {number(GOALS[figure])}", rows, GOALS[figure]) if rows else ""


def _overview(found: Sequence[tuple[Case | Table, Result]], folder: Path) -> str:
    rows = ["| case | records/s | CPU per record | peak memory | PSS | A/A of records/s |", "|---|---|---|---|---|---|"]
    for case, result in found:
        shown = [spread(ratios(result.ours, result.java, figure)) for figure in (RATE, CPU, PEAK, PSS)]
        if any(shown):
            cells = [*shown, spread(ratios(result.ours, result.control, RATE))]
            anchor = f"[{case.name}](#{case.name})"
            rows.append(f"| {anchor} | {' | '.join('-' if cell is None else str(cell) for cell in cells)} |")
    plots = [f"![{name}](results/ratios-{name}.svg)" for name in ("rates", "cpu", "memory") if _exists(folder, name)]
    return "\n\n".join(["## Python / Java at a glance", "\n".join(rows), *plots])


def _exists(folder: Path, name: str) -> bool:
    return (folder / f"ratios-{name}.svg").exists()


_INTRODUCTION = """# Results

Written by `python -m benchmarks`; a run of some cases replaces their sections only. Both workers take turns (ours,
Java's, ours again: the control) on one broker, set up once, with the same data, after a run of each that doesn't count.
Counted is what the target holds. A cell is the median of the runs with its range, a ratio is taken pair by pair.
**A/A** is ours against a second worker of ours in the same turns: what differs there is noise. CPU and memory (PSS)
are those of a worker's whole process tree; the peak is seen in a run of its own, in which nothing is timed. Absolute
figures move with the machine: compare ratios."""
