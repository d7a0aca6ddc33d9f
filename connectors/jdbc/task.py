"""The task that reads tables, or a query."""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Mapping

from connect.api import ConfigException, ConnectException, DataException, RecordBatch, SourceTask
from connectors.jdbc.database import Session, SqlError, Table
from connectors.jdbc.interrupter import Interrupter
from connectors.jdbc.querier import Querier, Source
from connectors.jdbc.ranges import KeyRange, read_ranges, start_of
from connectors.jdbc.settings import Settings, connect
from connectors.jdbc.tables import split_names
from connectors.jdbc.tracking import Position, Tracking, checked_tracking, position_of, tracking_of

log = logging.getLogger(__name__)

TABLES, FETCHED = "tables", "tables.fetched"

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
"""Seconds between two attempts at a query that fails."""


class JdbcSourceTask(SourceTask):
    """Reads its tables in turns; one that is being read is read to its end first."""

    JAVA_CLASS = "io.confluent.connect.jdbc.source.JdbcSourceTask"

    def start(self, config: Mapping[str, str]) -> None:
        settings = Settings(config)
        if settings.query and not settings.topic_prefix:
            raise ConfigException("topic.prefix must not be empty with a query: it is the name of the topic")
        self._settings = settings
        self._session: Session | None = None
        self._interrupter = Interrupter(lambda: self.context.wait(0))
        self._queriers: list[Querier] = []
        self._current: Querier | None = None
        self._database = settings.database()
        names, ranges = config.get(TABLES, ""), read_ranges(config)
        if not names and not ranges and not settings.query:
            self._check_idle(config)
            return
        session = connect(settings, self._database, self.context.wait)
        if session is None:
            return
        self._session = session
        initial = self._initial(session)
        if settings.query:
            self._queriers = [self._query_querier(initial)]
        else:
            tables = split_names(names, self._database)
            self._queriers = [self._table_querier(session, table, initial) for table in tables]
            self._queriers += [self._range_querier(key_range) for key_range in ranges]

    def _check_idle(self, config: Mapping[str, str]) -> None:
        if config.get(FETCHED, "true") == "true":
            raise ConfigException(
                "Task is being killed because it was not assigned a table nor a query to execute. If run in table mode "
                "please make sure that the tables exist on the database. If the table does exist on the database, we "
                "recommend using the fully qualified table name."
            )
        log.info("The list of tables isn't known yet: waiting for it")

    def _initial(self, session: Session) -> int:
        """Where the timestamp modes begin without an offset."""
        initial = self._settings["timestamp.initial"]
        if initial == -1:
            return session.now(self._settings.zone)
        return int(initial or 0) * 1_000_000

    def _query_querier(self, initial: int) -> Querier:
        settings = self._settings
        tracking = tracking_of(settings, None)
        if settings.is_incrementing and tracking.incrementing is None:
            raise ConfigException("'incrementing.column.name' must be provided with a custom query")
        partition = {"query": "query"}
        position = Position()
        if settings.mode != "bulk":
            stored = self.context.offset_storage_reader.offset(partition)
            position = position_of(stored, tracking, initial)
        source = Source(settings.query, settings.topic_prefix, None, partition)
        return Querier(source, tracking, position, settings, self._database)

    def _table_querier(self, session: Session, table: Table, initial: int) -> Querier:
        settings, database = self._settings, self._database
        sql_name = settings.name_of(database, table)
        tracking = checked_tracking(settings, session, table, sql_name)
        partition, older = {"protocol": "1", "table": str(table)}, {"table": table.name}
        position = Position()
        if settings.mode == "bulk":
            partition = older
        else:
            stored, fallback = self.context.offset_storage_reader.offsets([partition, older])
            position = position_of(fallback if stored is None else stored, tracking, initial)
            log.info("Table %s: going on behind %s", table, position)
        select = f"SELECT * FROM {sql_name}"  # noqa: S608  # quoted
        source = Source(select, settings.topic_prefix + table.name, table, partition)
        return Querier(source, tracking, position, settings, database)

    def _range_querier(self, key_range: KeyRange) -> Querier:
        settings, database = self._settings, self._database
        table, partition = key_range.table, key_range.partition
        after = start_of(key_range, self.context.offset_storage_reader.offset(partition))
        select = f"SELECT * FROM {settings.name_of(database, table)}"  # noqa: S608  # quoted
        source = Source(select, settings.topic_prefix + table.name, table, partition, key_range)
        return Querier(source, Tracking(key_range.column), Position(None, after), settings, database)

    def poll_batch(self) -> list[RecordBatch] | None:
        deadline = time.monotonic() + self._settings["poll.linger.ms"] / 1000
        while True:
            querier = self._current or self._next_querier(deadline)
            if querier is None:
                return None
            self._current = querier
            batch = self._read(querier)
            if batch is not None:
                return [batch]
            self._interrupter.rest()
            if self._interrupter.interrupted or time.monotonic() > deadline:
                return None

    def _next_querier(self, deadline: float) -> Querier | None:
        """The table that is due first, waited for; None when there is none now."""
        now = time.monotonic()
        first = heapq.nsmallest(1, self._queriers, key=lambda querier: querier.due)
        pause = (min(first[0].due, deadline) if first else deadline) - now
        if pause > 0 and self.context.wait(pause):
            return None
        return first[0] if first and first[0].due <= time.monotonic() else None

    def _read(self, querier: Querier) -> RecordBatch | None:
        """A batch; None at the end of the table, or when something went wrong that may go away."""
        is_new, was_open = self._session is None, querier.is_open
        try:
            session = self._connected()
            if session is None:
                return None
            with self._interrupter.watching(session.cancel):
                batch = querier.next_batch(session, self._settings["batch.max.rows"])
                if batch is None:
                    session.finish()
        except SqlError as error:
            self._lose_connection(querier)
            if self._interrupter.interrupted:
                return None
            if is_new or was_open or error.lasting:
                self._retry(querier, error)
            else:  # an idle connection that the server has closed meanwhile is no failure of the query
                log.info("The connection can't be used any more, opening another one: %s", error)
            return None
        except (ConnectException, DataException) as error:
            self._lose_connection(querier)
            inner = ConnectException("Error while processing table querier")
            inner.__cause__ = error
            raise ConnectException("Error while polling for records") from inner
        querier.failures = 0
        if batch is None:
            self._current = None
            querier.due = time.monotonic() + self._settings["poll.interval.ms"] / 1000
        return batch

    def _connected(self) -> Session | None:
        if self._session is None:
            with self._interrupter.watching(lambda: None):
                self._session = self._database.connect()
        return self._session

    def _lose_connection(self, querier: Querier) -> None:
        querier.abandon()
        session, self._session = self._session, None
        self._current = None
        if session is not None:
            session.close()

    def _retry(self, querier: Querier, error: SqlError) -> None:
        """Have the query tried again later. Raises ConnectException when that won't help, or often enough didn't."""
        if error.lasting:
            raise ConnectException("Error while polling for records") from error
        querier.failures += 1
        attempts = self._settings["query.retry.attempts"]
        if 0 <= attempts < querier.failures:
            raise ConnectException(f"Failed to query table after retries: {querier.source.select}") from error
        pause = min(_FIRST_PAUSE * 2.0 ** min(querier.failures - 1, 16), _LONGEST_PAUSE)
        querier.due = time.monotonic() + pause
        log.warning(
            "Query failed %d time(s), next attempt in %.1f s (%s): %s",
            querier.failures,
            pause,
            "without end" if attempts < 0 else f"{attempts} attempts",
            error,
        )

    def stop(self) -> None:
        if hasattr(self, "_interrupter"):
            self._interrupter.close()
            if self._session is not None:
                self._session.close()
                self._session = None
