"""Databases for the recorded scenarios: an empty one each, on the real servers."""

from __future__ import annotations

import itertools
import sqlite3
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pymysql

from tests.services import MariaDB, MySQL
from tests.services.postgresql import PostgreSQL

_NUMBERS = itertools.count(1)


class ScenarioDatabase(Protocol):
    """An empty database, and a connection that runs the scenario's statements."""

    placeholders: dict[str, str]

    def execute(self, statements: Sequence[str]) -> None:
        """Run statements, each in a transaction of its own."""

    def close(self) -> None:
        """Drop the database."""


def _name() -> str:
    return f"db{next(_NUMBERS)}_{uuid.uuid4().hex[:8]}"


class MySqlDatabase:
    """On MariaDB or MySQL; ``driver`` is the Java driver whose ways are asked for: ``mariadb`` or ``mysql``."""

    def __init__(self, server: MariaDB | MySQL, driver: str) -> None:
        self._name = _name()
        login: dict[str, Any] = {"user": server.user_name, "password": server.password, "charset": "utf8mb4"}
        self._connection = pymysql.connect(host="127.0.0.1", port=server.port, autocommit=True, **login)
        self.execute([f"CREATE DATABASE {self._name} CHARACTER SET utf8mb4", f"USE {self._name}"])
        self.placeholders = {
            "DB": self._name,
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "USER": server.user_name,
            "PASSWORD": server.password,
            "URL": f"jdbc:{driver}://127.0.0.1:{server.port}/{self._name}",
        }

    def execute(self, statements: Sequence[str]) -> None:
        with self._connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def close(self) -> None:
        self.execute([f"DROP DATABASE {self._name}"])
        self._connection.close()


class PostgreSqlDatabase:
    """On PostgreSQL."""

    def __init__(self, server: PostgreSQL) -> None:
        self._name, self._server = _name(), server
        self._admin(f"CREATE DATABASE {self._name}")
        self._connection = psycopg.connect(self._address(self._name), autocommit=True)
        self.placeholders = {
            "DB": self._name,
            "HOST": "127.0.0.1",
            "PORT": str(server.port),
            "USER": server.user_name,
            "PASSWORD": "",
            "URL": f"jdbc:postgresql://127.0.0.1:{server.port}/{self._name}",
        }

    def _address(self, database: str) -> str:
        return f"postgresql://{self._server.user_name}@127.0.0.1:{self._server.port}/{database}"

    def _admin(self, statement: str) -> None:
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def execute(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self._connection.execute(statement.encode())

    def close(self) -> None:
        self._connection.close()
        self._admin(f"DROP DATABASE {self._name} WITH (FORCE)")


class SqliteDatabase:
    """A new file."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"{_name()}.db"
        self._connection = sqlite3.connect(path, isolation_level=None)
        self.placeholders = {
            "DB": "",
            "HOST": "",
            "PORT": "",
            "USER": "",
            "PASSWORD": "",
            "URL": f"jdbc:sqlite:{path}",
        }

    def execute(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self._connection.execute(statement)

    def close(self) -> None:
        self._connection.close()
