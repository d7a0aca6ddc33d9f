"""The table that the demo copies: in a MariaDB that the user names, or in an SQLite file."""

from __future__ import annotations

import datetime as dt
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from connect.demo.process import DemoFailed

TABLE = "rental"
ROWS = 2000
Row = tuple[int, str, int, int, str | None, int, str]
Description = list[tuple[str, str, str]]
"""Name, type and nullability of each column."""

_COLUMNS = "rental_id, rental_date, inventory_id, customer_id, return_date, staff_id, last_update"
_MARIADB_TABLE = f"""CREATE TABLE {TABLE} (
  rental_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  rental_date DATETIME NOT NULL,
  inventory_id MEDIUMINT UNSIGNED NOT NULL,
  customer_id SMALLINT UNSIGNED NOT NULL,
  return_date DATETIME NULL,
  staff_id TINYINT UNSIGNED NOT NULL,
  last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)"""
_SQLITE_TABLE = f"""CREATE TABLE {TABLE} (
  rental_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  rental_date TIMESTAMP NOT NULL,
  inventory_id INTEGER NOT NULL,
  customer_id SMALLINT NOT NULL,
  return_date TIMESTAMP,
  staff_id TINYINT NOT NULL,
  last_update TIMESTAMP NOT NULL
)"""


def rentals(count: int = ROWS) -> Iterator[Row]:
    """Made-up rentals of a summer: every twentieth film isn't back yet."""
    start = dt.datetime(2005, 5, 24, 22, 53, 30)  # noqa: DTZ001  # databases have no zone here
    for number in range(1, count + 1):
        rented = start + dt.timedelta(minutes=37 * number)
        returned = None if number % 20 == 0 else rented + dt.timedelta(hours=20 + number * 7 % 150)
        updated = returned or rented
        yield (
            number,
            rented.isoformat(" "),
            number * 367 % 4581 + 1,
            number * 131 % 599 + 1,
            None if returned is None else returned.isoformat(" "),
            number % 2 + 1,
            updated.isoformat(" "),
        )


class RentalDatabase(ABC):
    """A database with the table ``rental``; ``settings`` are the source connector's for it."""

    name: str
    settings: dict[str, str]

    @abstractmethod
    def ensure_table(self) -> int:
        """Create and fill the table unless it is there; returns its rows. Raises DemoFailed."""

    @abstractmethod
    def describe(self) -> Description:
        """The table's columns."""


class SqliteRentals(RentalDatabase):
    """A file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "sakila.db"
        self.name = f"SQLite file {self._file}"
        self.settings = {"connection.url": f"jdbc:sqlite:{self._file}"}

    def ensure_table(self) -> int:
        """Create and fill the table."""
        with sqlite3.connect(self._file) as connection:
            connection.execute(_SQLITE_TABLE)
            insert = f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # constants
            connection.executemany(insert, map(_with_millis, rentals()))
        connection.close()
        return ROWS

    def describe(self) -> Description:
        """The table's columns."""
        connection = sqlite3.connect(self._file)
        rows = connection.execute(f"PRAGMA table_info({TABLE})").fetchall()
        connection.close()
        return [(name, kind.lower(), "NO" if required else "YES") for _, name, kind, required, *_ in rows]


def _with_millis(row: Row) -> tuple[int | None, ...]:
    """Points in time as milliseconds since 1970: as text, JDBC's driver for SQLite can't compare them."""
    return tuple(_millis(value) if isinstance(value, str) else value for value in row)


def _millis(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000)


class MariaDbRentals(RentalDatabase):
    """The database of an address ``jdbc:mariadb://user:password@host:port/database``. Raises DemoFailed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url.removeprefix("jdbc:"))
        database = parts.path.strip("/")
        if parts.scheme not in ("mariadb", "mysql") or not parts.hostname or not database:
            raise DemoFailed(f"{url} isn't of the form jdbc:mariadb://user:password@host:port/database")
        self._address: dict[str, Any] = {
            "host": parts.hostname,
            "port": parts.port or 3306,
            "user": unquote(parts.username or "root"),
            "password": unquote(parts.password or ""),
            "database": database,
        }
        where = f"{self._address['host']}:{self._address['port']}/{database}"
        self.name = f"MariaDB at {where}"
        self.settings = {
            "connection.url": f"jdbc:{parts.scheme}://{where}",
            "connection.user": self._address["user"],
            "connection.password": self._address["password"],
            "catalog.pattern": database,
        }

    def ensure_table(self) -> int:
        """Create and fill the table unless the database has it already."""
        tables = self._run("SHOW TABLES LIKE %s", (TABLE,))
        if not tables:
            self._run(_MARIADB_TABLE)
            self._run_many(f"INSERT INTO {TABLE} ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)", list(rentals()))  # noqa: S608  # constants
        return int(self._run(f"SELECT COUNT(*) FROM {TABLE}")[0][0])  # noqa: S608  # constants

    def describe(self) -> Description:
        """The table's columns."""
        return [(row[0], row[1], row[2]) for row in self._run(f"DESCRIBE {TABLE}")]

    def _run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._with_cursor(lambda cursor: cursor.execute(statement, values))

    def _run_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._with_cursor(lambda cursor: cursor.executemany(statement, rows))

    def _with_cursor(self, act: Any) -> list[tuple[Any, ...]]:
        try:
            import pymysql
        except ImportError:
            raise DemoFailed("MariaDB needs a driver: pip install 'kafka-connect-worker[mysql]'") from None
        try:
            connection = pymysql.connect(**self._address, connect_timeout=10, autocommit=True)
            with connection, connection.cursor() as cursor:
                act(cursor)
                return list(cursor.fetchall())
        except pymysql.MySQLError as error:
            raise DemoFailed(f"{self.name}: {error.args[-1] if error.args else error}") from error
