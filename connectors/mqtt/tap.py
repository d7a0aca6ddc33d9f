"""A socket between paho-mqtt and the network that takes published messages aside.

paho's own loop reads a packet's first bytes one at a time and makes objects, locks and callbacks of every message. What
is not a message of ours (CONNACK, SUBACK, PINGRESP, DISCONNECT, …) goes on to paho, which does what it does best. All
bytes to the server go through one buffer, so that acknowledgements never land in the midst of a packet of paho's.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Any, Protocol

from paho.mqtt.client import Client

from connectors.mqtt.frames import Arrivals, FrameReader

_READ_BYTES = 64 * 1024
_LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Wire(Protocol):
    """What is asked of a socket: a plain one, one with TLS, or paho's for WebSockets."""

    def recv(self, size: int, /) -> bytes:
        """Some bytes."""

    def send(self, data: bytes, /) -> int:
        """How many of the bytes were sent."""

    def close(self) -> None:
        """Close it."""

    def fileno(self) -> int:
        """The descriptor."""

    def setblocking(self, flag: bool, /) -> None:
        """Whether calls wait."""


class Tap:
    """The socket that paho sees. Only one thread may use it at a time."""

    def __init__(self, wire: Wire, reader: FrameReader) -> None:
        self._wire = wire
        self._reader = reader
        self._for_paho = bytearray()
        self._outgoing = bytearray()
        self._has_more = False
        self.received_at = self.sent_at = time.monotonic()

    # What paho calls

    def recv(self, size: int) -> bytes:
        """Bytes of packets that are no messages. Raises BlockingIOError when there are none now."""
        if not self._for_paho:
            raise BlockingIOError
        taken = bytes(self._for_paho[:size])
        del self._for_paho[:size]
        return taken

    def send(self, data: bytes | bytearray) -> int:
        """Take all of it, and send what the network takes now. Raises OSError."""
        self._outgoing += data
        self.flush()
        return len(data)

    def close(self) -> None:
        """Close the socket."""
        self._wire.close()

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._wire.fileno()

    def setblocking(self, flag: bool) -> None:
        """Whether calls wait."""
        self._wire.setblocking(flag)

    # What the connection calls

    @property
    def has_packets(self) -> bool:
        """Whether there is something for paho to read."""
        return bool(self._for_paho)

    @property
    def has_more(self) -> bool:
        """Whether there may be something to read of which the descriptor doesn't tell."""
        return self._has_more

    @property
    def wants_to_send(self) -> bool:
        """Whether bytes wait until the network takes them."""
        return bool(self._outgoing)

    def flush(self) -> None:
        """Send what the network takes now. Raises OSError."""
        while self._outgoing:
            try:
                sent = self._wire.send(bytes(self._outgoing))
            except _LATER:
                return
            if not sent:
                return
            self.sent_at = time.monotonic()
            del self._outgoing[:sent]

    def pull(self) -> Arrivals:
        """The messages that can be read now, about 64 kB at most. Raises OSError when the connection is at its end."""
        arrivals = Arrivals()
        read = 0
        while read < _READ_BYTES:
            try:
                data = self._wire.recv(_READ_BYTES)
            except _LATER:
                break
            if not data:
                if arrivals or self._for_paho:
                    break
                raise ConnectionResetError("the server closed the connection")
            read += len(data)
            self._reader.feed(data, arrivals, self._for_paho)
        if read:
            self.received_at = time.monotonic()
        self._has_more = read >= _READ_BYTES
        return arrivals


class TappedClient(Client):
    """paho's client on a tapped socket. Its way of making sockets is the only inner part of paho that is used."""

    tap: Tap | None = None

    def __init__(self, make_reader: Callable[[], FrameReader], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._make_reader = make_reader

    def _create_socket(self) -> Any:
        self.tap = Tap(super()._create_socket(), self._make_reader())
        return self.tap
