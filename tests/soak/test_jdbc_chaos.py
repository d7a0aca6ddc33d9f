"""Fifty writers, and ``CONNECT_SOAK_KILLS`` (60) kills of tasks and database; ``CONNECT_SOAK_SEED`` repeats a run."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from tests.e2e.jdbc_chaos import WORKER, JdbcChaos
from tests.services import ConnectWorker, MariaDB

KILLS = int(os.environ.get("CONNECT_SOAK_KILLS") or (60 if os.environ.get("CONNECT_SOAK") else 4))
SEED = int(os.environ.get("CONNECT_SOAK_SEED", "0")) or random.randrange(1, 10**9)


def test_many_kills_lose_no_row(
    connect_worker: Callable[..., ConnectWorker], capsys: pytest.CaptureFixture[str]
) -> None:
    worker = connect_worker(WORKER)
    with MariaDB() as server:
        told = JdbcChaos(worker, server, SEED).play(KILLS)
    with capsys.disabled():
        print(f"\n{told}")
