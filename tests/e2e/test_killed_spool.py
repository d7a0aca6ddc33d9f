"""A spool directory's task is killed in the midst of its files."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.e2e.killed_spool import KilledSpool
from tests.services import ConnectWorker


def test_a_killed_task_loses_no_row(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    spool = KilledSpool(connect_worker({"offset.flush.interval.ms": "200"}), tmp_path, files=6, rows=40_000)
    spool.start()
    assert spool.kill_often(4, random.Random(11)) >= 2
    assert spool.expect_nothing_lost() < len(spool.expected)


def test_with_exactly_once_no_row_is_there_twice(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    worker = connect_worker({"exactly.once.source.support": "enabled"})
    spool = KilledSpool(worker, tmp_path, files=4, rows=20_000)
    spool.start({"exactly.once.support": "required"})
    assert spool.kill_often(3, random.Random(12)) >= 1
    assert spool.expect_nothing_lost() == 0
