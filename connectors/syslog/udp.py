"""Datagrams, many with one system call.

Reading them one by one would give up Python's global lock, and wait for it, at every single one; under load a thread
that does so gets a few hundred datagrams per second.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import socket
import struct
import sys
from typing import NamedTuple

from connectors.syslog.blocks import Peer

_LARGEST = 65_536
_AT_ONCE = 256
_NAME_SIZE = 28
_HEADER_SIZE = 64
"""Of a ``struct mmsghdr`` on 64-bit Linux: a ``msghdr`` of 56 bytes, the length, and padding."""
_LENGTH_INDEX, _LENGTHS_STEP = 14, 16
_SO_MEMINFO, _MEMINFO_SIZE, _MEMINFO_DROPS = 55, 36, 8
_SO_RCVBUFFORCE = 33
_MAPPED = b"\0" * 10 + b"\xff\xff"


class Datagram(NamedTuple):
    """What was sent, and the sender's address as the kernel has it."""

    sender: bytes
    data: bytes


class BatchReader:
    """Reads with ``recvmmsg``, which Linux has."""

    def __init__(self, sock: socket.socket) -> None:
        self._descriptor = sock.fileno()
        self._data = mmap.mmap(-1, _LARGEST * _AT_ONCE)  # pages that no datagram has reached take no memory
        self._names = bytearray(_NAME_SIZE * _AT_ONCE)
        self._vectors = bytearray(16 * _AT_ONCE)
        self._headers = bytearray(_HEADER_SIZE * _AT_ONCE)
        self._keep = [
            ctypes.c_char.from_buffer(part) for part in (self._data, self._names, self._vectors, self._headers)
        ]
        data, names, vectors, headers = map(ctypes.addressof, self._keep)
        self._address = ctypes.c_void_p(headers)
        for i in range(_AT_ONCE):
            struct.pack_into("=QQ", self._vectors, 16 * i, data + _LARGEST * i, _LARGEST)
            packed = (names + _NAME_SIZE * i, _NAME_SIZE, vectors + 16 * i, 1, 0, 0, 0, 0)
            struct.pack_into("=QIxxxxQQQQixxxxI", self._headers, _HEADER_SIZE * i, *packed)
        self._lengths = memoryview(self._headers).cast("I")[_LENGTH_INDEX::_LENGTHS_STEP]
        self._receive = ctypes.CDLL(None, use_errno=True).recvmmsg

    def read(self) -> list[Datagram]:
        """Those that have arrived, at most 256. Raises OSError."""
        count = self._receive(self._descriptor, self._address, _AT_ONCE, socket.MSG_DONTWAIT, None)
        if count < 0:
            number = ctypes.get_errno()
            if number in (11, 4):  # EAGAIN, EINTR
                return []
            raise OSError(number, os.strerror(number))
        data, names = self._data, self._names
        return [
            Datagram(bytes(names[_NAME_SIZE * i : _NAME_SIZE * (i + 1)]), data[_LARGEST * i : _LARGEST * i + length])
            for i, length in enumerate(self._lengths[:count].tolist())
        ]

    def close(self) -> None:
        """Give the buffers back."""
        self._lengths.release()
        self._keep.clear()
        self._data.close()


class SingleReader:
    """Reads one by one, where there is no ``recvmmsg``."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def read(self) -> list[Datagram]:
        """As for the other."""
        found: list[Datagram] = []
        while len(found) < _AT_ONCE:
            try:
                data, address = self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                break
            found.append(Datagram(_packed(address), data))
        return found

    def close(self) -> None:
        """Nothing to give back."""


def reader(sock: socket.socket) -> BatchReader | SingleReader:
    """The quicker one that this system has."""
    batches = sys.platform == "linux" and ctypes.sizeof(ctypes.c_void_p) == 8
    return BatchReader(sock) if batches else SingleReader(sock)


def _packed(address: tuple[str, int]) -> bytes:
    host, port = address[:2]
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    packed = socket.inet_pton(family, host.partition("%")[0])
    gap = b"" if family == socket.AF_INET else b"\0" * 4
    return struct.pack("=H", family) + struct.pack("!H", port) + gap + packed.ljust(_NAME_SIZE - 4 - len(gap), b"\0")


def peer_of(sender: bytes) -> Peer:
    """The address that a ``sockaddr`` holds."""
    (family,) = struct.unpack_from("=H", sender)
    (port,) = struct.unpack_from("!H", sender, 2)
    if family == socket.AF_INET:
        return Peer(socket.inet_ntop(socket.AF_INET, sender[4:8]), port)
    packed = sender[8:24]
    if packed.startswith(_MAPPED):
        return Peer(socket.inet_ntop(socket.AF_INET, packed[12:]), port)
    return Peer(socket.inet_ntop(socket.AF_INET6, packed), port)


def enlarge_buffer(sock: socket.socket, size: int) -> int:
    """Ask for a receive buffer, beyond the system's limit where that is allowed; returns what was given."""
    for option in (_SO_RCVBUFFORCE, socket.SO_RCVBUF) if sys.platform == "linux" else (socket.SO_RCVBUF,):
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, size)
        except PermissionError:
            continue
        break
    given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    return given // 2 if sys.platform == "linux" else given  # Linux says twice the size, for its own book-keeping


def dropped_by_kernel(sock: socket.socket) -> int:
    """Datagrams that the kernel has dropped since the socket was opened, as its buffer was full. 0 if it won't say."""
    if sys.platform != "linux":
        return 0
    information = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO_SIZE)
    (drops,) = struct.unpack_from("=I", information, 4 * _MEMINFO_DROPS)
    return int(drops)
