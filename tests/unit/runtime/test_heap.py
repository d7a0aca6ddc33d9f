"""The heap of the process that forks all others."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import ctypes
from connect.runtime import heap
gone = [bytearray(1000) for _ in range(2000)]  # every other one leaves a gap
del gone[::2]
heap.fill_gaps()
top = heap._top()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
assert all(libc.malloc(size) >= top for size in (100_000, 5_000, 1_000, 600))
"""


def test_what_is_allocated_later_lies_above_all_gaps() -> None:
    done = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
