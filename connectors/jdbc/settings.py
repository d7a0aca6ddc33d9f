"""The configuration as the connector and its tasks use it, and the way from it to a database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connectors.jdbc.columns import Mapping as ColumnMapping
from connectors.jdbc.config import CONFIG
from connectors.jdbc.database import Database, Session, SqlError, Table
from connectors.jdbc.jdbc_url import GENERIC, MYSQL, POSTGRESQL, SQLITE, SQLSERVER, parse_jdbc_url

log = logging.getLogger(__name__)

_CONNECTION = "connection."
_GENERIC_NAME = "genericdatabasedialect"
_OWN = ("connection.url", "connection.user", "connection.password", "connection.attempts", "connection.backoff.ms")


class Settings:
    """The parsed keys by name, and what follows from several of them. Raises ConfigException."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self._values = CONFIG.parse(config)
        self._config = config
        self.mode: str = self["mode"]
        self.query: str = self["query"] or (self["query.masked"].value if self["query.masked"] else "")
        self.topic_prefix: str = self["topic.prefix"] or ""
        self.zone = ZoneInfo(self["db.timezone"])
        self.quotes = str(self["quote.sql.identifiers"]).lower() != "never"

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    @property
    def is_incrementing(self) -> bool:
        """Whether an id tells what is new."""
        return self.mode in ("incrementing", "timestamp+incrementing")

    @property
    def is_timestamp(self) -> bool:
        """Whether a time tells what is new."""
        return self.mode in ("timestamp", "timestamp+incrementing")

    def column_mapping(self) -> ColumnMapping:
        """How columns become fields."""
        numeric = self["numeric.mapping"] or ("precision_only" if self["numeric.precision.mapping"] else "none")
        is_legacy = self["date.calendar.system"] == "LEGACY"
        return ColumnMapping(self.zone, self["timestamp.granularity"], numeric, self["unsupported.types"], is_legacy)

    def database(self) -> Database:
        """What ``connection.url`` leads to. Raises ConfigException when it can't be read."""
        more = {
            name.removeprefix(_CONNECTION): value
            for name, value in self._config.items()
            if name.startswith(_CONNECTION) and name not in _OWN and value is not None
        }
        url = parse_jdbc_url(self["connection.url"] or "", more, self["dialect.name"])
        user = self["connection.user"]
        password = self["connection.password"].value if self["connection.password"] else None
        isolation = self["transaction.isolation.mode"]
        # Imported when needed: a task holds the driver of its own database only.
        if url.dialect == GENERIC or self["dialect.name"].lower() == _GENERIC_NAME:
            from connectors.jdbc.generic import GenericDatabase

            return GenericDatabase(url, user, password, isolation)
        if url.dialect == MYSQL:
            from connectors.jdbc.mysql import MySqlDatabase

            return MySqlDatabase(url, user, password, self["driver.name"], isolation)
        if url.dialect == POSTGRESQL:
            from connectors.jdbc.postgresql import PostgreSqlDatabase

            return PostgreSqlDatabase(url, user, password, isolation)
        if url.dialect == SQLITE:
            from connectors.jdbc.sqlite import SqliteDatabase

            return SqliteDatabase(url)
        if url.dialect == SQLSERVER:
            from connectors.jdbc.sqlserver import SqlServerDatabase

            return SqlServerDatabase(url, user, password, isolation)
        from connectors.jdbc.oracle import OracleDatabase

        return OracleDatabase(url, user, password, isolation, self.zone)

    def name_of(self, database: Database, table: Table) -> str:
        """A table's qualified name as SQL."""
        return database.quoted(*table.parts) if self.quotes else str(table)

    def column_of(self, database: Database, name: str) -> str:
        """A column's name as SQL."""
        return database.quoted(name) if self.quotes else name


def connect(settings: Settings, database: Database, wait: Callable[[float], bool]) -> Session | None:
    """Connect, in as many attempts as configured; None when ``wait`` says that it's time to stop.

    Raises the last attempt's SqlError, or at once what won't get better (ConfigException, wrong password).
    """
    attempts = settings["connection.attempts"]
    for attempt in range(1, attempts + 1):
        try:
            return database.connect()
        except SqlError as error:
            if error.lasting or attempt == attempts:
                raise
            pause = settings["connection.backoff.ms"] / 1000
            log.warning("Attempt %d of %d to connect failed, next in %s s: %s", attempt, attempts, pause, error)
            if wait(pause):
                return None
    raise ConfigException("connection.attempts", attempts, "Value must be at least 1")
