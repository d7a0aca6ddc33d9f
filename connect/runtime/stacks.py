"""The stacks of a child process: asked of its interpreter, or written by a signal handler when that doesn't answer.

The handler is C code (``faulthandler``): it works while a plugin holds the interpreter's lock. It writes into memory
that the worker reads through ``/proc``.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

_NAME = "connect-stacks"
_SIGNAL = signal.SIGUSR2
_WRITING_SECONDS = 0.5


def python_stacks() -> str:
    """The Python stacks of all threads of this process."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
        if ident != threading.get_ident()
    )


def write_on_signal() -> None:
    """Called by a child when it starts: let the worker have stacks at any time."""
    faulthandler.register(_SIGNAL, file=os.memfd_create(_NAME), all_threads=True)


def dumped_stacks(pid: int) -> str:
    """Make a child's signal handler write its stacks; blocks for half a second at most. Raises OSError."""
    file = _memory_of(pid)
    before = file.stat().st_size
    os.kill(pid, _SIGNAL)
    deadline = time.monotonic() + _WRITING_SECONDS
    size = -1
    while time.monotonic() < deadline and (size <= before or size != file.stat().st_size):
        size = file.stat().st_size
        time.sleep(0.02)
    return file.read_bytes()[before:].decode("utf-8", "replace")


def _memory_of(pid: int) -> Path:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        if link.is_symlink() and _NAME in str(link.readlink()):
            return link
    raise FileNotFoundError(f"Process {pid} writes no stacks")
