"""A driver's connection that answers queries as it was told to, and keeps what it was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

Rows = Sequence[tuple[Any, ...]]


class FakeConnection:
    """``answers``: rows, or an error to raise, by a regular expression that the query matches."""

    def __init__(self, answers: Mapping[str, Rows | BaseException], description: Sequence[Any] = ()) -> None:
        self.answers = answers
        self.description = description
        self.asked: list[str] = []
        self.called: list[str] = []

    def cursor(self) -> FakeCursor:
        return FakeCursor(self)

    def cancel(self) -> None:
        self.called.append("cancel")

    def rollback(self) -> None:
        self.called.append("rollback")

    def close(self) -> None:
        self.called.append("close")


class FakeCursor:
    """What the drivers' cursors have in common."""

    def __init__(self, connection: FakeConnection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description = connection.description

    def __enter__(self) -> FakeCursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def parse(self, sql: str) -> None:
        self._connection.asked.append(f"parse {sql}")

    def execute(self, sql: str, **_options: Any) -> None:
        self._connection.asked.append(sql)
        for pattern, answer in self._connection.answers.items():
            if re.search(pattern, sql):
                if isinstance(answer, BaseException):
                    raise answer
                self._rows = list(answer)
                return
        self._rows = []

    def fetchall(self) -> Rows:
        return self.fetchmany(len(self._rows))

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def cancel(self) -> None:
        self._connection.called.append("cursor.cancel")

    def close(self) -> None:
        self._connection.called.append("cursor.close")


class FakeSocket(SimpleNamespace):
    """A socket that is only ever shut down."""

    ended = False

    def shutdown(self, _how: int) -> None:
        self.ended = True

    def close(self) -> None:
        self.ended = True
