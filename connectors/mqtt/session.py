"""A source task's session with the server: connections that replace each other, and what is left to acknowledge."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from connect.api import ConnectException
from connectors.mqtt.connection import VERSIONS, Connection, VersionRefused
from connectors.mqtt.frames import Arrivals
from connectors.mqtt.ledger import Ledger
from connectors.mqtt.settings import ConnectionSettings, Server

log = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_UNDER_WAY_SECONDS = 0.002
"""How long to wait for messages while others are on their way to Kafka, whose acknowledgements shouldn't wait."""


class Session:
    """Connects when it is first asked for messages, and again whenever the connection is lost.

    Messages are :meth:`receive`\\ d and later :meth:`done`; both are called by the task's thread. A thread of its own
    keeps the connection alive while the task waits for Kafka.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        filters: Mapping[str, int],
        wait: Callable[[float], bool],
        *,
        retain_handling: int = 0,
        most_outstanding: int = 0,
    ) -> None:
        """``wait`` sleeps, and is True when the task is asked to stop. ``most_outstanding``: 0 = no limit."""
        self._settings = settings
        self._filters = filters
        self._retain_handling = retain_handling
        self._wait = wait
        self._most = most_outstanding
        self._ledger = Ledger()
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._version = VERSIONS["5" if settings.protocol == "auto" else settings.protocol]
        self._lost_at = time.monotonic()
        self._pause = _FIRST_PAUSE
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep_alive, name="mqtt-keep-alive", daemon=True)
        self._keeper.start()

    def receive(self, seconds: float) -> tuple[Arrivals, Sequence[int]]:
        """The next messages and their numbers, waiting so long for the first. None come while too many wait for Kafka.

        Raises ConnectException when the server can't be reached for ``retry_seconds``.
        """
        with self._lock:
            try:
                return self._receive(seconds)
            except OSError as error:
                self._lose(error)
        self._wait(self._next_pause())
        return Arrivals(), ()

    def _receive(self, seconds: float) -> tuple[Arrivals, Sequence[int]]:
        connection = self._connection or self._connect()
        ledger = self._ledger
        self._answer(connection)
        if self._most and ledger.outstanding >= self._most:
            self._wait(_UNDER_WAY_SECONDS)
            return Arrivals(), ()
        arrivals = connection.receive(min(seconds, _UNDER_WAY_SECONDS) if ledger.outstanding else seconds)
        new, numbers = ledger.take(arrivals)
        self._answer(connection)
        return new, numbers

    def _answer(self, connection: Connection) -> None:
        answers = self._ledger.answers()
        if answers:
            connection.send(answers)

    def done(self, number: int) -> None:
        """Kafka has the message of that number (or it was dropped); it is acknowledged with the next receive."""
        self._ledger.done(number)

    # Connecting

    def _connect(self) -> Connection:
        failure: OSError = ConnectionError("no server is configured")
        for server in self._settings.servers:
            try:
                connection = self._open(server)
            except OSError as error:
                failure = error
                log.warning("Could not connect to %s: %s", server, error)
                continue
            self._ledger.reconnected(session_present=connection.session_present)
            log.info(
                "Connected to %s as %s, subscribed to %s%s",
                server,
                self._settings.client_id or "a client without a name",
                ", ".join(self._filters),
                "; the server remembers the session" if connection.session_present else "",
            )
            for name, qos in connection.lower_grants:
                log.warning("The server grants QoS %d only for %s", qos, name)
            self._connection, self._pause = connection, _FIRST_PAUSE
            return connection
        raise failure

    def _open(self, server: Server) -> Connection:
        try:
            return Connection(self._settings, server, self._version, self._filters, self._retain_handling)
        except VersionRefused as error:
            if self._settings.protocol != "auto" or self._version == VERSIONS["3.1.1"]:
                raise
            log.info("%s doesn't speak MQTT 5 (%s): going on with 3.1.1", server, error)
            self._version = VERSIONS["3.1.1"]
            return Connection(self._settings, server, self._version, self._filters, self._retain_handling)

    def _lose(self, error: OSError) -> None:
        now = time.monotonic()
        if self._connection is not None:
            waiting = self._ledger.outstanding
            log.warning("The connection was lost with %d messages unacknowledged: %s", waiting, error)
            self._connection.abandon()
            self._connection, self._lost_at = None, now
            return
        most = self._settings.retry_seconds
        if 0 <= most <= now - self._lost_at:
            raise ConnectException(f"Could not connect to the MQTT server within {most:g} s: {error}") from error

    def _next_pause(self) -> float:
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return pause

    # Staying connected

    def _keep_alive(self) -> None:
        interval = max(0.5, self._settings.keep_alive_seconds / 4)
        while not self._ended.wait(interval):
            with self._lock:
                if self._connection is None:
                    continue
                try:
                    self._connection.keep_alive()
                except OSError as error:  # the task's thread meets it too, and connects again
                    log.debug("The connection could not be kept alive: %s", error)

    def close(self) -> None:
        """Send the last acknowledgements and say goodbye; the server keeps a session that isn't clean."""
        self._ended.set()
        with self._lock:
            if self._connection is None:
                return
            try:
                self._answer(self._connection)
                self._connection.close()
            except OSError as error:
                log.info("The connection broke while it was closed: %s", error)
            self._connection = None
        self._keeper.join(1.0)
