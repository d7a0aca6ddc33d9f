"""The worker's pulse: a number in memory that it shares with all its children, so that looking at it costs nothing.

A worker that is stopped (SIGSTOP, a debugger, a frozen container) can't stop its tasks, while its group gives their
work to others. So each task looks for itself whether its worker still acts.
"""

from __future__ import annotations

import mmap
import struct
import time

BEAT_SECONDS = 1.0
"""How often the worker beats, and how often tasks look."""
SILENT_WORKER = 75
"""Exit code of a task that has ended because of that."""

_NUMBER = struct.Struct("d")
_memory = mmap.mmap(-1, _NUMBER.size)  # made before the fork server is, and shared by whoever is forked later


def beat() -> None:
    """The worker acts."""
    _NUMBER.pack_into(_memory, 0, time.monotonic())


def silent_seconds() -> float:
    """How long ago the worker's last beat was."""
    return time.monotonic() - float(_NUMBER.unpack_from(_memory)[0])


def patience(session_seconds: float, heartbeat_seconds: float) -> float:
    """For how many silent seconds a task goes on: until just before the group can give its work to others."""
    return max(session_seconds - heartbeat_seconds - 2 * BEAT_SECONDS, session_seconds / 3)
