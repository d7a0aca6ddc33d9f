"""What a process and all its descendants use, from /proc."""

from __future__ import annotations

from pathlib import Path

import psutil


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
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
