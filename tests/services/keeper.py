"""A small process that outlives this one by a moment, to end what this one started.

It is this file run as a script, once per process that starts servers. It reads lines from standard input: ``group ID``
and ``folder PATH`` name a process group to kill and a folder to remove when its parent is gone, however it went;
``forget ...`` takes one back.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def keep_group(group: int) -> None:
    """Have the process group killed should this process die."""
    _tell(f"group {group}")


def forget_group(group: int) -> None:
    _tell(f"forget group {group}")


def keep_folder(folder: Path) -> None:
    """Have the folder removed should this process die."""
    _tell(f"folder {folder}")


def forget_folder(folder: Path) -> None:
    _tell(f"forget folder {folder}")


_running: tuple[int, subprocess.Popen[bytes]] | None = None


def _tell(line: str) -> None:
    global _running
    if _running is None or _running[0] != os.getpid():  # a forked child needs its own
        command = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
        _running = os.getpid(), subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    stdin = _running[1].stdin
    assert stdin is not None
    stdin.write(line.encode() + b"\n")
    stdin.flush()


def main() -> None:
    """Keep until the parent, whose process id is the only argument, is gone."""
    # A descriptor of the parent tells of its end even if a forked child still holds the other end of standard input.
    parent = os.pidfd_open(int(sys.argv[1]))
    kept: set[str] = set()
    for line in _lines_until_readable(parent):
        if line.startswith("forget "):
            kept.discard(line.removeprefix("forget "))
        else:
            kept.add(line)
    _end_all(kept)


def _lines_until_readable(parent: int) -> Iterator[str]:
    rest = b""
    while True:
        readable, _, _ = select.select([0, parent], [], [])
        received = os.read(0, 65536) if 0 in readable else b""
        *lines, rest = (rest + received).split(b"\n")
        yield from (line.decode() for line in lines)
        if not received:
            return


def _end_all(kept: set[str]) -> None:
    """Kill the groups first, so that none of them writes to a folder while it is removed."""
    for entry in sorted(kept, reverse=True):
        kind, _, value = entry.partition(" ")
        if kind == "group":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(value), signal.SIGKILL)
        else:
            shutil.rmtree(value, ignore_errors=True)


if __name__ == "__main__":
    main()
