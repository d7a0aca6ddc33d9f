"""The thread that reads from the network and puts what it gets into a store."""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections import Counter
from itertools import groupby
from operator import itemgetter

from connect.api import ConnectException
from connectors.syslog.blocks import Block, Peer, Store
from connectors.syslog.listening import open_socket
from connectors.syslog.settings import Listening, Transport
from connectors.syslog.tcp import WAKE, Connections
from connectors.syslog.udp import dropped_by_kernel, peer_of, reader

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.2
_CHECK_SECONDS = 1.0
_WARNING_SECONDS = 60.0
_KNOWN_SENDERS = 10_000


class Receiver:
    """Listens from :meth:`start` to :meth:`stop`. While the store is full nothing is read.

    ``counts`` grow: ``received``, ``refused`` (by the allow-list or the limit of connections), ``dropped`` (by the
    kernel), ``cut`` (messages that were too long) and ``connections``. ``failure`` is what ended the thread.
    """

    def __init__(self, listening: Listening, store: Store) -> None:
        self._listening = listening
        self._store = store
        self.counts: Counter[str] = Counter()
        self.failure: Exception | None = None
        self.port = 0
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Open the port and begin. Raises ConnectException, ConfigException."""
        side = _Datagrams if self._listening.transport is Transport.UDP else _Streams
        sock = open_socket(self._listening)
        try:
            self._side: _Datagrams | _Streams = side(sock, self._listening, self._store, self.counts)
            self._side.selector.register(self._woken, selectors.EVENT_READ, WAKE)
        except BaseException:
            sock.close()
            raise
        self.port = sock.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="syslog-receiver", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        next_check = 0.0
        heard = True
        try:
            while not self._stopping.is_set():
                if self._store.full:
                    heard = False
                    self._store.wait_for_room(_TICK_SECONDS)
                else:
                    self._side.read(_TICK_SECONDS)
                now = time.monotonic()
                if now >= next_check:
                    next_check = now + _CHECK_SECONDS
                    self._side.check(now, heard=heard)
                    heard = True
            self._read_rest()
        except Exception as error:  # noqa: BLE001  # the task raises it in its own thread
            self.failure = error
        finally:
            self._side.close()

    def _read_rest(self) -> None:
        """What has arrived would be lost with its connection, which may have to be accepted first."""
        deadline = time.monotonic() + _TICK_SECONDS
        quiet = 0
        while quiet < 2 and not self._store.full and time.monotonic() < deadline:
            before = self.counts["received"]
            self._side.read(0)
            quiet = 0 if self.counts["received"] > before else quiet + 1

    def raise_failure(self) -> None:
        """Raise ConnectException when the thread has ended by itself."""
        if isinstance(self.failure, ConnectException):
            raise self.failure
        if self.failure is not None:
            raise ConnectException(f"Couldn't receive any more: {self.failure}") from self.failure

    def stop(self) -> None:
        """Close the port and all connections."""
        self._stopping.set()
        self._wake.close()  # which its other end can be read for
        if self._thread is not None:
            self._thread.join()
        self._woken.close()


class _Datagrams:
    """One UDP socket."""

    def __init__(self, sock: socket.socket, listening: Listening, store: Store, counts: Counter[str]) -> None:
        self._socket = sock
        self._listening = listening
        self._store = store
        self._counts = counts
        self._reader = reader(sock)
        self.selector = selectors.DefaultSelector()
        self.selector.register(sock, selectors.EVENT_READ)
        self._peers: dict[bytes, Peer | None] = {}
        self._warned = float("-inf")
        self._warned_drops = 0

    def read(self, seconds: float) -> None:
        """Wait for datagrams and store those that are there."""
        if not self.selector.select(seconds):
            return
        datagrams = self._reader.read()
        received = int(time.time() * 1000)
        for sender, group in groupby(datagrams, itemgetter(0)):
            messages = [message for _, data in group if (message := data.rstrip(b"\r\n\0"))]
            peer = self._peer(sender)
            if peer is None:
                self._counts["refused"] += len(messages)
            elif messages:
                self._counts["received"] += len(messages)
                self._store.put(Block(peer, received, messages))

    def _peer(self, sender: bytes) -> Peer | None:
        """None for one who may not send."""
        if sender not in self._peers:
            if len(self._peers) >= _KNOWN_SENDERS:
                self._peers.clear()
            peer = peer_of(sender)
            self._peers[sender] = peer if self._listening.allows(peer.address) else None
        return self._peers[sender]

    def check(self, now: float, *, heard: bool) -> None:
        """Count what the kernel has dropped, and say so at most once a minute."""
        drops = self._counts["dropped"] = dropped_by_kernel(self._socket)
        if drops > self._warned_drops and now > self._warned + _WARNING_SECONDS:
            log.warning(
                "Port %d: the kernel has dropped %d datagrams as its receive buffer was full (%d bytes; see "
                "socket.rcvbuf.bytes)",
                self._socket.getsockname()[1],
                drops - self._warned_drops,
                self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2,
            )
            self._warned, self._warned_drops = now, drops

    def close(self) -> None:
        """Close the socket."""
        self._counts["dropped"] = dropped_by_kernel(self._socket)
        self.selector.close()
        self._socket.close()
        self._reader.close()


class _Streams:
    """A TCP port and its connections."""

    def __init__(self, sock: socket.socket, listening: Listening, store: Store, counts: Counter[str]) -> None:
        context = None if listening.make_context is None else listening.make_context()
        self._connections = Connections(sock, listening, context, store, counts)
        self.selector = self._connections.selector

    def read(self, seconds: float) -> None:
        """Wait for connections and data and store the messages."""
        self._connections.serve(seconds)

    def check(self, now: float, *, heard: bool) -> None:
        """Close what has been idle for too long."""
        self._connections.close_idle(now, heard=heard)

    def close(self) -> None:
        """Close all of them."""
        self._connections.close()
