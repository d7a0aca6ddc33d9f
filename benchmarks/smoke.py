"""The quick look whether something has become slower: CPU time of ours beside that of a client alone, and memory."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence

import orjson

from benchmarks.figures import CPU, PSS, Figures, moved, number, values_of
from benchmarks.store import Result, Store

PAIRS, SHARE = 3, 0.25
CASES = (
    "startup",
    "idle-10",
    "filestream-source",
    "filestream-source-chain",
    "json-with-schema",
    "filestream-sink",
    "spooldir-csv",
    "spooldir-json-no-headers",
    "mysql-rental",
    "elasticsearch-answers-only",
    "mqtt-qos0",
    "converters",
)
_CPU_NAMES = (CPU, "REST ready, CPU s", "CPU % of a core")


def yardstick() -> float:
    """CPU seconds of a fixed piece of Python: how fast this machine is now."""
    record = {"id": 1, "name": "x" * 40, "values": list(range(20))}

    def once() -> float:
        began = time.process_time()
        for _ in range(30_000):
            orjson.loads(orjson.dumps({**record, "more": 1}))
        return time.process_time() - began

    return min(once() for _ in range(5))


def compared_figures(result: Result, machine: float) -> Figures:
    """What is compared of a case: CPU time by that of the client alone, or by the yardstick; memory as it is."""
    limits = [limit[CPU] for limit in result.limits.values()]
    unit = limits[0] if limits else machine
    figures = {
        f"{name} / bare": statistics.median(values_of(result.ours, name)) / unit
        for name in _CPU_NAMES
        if values_of(result.ours, name)
    }
    figures |= {f"{line.name} {line.kind} / bare": line.ours / machine for line in result.lines}
    if values_of(result.ours, PSS):
        figures[PSS] = statistics.median(values_of(result.ours, PSS))
    return figures


def compare(store: Store, found: dict[str, Figures]) -> None:
    """Print what moved."""
    lines = [
        f"{case}: {name} moved by {change:+.0%}, from {number(store.smoke[case][name])} to {number(now[name])}"
        for case, now in found.items()
        for name, change in moved(store.smoke.get(case, {}), now).items()
    ]
    unknown = [case for case in found if case not in store.smoke]
    if unknown:
        lines.append(f"not recorded yet (--record): {', '.join(unknown)}")
    sys.stdout.write("\n" + "\n".join(lines or ["nothing moved by more than 15 %"]) + "\n")


def names(wanted: Sequence[str]) -> Sequence[str]:
    """The cases of a smoke run."""
    return wanted or CASES
