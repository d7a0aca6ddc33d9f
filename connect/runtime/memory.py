"""How much memory a child has taken, and the limit on it."""

from __future__ import annotations

import gc
import resource
from pathlib import Path

_STACKS_AND_ARENAS_BYTES = 96 * 1024 * 1024
"""Address space that a task's threads reserve without using it; the kernel counts it all the same."""

_USUAL_STACK_BYTES = 8 * 1024 * 1024
_CALLS_GC_THRESHOLD = 2_000


def collect_often() -> None:
    """For processes that answer calls: what a call leaves behind in cycles must not pile up as between batches."""
    gc.set_threshold(_CALLS_GC_THRESHOLD)


def limit_memory(pid: int, max_bytes: int, tasks: int = 1) -> None:
    """Let allocations beyond the limit fail in that process (a MemoryError there); 0 takes the limit away.

    ``max_bytes`` is for each of its ``tasks``; they take from the sum of it. Raises OSError when the process is gone.
    """
    hard = resource.prlimit(pid, resource.RLIMIT_DATA)[1]
    soft = (
        resource.RLIM_INFINITY if max_bytes == 0 else _data_bytes(pid) + tasks * (max_bytes + _STACKS_AND_ARENAS_BYTES)
    )
    resource.prlimit(pid, resource.RLIMIT_DATA, (soft, hard))


def allow_more(pid: int, threads: int) -> None:
    """Raise the limit by the stacks of that many more threads, or lower it again; nothing happens without a limit.

    Raises OSError when the process is gone.
    """
    soft, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
    if soft != resource.RLIM_INFINITY:
        resource.prlimit(pid, resource.RLIMIT_DATA, (soft + threads * _stack_bytes(), hard))


def _stack_bytes() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return _USUAL_STACK_BYTES if soft == resource.RLIM_INFINITY else soft


def private_bytes(pid: int) -> int:
    """Memory that belongs to that process alone. Raises OSError when it is gone."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def _data_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
