"""The JDBC source keeps the promises that the kit for authors checks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import ClassVar

from connect.testing import SourceConformance


class TestIncrementing(SourceConformance):
    topic = "db-ratings"
    mode: ClassVar[dict[str, str]] = {"mode": "incrementing", "incrementing.column.name": "id"}

    def config(self, tmp_path: Path) -> dict[str, str]:
        self._execute(tmp_path)
        return {
            "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
            "connection.url": f"jdbc:sqlite:{tmp_path / 'shop.db'}",
            "table.whitelist": "ratings",
            "topic.prefix": "db-",
            "poll.interval.ms": "20",
            **self.mode,
        }

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        return [{"mode": "sideways"}, {"connection.url": "jdbc:nosuch:x"}]

    def add_input(self, tmp_path: Path, first: int, count: int) -> None:
        self._execute(tmp_path, *(f"({number + 1}, {number % 5})" for number in range(first, first + count)))

    def _execute(self, tmp_path: Path, *rows: str) -> None:
        with closing(sqlite3.connect(tmp_path / "shop.db")) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS ratings (id INTEGER PRIMARY KEY NOT NULL, stars INTEGER)")
            if rows:
                database.execute(f"INSERT INTO ratings VALUES {', '.join(rows)}")
