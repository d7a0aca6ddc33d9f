"""The heap of the process that forks all others."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
from connect.runtime import heap
kept = [bytearray(1000) for _ in range(2000)]
heap.fill_gaps()
del kept[::2]
top = heap._top()
assert min(heap._libc.malloc(1001) for _ in range(900)) < top, "the test has made no gaps"
heap.fill_gaps()
assert min(heap._libc.malloc(size) for size in range(560, 1016, 16)) >= top
"""


def test_what_is_allocated_later_lies_above_all_gaps() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
