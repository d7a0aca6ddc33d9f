"""Tables of figures and ratios."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import confluent_kafka

from benchmarks.cases import Figures
from benchmarks.converters import Measured
from benchmarks.subjects import JAVA, PYTHON

RESULTS = Path(__file__).parent / "RESULTS.md"
Pairs = Sequence[tuple[Figures, Figures | None]]
"""Of our worker and of Java's; None where Java's lacks the plugin."""


def table(pairs: Pairs) -> str:
    """Per figure: both medians with their range, and the median ratio Python / Java of the pairs with its range."""
    lines = ["| figure | Python | Java | Python / Java |", "|---|---|---|---|"]
    for name in pairs[0][0]:
        ours, theirs = [pair[0][name] for pair in pairs], [pair[1][name] for pair in pairs if pair[1] is not None]
        ratios = [pair[0][name] / pair[1][name] for pair in pairs if pair[1] is not None and pair[1][name]]
        lines.append(f"| {name} | {_spread(ours)} | {_spread(theirs)} | {_spread(ratios)} |")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    return f"{_number(statistics.median(values))} ({_number(min(values))} .. {_number(max(values))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def singles_table(lines: Sequence[Measured]) -> str:
    """Per line: microseconds per record of both, and their ratio."""
    rows = ["| class | records | Python, µs | Java, µs | Python / Java |", "|---|---|---|---|---|"]
    for name, kind, ours, theirs in lines:
        compared = "- | -" if theirs is None else f"{theirs:.3f} | {ours / theirs:.2f}"
        rows.append(f"| {name} | {kind} | {ours:.3f} | {compared} |")
    return "\n".join(rows)


def machine() -> str:
    """Where and with what the figures were taken."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    client = f"confluent-kafka {confluent_kafka.version()} (librdkafka {confluent_kafka.libversion()[0]})"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {client}, Apache Kafka 4.3.1 broker and Java Connect 4.3.1"
    )


def write_section(title: str, command: str, body: str) -> None:
    """Replace a case's section in RESULTS.md, or add it."""
    text = RESULTS.read_text() if RESULTS.exists() else _INTRODUCTION
    heading = f"## {title}\n"
    section = f"{heading}\n`{command}` · {machine()}\n\n{body}\n"
    before, found, after = text.partition(heading)
    if found:
        _, next_heading, rest = after.partition("\n## ")
        text = before + section + (f"\n## {rest}" if next_heading else "")
    else:
        text = text.rstrip("\n") + "\n\n" + section
    RESULTS.write_text(text)


_INTRODUCTION = f"""# Results

Both workers take turns ({PYTHON}, {JAVA}, {PYTHON}, …) on the same broker with the same data, after a warm-up of each.
A cell is the median of all runs with its range; the ratio is taken pair by pair. CPU and memory (PSS) are those of the
whole process tree of a worker. Absolute figures move with the machine: compare ratios.
"""
