"""Kill -9 of tasks, worker and broker at random moments (see ``tests/e2e/chaos.py``), 200 times.

``CONNECT_SOAK_KILLS`` makes it another number; ``CONNECT_SOAK_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.chaos import Chaos, duplicates
from tests.services import KafkaBroker

KILLS = int(os.environ.get("CONNECT_SOAK_KILLS", "200"))
SEED = int(os.environ.get("CONNECT_SOAK_SEED", "0")) or random.randrange(1, 10**9)


@pytest.fixture
def broker() -> Iterator[KafkaBroker]:
    with KafkaBroker() as broker:
        yield broker


def _victims() -> list[str]:
    choice = random.Random(SEED)
    first = ["child", "child", "worker", "broker"]
    more = choice.choices(("child", "worker", "broker"), (3, 1, 1), k=max(0, KILLS - len(first)))
    return (first + more)[:KILLS]


def test_no_line_is_lost(broker: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Chaos(broker, tmp_path, SEED, exactly_once=False)
    run.play(_victims())
    assert not run.lost
    with capsys.disabled():
        print(
            f"\n{KILLS} kills, seed {SEED}: {run.lines} lines, 0 lost; twice in the topic {duplicates(run.in_topic)}, "
            f"in the sink's file {duplicates(run.in_file)}, torn there {run.torn}"
        )


def test_exactly_once_no_line_is_lost_or_seen_twice(
    broker: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Chaos(broker, tmp_path, SEED, exactly_once=True)
    run.play(_victims())
    assert not run.lost
    assert duplicates(run.in_topic) == 0
    with capsys.disabled():
        print(f"\n{KILLS} kills, seed {SEED}: {run.lines} lines, 0 lost, 0 seen twice")
