"""TCP and TLS connections, served by one thread."""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import ssl
import time
from collections import Counter

from connectors.syslog.blocks import Block, Peer, Store
from connectors.syslog.framing import Framer, Frames, FramingError
from connectors.syslog.settings import Listening

log = logging.getLogger(__name__)

_READ_SIZE = 256 << 10
_HANDSHAKE_SECONDS = 30.0
_NO_MORE_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
_PAUSE_SECONDS = 0.5

WAKE = object()
"""Registered with the selector beside a socket that only ends the waiting."""


class _Connection:
    """One sender. ``wait_for``: the selector's event that lets it go on."""

    def __init__(self, sock: socket.socket, peer: Peer, framer: Framer) -> None:
        self.socket = sock
        self.peer = peer
        self.framer = framer
        self.began = self.active = time.monotonic()
        self.handshaking = isinstance(sock, ssl.SSLSocket)
        self.wait_for = selectors.EVENT_READ

    def shake_hands(self) -> bool:
        """Go on with the TLS handshake; whether it is done. Raises OSError, which SSLError is."""
        assert isinstance(self.socket, ssl.SSLSocket)
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self.wait_for = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            self.wait_for = selectors.EVENT_WRITE
        else:
            self.wait_for = selectors.EVENT_READ
            self.handshaking = False
        return not self.handshaking

    def receive(self) -> bytes | None:
        """What has arrived: empty at the end, None when there is nothing now. Raises OSError."""
        try:
            portion = self.socket.recv(_READ_SIZE)
        except (BlockingIOError, ssl.SSLWantReadError):
            return None
        except ssl.SSLWantWriteError:
            self.wait_for = selectors.EVENT_WRITE
            return None
        if isinstance(self.socket, ssl.SSLSocket) and portion:
            return self._with_pending(self.socket, portion)
        return portion

    def _with_pending(self, sock: ssl.SSLSocket, portion: bytes) -> bytes:
        """What the TLS layer has decrypted besides: no selector would tell of it."""
        parts = [portion]
        while sock.pending():
            parts.append(sock.recv(_READ_SIZE))
        return b"".join(parts)


class Connections:
    """A listening socket and those that have connected to it."""

    def __init__(
        self,
        listener: socket.socket,
        listening: Listening,
        context: ssl.SSLContext | None,
        store: Store,
        counts: Counter[str],
    ) -> None:
        self._listener = listener
        self._listening = listening
        self._context = context
        self._store = store
        self._counts = counts
        self.selector = selectors.DefaultSelector()
        self._open: set[_Connection] = set()
        self._accepting = False
        self._accept_from = 0.0
        self._accept_more(accept=True)

    def serve(self, seconds: float) -> None:
        """Wait for something to do, and do it, until the store is full."""
        for key, _ in self.selector.select(seconds):
            if self._store.full:
                return
            if key.data is None:
                self._accept()
            elif key.data is not WAKE:
                self._advance(key.data)

    def _accept_more(self, *, accept: bool) -> None:
        if accept and not self._accepting:
            self.selector.register(self._listener, selectors.EVENT_READ)
        elif self._accepting and not accept:
            self.selector.unregister(self._listener)
        self._accepting = accept

    def _accept(self) -> None:
        try:
            sock, address = self._listener.accept()
        except OSError as error:
            self._accept_failed(error)
            return
        peer = Peer(str(address[0]).removeprefix("::ffff:"), int(address[1]))
        limits = self._listening.limits
        full = len(self._open) >= limits.connections
        if full or not self._listening.allows(peer.address):
            self._counts["refused"] += 1
            log.debug("Refused a connection of %s: %s", peer.address, "too many" if full else "not allowed")
            sock.close()
            return
        sock.setblocking(False)
        if self._context is not None:
            try:
                sock = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            except OSError as error:
                log.debug("A connection of %s ended before its TLS handshake: %s", peer.address, error)
                return
        self._add(sock, peer)

    def _add(self, sock: socket.socket, peer: Peer) -> None:
        limits = self._listening.limits
        connection = _Connection(sock, peer, Framer(self._listening.framing, limits.longest_message))
        self._open.add(connection)
        self._counts["connections"] = len(self._open)
        self.selector.register(sock, connection.wait_for, connection)
        if len(self._open) >= limits.connections and not limits.refuse_more:
            self._accept_more(accept=False)

    def _accept_failed(self, error: OSError) -> None:
        """Most of these concern the one who wanted to connect; no descriptor left concerns us for a while."""
        if error.errno in _NO_MORE_DESCRIPTORS:
            log.warning("Too many open files: no connections are accepted for a while")
            self._accept_more(accept=False)
            self._accept_from = time.monotonic() + _PAUSE_SECONDS
        else:
            log.debug("A connection ended before it was accepted: %s", error)

    def _advance(self, connection: _Connection) -> None:
        waited_for = connection.wait_for
        try:
            connection.wait_for = selectors.EVENT_READ
            ready = not connection.handshaking or connection.shake_hands()
            portion = connection.receive() if ready else None
        except OSError as error:
            self._fail(connection, error)
            return
        if connection.wait_for != waited_for:
            self.selector.modify(connection.socket, connection.wait_for, connection)
        if portion is None:
            return
        connection.active = time.monotonic()
        try:
            self._keep(connection, connection.framer.feed(portion) if portion else connection.framer.finish())
        except FramingError as error:
            log.warning("Closed the connection of %s: %s", connection.peer.address, error)
            portion = b""
        if not portion:
            self._close(connection)

    def _fail(self, connection: _Connection, error: OSError) -> None:
        """A connection that broke off: what was complete is kept already, a last line may be cut in two."""
        level = logging.WARNING if connection.handshaking else logging.DEBUG
        step = "TLS handshake" if connection.handshaking else "connection"
        log.log(level, "The %s with %s failed: %s", step, connection.peer.address, error)
        self._close(connection)

    def _keep(self, connection: _Connection, frames: Frames) -> None:
        if frames.messages:
            self._counts["received"] += len(frames.messages)
            self._counts["cut"] += len(frames.cut)
            self._store.put(Block(connection.peer, int(time.time() * 1000), frames.messages, frames.cut))

    def _close(self, connection: _Connection) -> None:
        self.selector.unregister(connection.socket)
        connection.socket.close()
        self._open.discard(connection)
        self._counts["connections"] = len(self._open)
        self._accept_more(accept=True)

    def close_idle(self, now: float, *, heard: bool) -> None:
        """Close connections that have been silent for too long; accept again after a pause.

        ``heard`` False: since the last call there were times in which nobody listened, so silence means nothing.
        """
        if not self._accepting and self._accept_from and now >= self._accept_from:
            self._accept_from = 0.0
            self._accept_more(accept=True)
        idle = self._listening.limits.idle_seconds
        for connection in list(self._open):
            if not heard:
                connection.active = connection.began = now
            late = connection.handshaking and now - connection.began > _HANDSHAKE_SECONDS
            if late or (idle and now - connection.active > idle):
                log.debug("Closed the connection of %s, which was idle", connection.peer.address)
                self._close(connection)

    def close(self) -> None:
        """Close everything."""
        for connection in list(self._open):
            self._close(connection)
        self.selector.close()
        self._listener.close()
