"""What a process and all its descendants use, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[psutil.Process]:
    """The process and its descendants that run now."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """User and system time of the family, with the time of its children that have ended and were waited for."""
    total = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def pss_megabytes(pid: int) -> float:
    """Proportional set size of the family in MB: shared pages are counted once."""
    return sum(_pss_kilobytes(process.pid) for process in family(pid)) / 1024


def pss_megabytes_of_children(pid: int) -> float:
    """Proportional set size of the largest of the descendants, in MB; 0 without any."""
    return max((_pss_kilobytes(process.pid) for process in family(pid)[1:]), default=0) / 1024


def _pss_kilobytes(pid: int) -> int:
    try:
        return pss_kilobytes(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except (FileNotFoundError, ProcessLookupError):
        return 0


def pss_kilobytes(rollup: str) -> int:
    """The sum in the text of ``smaps_rollup``; 0 of a process that has no memory any more."""
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


def thread_time(stat: str) -> tuple[str, float]:
    """Name and CPU seconds of a thread, from the text of its ``stat``; the name may contain anything."""
    before, _, after = stat.rpartition(")")
    fields = after.split()
    return before.partition("(")[2], (int(fields[11]) + int(fields[12])) * _TICK


def thread_times(pid: int) -> dict[tuple[int, int], tuple[str, float]]:
    """Name and CPU seconds of each thread of the family, by process and thread id."""
    found = {}
    for process in family(pid):
        for thread in Path(f"/proc/{process.pid}/task").glob("*/stat"):
            try:
                found[process.pid, int(thread.parent.name)] = thread_time(thread.read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
    return found
