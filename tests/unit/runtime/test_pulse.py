"""Tasks see whether their worker acts, in memory that they share with it."""

from __future__ import annotations

import os
import time

from connect.runtime import pulse


def test_a_forked_process_sees_the_beats_of_its_parent() -> None:
    ours, theirs = os.pipe()
    go, tell = os.pipe()
    asked = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.read(go, 1)
        silent = pulse.silent_seconds()  # first, or what passes between the two clocks would make the beat older
        last_beat = time.monotonic() - silent
        os.write(theirs, b"seen" if last_beat >= asked else b"old")
        os._exit(0)
    pulse.beat()
    os.write(tell, b"!")
    assert os.read(ours, 4) == b"seen"
    os.waitpid(pid, 0)


def test_tasks_end_before_the_group_gives_up_their_worker() -> None:
    assert pulse.patience(10, 3) == 5
    assert pulse.patience(6, 2) == 2
    assert pulse.patience(45, 3) == 40
