"""Watches the catalogue for new and dropped tables."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from connect.api import ConfigException, ConnectException
from connectors.jdbc.database import Database, Session, SqlError, Table
from connectors.jdbc.settings import Settings
from connectors.jdbc.tables import find_tables

log = logging.getLogger(__name__)


class TableMonitor:
    """A thread that lists the tables every ``table.poll.interval.ms``.

    ``on_change`` is called from it when the list has changed, ``on_failure`` when it can't go on.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        session: Session,
        on_change: Callable[[], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._session: Session | None = session
        self._on_change = on_change
        self._on_failure = on_failure
        self._known = threading.Event()
        self._stopped = threading.Event()
        self._tables: list[Table] | None = None
        self._thread = threading.Thread(target=self._run, name="jdbc-table-monitor", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def tables(self) -> list[Table] | None:
        """The tables; waits for the first list. None when it isn't known in time."""
        self._known.wait(self._settings["table.monitoring.startup.polling.limit.ms"] / 1000)
        return self._tables

    def stop(self) -> None:
        """End the thread, and what it asks of the database."""
        self._stopped.set()
        session = self._session
        if self._thread.is_alive() and session is not None:
            self._thread.join(1)
        if self._thread.is_alive() and session is not None:
            log.info("Ending the running query for the list of tables")
            session.cancel()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._look()
            except SqlError as error:
                self._lose_session()
                if error.lasting:
                    self._fail(error)
                    return
                log.warning("Couldn't list the tables, trying again later: %s", error)
            except (ConnectException, ConfigException) as error:
                self._fail(error)
                return
            self._stopped.wait(self._settings["table.poll.interval.ms"] / 1000)
        self._lose_session()

    def _look(self) -> None:
        if self._session is None:
            self._session = self._database.connect()
        tables = find_tables(self._settings, self._database, self._session)
        before, self._tables = self._tables, tables
        first = not self._known.is_set()
        self._known.set()
        if not first and tables != before:
            log.info("The tables have changed: %d instead of %d", len(tables), len(before or ()))
            self._on_change()

    def _fail(self, error: BaseException) -> None:
        failure = ConnectException("Encountered an unrecoverable error while reading tables from the database")
        failure.__cause__ = error
        self._tables = None
        self._lose_session()
        self._on_failure(failure)
        self.failure = failure
        self._known.set()

    failure: ConnectException | None = None
    """Why the thread has ended."""

    def _lose_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()
