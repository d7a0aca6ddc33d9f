"""glibc's allocator as a process wants it that is forked again and again; elsewhere nothing happens."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_KEPT_BYTES, _MAPPED_BYTES, _ARENAS = 32 << 20, 8 << 20, 2
_GAP_BYTES = [*(1 << power for power in range(17, 10, -1)), *range(1016, 23, -16)]
"""From large to small: every size of which glibc keeps a list of its own."""

_MOST_BYTES = 16 << 20


class _Usage(ctypes.Structure):
    """``struct mallinfo2``: of its ten numbers the last is of interest, the size of the heap's unused end."""

    _fields_ = (("others", ctypes.c_size_t * 9), ("keepcost", ctypes.c_size_t))


_libc = ctypes.CDLL(None)


def tune() -> None:
    """For this process and its children.

    A batch of some MB is freed as a whole, again and again: by default the heap is then given back to the kernel each
    time and faulted in anew. And threads that only wait should not have a heap each.
    """
    if hasattr(_libc, "mallopt"):
        _libc.mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)
        _libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        _libc.mallopt(_M_ARENA_MAX, _ARENAS)


def fill_gaps() -> None:
    """Take all free pieces of the heap below its top, for good.

    They lie between what children share. Each that a child would use costs it a copy of a whole page; now what it
    allocates goes to fresh pages, side by side. A Kafka client's few thousand small pieces took 0.5 MB more otherwise.
    """
    if not hasattr(_libc, "mallinfo2"):
        return
    _libc.mallinfo2.restype = _Usage
    _libc.sbrk.argtypes, _libc.sbrk.restype = [ctypes.c_ssize_t], ctypes.c_void_p
    _libc.malloc.argtypes, _libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    _libc.free.argtypes = [ctypes.c_void_p]
    taken = 0
    for size in _GAP_BYTES:
        while taken < _MOST_BYTES:
            top, piece = _top(), _libc.malloc(size)
            if not piece or piece >= top:
                _libc.free(piece)
                break
            taken += size


def _top() -> int:
    """Where the part of the heap begins that was never used."""
    end: int = _libc.sbrk(0)
    return end - int(_libc.mallinfo2().keepcost)
