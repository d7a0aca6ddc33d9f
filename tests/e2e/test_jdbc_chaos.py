"""Three kills; many more of them are in tests/soak."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.e2e.jdbc_chaos import WORKER, JdbcChaos
from tests.services import ConnectWorker, MariaDB


def test_every_committed_row_is_in_the_topic(connect_worker: Callable[..., ConnectWorker]) -> None:
    worker = connect_worker(WORKER)
    with MariaDB() as server:
        JdbcChaos(worker, server, random.randrange(1, 10**9)).play(kills=3)
