"""A few kills while lines are copied; many more of them, of the broker too, are in tests/soak."""

from __future__ import annotations

import random
from pathlib import Path

from tests.e2e.chaos import Chaos, duplicates
from tests.services import KafkaBroker


def test_no_line_is_lost_when_tasks_are_killed(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    run = Chaos(kafka_broker, tmp_path, random.randrange(1, 10**9), exactly_once=False)
    run.play(["child", "child"], longest_pause=0.5)
    assert not run.lost


def test_exactly_once_no_line_is_lost_or_seen_twice_when_task_and_worker_are_killed(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    run = Chaos(kafka_broker, tmp_path, random.randrange(1, 10**9), exactly_once=True)
    run.play(["child", "worker"], longest_pause=0.5)
    assert not run.lost
    assert duplicates(run.in_topic) == 0
