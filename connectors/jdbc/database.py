"""The narrow door to a database: what each kind of database does for the rest of this connector.

A :class:`Session` is one connection; its methods are called from one thread, except ``cancel``. One result is open at
a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from connect.api import ConnectException
from connectors.jdbc.columns import Column
from connectors.jdbc.instants import to_nanos
from connectors.jdbc.jdbc_url import JdbcUrl


class SqlError(ConnectException):
    """What the database or its driver complained about.

    ``lasting``: trying again won't help (syntax, unknown table, missing permission). ``state`` and ``code`` are the SQL
    state and the database's own number, where known.
    """

    java_class = "java.sql.SQLException"

    def __init__(self, message: str, *, lasting: bool = False, state: str = "", code: int = 0) -> None:
        super().__init__(message)
        self.lasting = lasting
        self.state = state
        self.code = code


class Table(NamedTuple):
    """A table's place; parts that a database doesn't have are None."""

    catalog: str | None
    schema: str | None
    name: str

    @property
    def parts(self) -> list[str]:
        """The parts that there are, from the outermost."""
        return [part for part in self if part is not None]

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column as the database's catalogue describes it."""

    name: str
    nullable: bool
    auto_increment: bool = False
    type_name: str = ""
    primary: bool = False


class TableFilter(NamedTuple):
    """Which tables the catalogue shows; None: all."""

    catalog: str | None = None
    schema: str | None = None
    types: Sequence[str] = ("TABLE",)


class ResultSet(Protocol):
    """The rows of a query, read as they come: none are held but those of the last fetch."""

    @property
    def columns(self) -> Sequence[Column]:
        """The columns, in order."""

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        """The next rows, at most ``size``; none at the end. Raises SqlError."""

    def close(self) -> None:
        """Give up the rest."""


class Session(ABC):
    """An open connection."""

    @abstractmethod
    def tables(self, wanted: TableFilter) -> list[Table]:
        """The tables that the catalogue shows, by type, schema and name. Raises SqlError."""

    @abstractmethod
    def table_columns(self, table: Table) -> list[TableColumn]:
        """The columns of a table, in order; none if there is no such table. Raises SqlError."""

    @abstractmethod
    def query(self, sql: str, table: Table | None = None) -> ResultSet:
        """Run a query whose rows are read with a server-side cursor; ``table``: it asks for all columns of that one.

        Raises SqlError.
        """

    @abstractmethod
    def now(self, zone: ZoneInfo) -> int:
        """The database's current time, in nanoseconds since the epoch; ``zone``: db.timezone. Raises SqlError."""

    @abstractmethod
    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        """An instant as SQL, to compare with timestamp columns."""

    def last_literal(self, nanos: int, zone: ZoneInfo) -> str:
        """The last instant that reads as ``nanos``: later where a database is finer than Python's microseconds."""
        return self.timestamp_literal(nanos, zone)

    @abstractmethod
    def cancel(self) -> None:
        """End the running query, from another thread; it then raises SqlError."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection, whatever its state."""

    def finish(self) -> None:  # noqa: B027  # optional
        """Called when a result was read to its end: leave the transaction."""

    def instant(self, value: Any, zone: ZoneInfo) -> int | None:
        """Nanoseconds since the epoch of a timestamp column's value; None for null."""
        return None if value is None else to_nanos(value, zone)


class Database(ABC):
    """A database to connect to."""

    quote = ('"', '"')
    """What stands before and behind quoted names."""

    def __init__(self, url: JdbcUrl) -> None:
        self.url = url

    @abstractmethod
    def connect(self) -> Session:
        """Open a connection. Raises SqlError, or ConfigException when the driver isn't installed."""

    def table(self, parts: Sequence[str]) -> Table:
        """A table by the parts of its name, from the outermost."""
        padded = [None] * (3 - len(parts)) + list(parts)
        return Table(*padded[:3])  # type: ignore[arg-type]  # the last part is there

    def quoted(self, *names: str) -> str:
        """Names as SQL, quoted, with dots between."""
        before, behind = self.quote
        return ".".join(f"{before}{name.replace(behind, behind * 2)}{behind}" for name in names)
