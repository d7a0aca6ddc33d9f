"""Writers that commit and roll back at random, on a MariaDB server that may be killed at any moment."""

from __future__ import annotations

import random
import threading
from types import TracebackType

import pymysql

from tests.integration.jdbc_task import connected, run
from tests.services import MariaDB

_BROKEN = (pymysql.MySQLError, OSError)


class Writers:
    """Threads that insert rows and change their own, until the end of the ``with`` block.

    ``rolled_back`` are the versions (id and text) that nobody may ever see.
    """

    def __init__(self, server: MariaDB, table: str, count: int, seed: int) -> None:
        self.rolled_back: set[tuple[int, str]] = set()
        self.commits = 0
        self._server = server
        self._table = table
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(n, random.Random(seed + n))) for n in range(count)]

    def __enter__(self) -> Writers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int, chance: random.Random) -> None:
        version, own = 0, list[int]()
        while not self._ended.is_set():
            try:
                connection = connected(self._server)
                while not self._ended.is_set():
                    version += 1
                    self._transaction(connection, f"{writer}-{version}", own, chance)
            except _BROKEN:
                self._ended.wait(0.2)

    def _transaction(
        self, connection: pymysql.Connection[pymysql.cursors.Cursor], text: str, own: list[int], chance: random.Random
    ) -> None:
        connection.begin()
        if own and chance.random() < 0.4:
            number = chance.choice(own)
            run(connection, f"update {self._table} set v = '{text}' where id = {number}")
        else:
            run(connection, f"insert into {self._table} (v) values ('{text}')")
            number = connection.insert_id()
        self._ended.wait(chance.random() * 0.5)
        if chance.random() < 0.2:
            self.rolled_back.add((number, text))
            connection.rollback()
            return
        connection.commit()
        self.commits += 1
        if number not in own:
            own.append(number)
