"""A small process that outlives its parent by a moment, to end what the parent started.

Run as a script with the parent's process id. It reads lines from standard input: ``group ID`` and ``folder PATH`` name
a process group to kill and a folder to remove when the parent is gone, however it went; ``forget ...`` takes one back.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
from collections.abc import Iterator


def main() -> None:
    # A descriptor of the parent tells of its end even if a forked child still holds the other end of standard input.
    parent = os.pidfd_open(int(sys.argv[1]))
    kept: set[str] = set()
    for line in _lines_until_readable(parent):
        if line.startswith("forget "):
            kept.discard(line.removeprefix("forget "))
        else:
            kept.add(line)
    end_all(kept)


def _lines_until_readable(parent: int) -> Iterator[str]:
    rest = b""
    while True:
        readable, _, _ = select.select([0, parent], [], [])
        received = os.read(0, 65536) if 0 in readable else b""
        *lines, rest = (rest + received).split(b"\n")
        yield from (line.decode() for line in lines)
        if not received:
            return


def end_all(kept: set[str]) -> None:
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
