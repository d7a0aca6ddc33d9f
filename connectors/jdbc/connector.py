"""JdbcSourceConnector: finds the tables and shares them among tasks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connect.api import ConfigValue, ConnectException, ExactlyOnceSupport, SourceConnector, SourceTask
from connectors.jdbc.config import CONFIG
from connectors.jdbc.database import Table
from connectors.jdbc.monitor import TableMonitor
from connectors.jdbc.ranges import RANGES, KeyRange, ranges_of, write_ranges
from connectors.jdbc.settings import Settings, connect
from connectors.jdbc.tables import find_tables, in_groups
from connectors.jdbc.task import FETCHED, TABLES, JdbcSourceTask
from connectors.jdbc.validation import validate

log = logging.getLogger(__name__)

_KEYS = ("incrementing", "timestamp", "timestamp_nanos")


class JdbcSourceConnector(SourceConnector):
    """Copies tables, or the result of a query, of a relational database: all rows, or those that are new or changed.

    At least once. Deleted rows aren't noticed. Rows that are committed late, behind others with a higher id or a later
    time, are lost unless ``timestamp.delay.interval.ms`` or ``safe.read.window.ms`` allow for them.
    """

    CONFIG = CONFIG
    VERSION = "10.10.0"
    EXAMPLE = {
        "name": "rentals",
        "config": {
            "connection.url": "jdbc:mysql://db.example:3306/sakila",
            "connection.user": "connect",
            "connection.password": "${file:/etc/connect/secrets.properties:password}",
            "table.whitelist": "rental",
            "mode": "timestamp+incrementing",
            "timestamp.column.name": "last_update",
            "incrementing.column.name": "rental_id",
            "topic.prefix": "sakila-",
        },
    }

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        self._monitor: TableMonitor | None = None
        self._stopping = threading.Event()
        settings = Settings(config)
        self._settings = settings
        self._database = settings.database()
        session = connect(settings, self._database, self._stopping.wait)
        if session is None:
            return
        if settings.query:
            session.close()
            return
        self._monitor = TableMonitor(
            settings, self._database, session, self.context.request_task_reconfiguration, self.context.raise_error
        )
        self._monitor.start()

    def task_class(self) -> type[SourceTask]:
        return JdbcSourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        if self._settings.query:
            return [{**self._config, TABLES: "", FETCHED: "true"}]
        tables = None if self._monitor is None else self._monitor.tables()
        if self._monitor is not None and self._monitor.failure is not None:
            return []
        if tables is None:
            log.warning("The list of tables isn't known yet: one task waits for it")
            return [{**self._config, TABLES: "", FETCHED: "false"}]
        if not tables:
            log.warning("No table matches the filters")
            return [{**self._config, TABLES: "", FETCHED: "true"}]
        parts = self._parts(tables)
        return [self._task_config(group) for group in in_groups(parts, max_tasks)]

    def _parts(self, tables: Sequence[Table]) -> list[Table | KeyRange]:
        """What tasks share: tables, and ranges of those that are split."""
        if self._settings.mode != "bulk" or not self._settings["bulk.range.size"]:
            return list(tables)
        session = connect(self._settings, self._database, self._stopping.wait)
        if session is None:
            return list(tables)
        parts: list[Table | KeyRange] = []
        try:
            for table in tables:
                parts += ranges_of(self._settings, self._database, session, table) or [table]
        finally:
            session.close()
        return parts

    def _task_config(self, parts: Sequence[Table | KeyRange]) -> dict[str, str]:
        names = [self._settings.name_of(self._database, part) for part in parts if isinstance(part, Table)]
        ranges = [part for part in parts if isinstance(part, KeyRange)]
        config = {**self._config, TABLES: ",".join(names), FETCHED: "true"}
        return config | ({RANGES: write_ranges(ranges)} if ranges else {})

    def stop(self) -> None:
        if hasattr(self, "_stopping"):
            self._stopping.set()
            if self._monitor is not None:
                self._monitor.stop()
                self._monitor = None

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        return validate(config)

    @classmethod
    def live_checks(cls, config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        settings = Settings(config)
        if settings["query"] or settings["query.masked"]:
            return
        database = settings.database()
        session = connect(settings, database, lambda _seconds: False)
        if session is None:
            return
        try:
            if not find_tables(settings, database, session):
                yield "connection.url", "No table is selected: the connector will have nothing to read."
        finally:
            session.close()

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport:
        return ExactlyOnceSupport.UNSUPPORTED

    def alter_offsets(
        self, config: Mapping[str, str], offsets: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
    ) -> bool:
        for partition, offset in offsets:
            if offset is None:
                continue  # a reset is welcome whatever it is that it removes
            if partition is None or not {"table", "query"} & partition.keys():
                raise ConnectException("Partition objects should contain the key 'table' or 'query'")
            _check_offset(offset)
        return True


def _check_offset(offset: Mapping[str, Any]) -> None:
    if not any(key in offset for key in _KEYS[:2]):
        raise ConnectException("Offset objects should contain the key 'incrementing' or 'timestamp'")
    for key in _KEYS:
        if offset.get(key) is not None and type(offset[key]) is not int:
            raise ConnectException(f"The value for the '{key}' key in the offset is expected to be a Long value")
