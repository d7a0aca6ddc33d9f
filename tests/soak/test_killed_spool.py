"""A spool directory's task is killed a hundred times in the midst of twenty files."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.e2e.killed_spool import KilledSpool
from tests.services import ConnectWorker


def test_a_hundred_kills_lose_no_row(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    worker = connect_worker({"offset.flush.interval.ms": "200"})
    rng = random.Random(5)
    kills, round_number = 0, 0
    while kills < 100:
        root = tmp_path / str(round_number)
        root.mkdir()
        spool = KilledSpool(worker, root, files=20, rows=50_000)
        spool.start()
        kills += spool.kill_often(100 - kills, rng)
        spool.expect_nothing_lost()
        spool.remove()
        round_number += 1
