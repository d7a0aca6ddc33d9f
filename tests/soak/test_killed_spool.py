"""A spool directory's task is killed a hundred times in the midst of twenty files, with and without transactions."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.killed_spool import KilledSpool
from tests.services import ConnectWorker

KILLS = 100


@pytest.mark.parametrize(
    ("properties", "config"),
    [
        ({"offset.flush.interval.ms": "200"}, {}),
        ({"exactly.once.source.support": "enabled"}, {"exactly.once.support": "required", "batch.size": "500"}),
    ],
    ids=["at-least-once", "exactly-once"],
)
def test_kills_lose_no_row(
    connect_worker: Callable[..., ConnectWorker],
    tmp_path: Path,
    properties: Mapping[str, str],
    config: Mapping[str, str],
) -> None:
    worker = connect_worker(properties)
    rng = random.Random(5)
    kills = rounds = rows = again = 0
    while kills < KILLS:
        root = tmp_path / str(rounds)
        root.mkdir()
        spool = KilledSpool(worker, root, files=20, rows=50_000)
        spool.start(config)
        kills += spool.kill_often(KILLS - kills, rng)
        again += spool.expect_nothing_lost(timeout=900)
        spool.remove()
        rounds += 1
        rows += len(spool.expected)
        sys.stdout.write(f"{kills} kills in {rounds} rounds: {rows} rows, {again} of them more than once\n")
        sys.stdout.flush()
    if config:
        assert again == 0
