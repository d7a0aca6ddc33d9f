"""Workers restart in turn; records flow on. The long version is among the soak tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.integration.cluster.bounces import bounce, expect_numbers, expect_shared, flowing
from tests.integration.cluster.group_of_workers import WorkerGroup, worker_id
from tests.services import KafkaBroker


def test_clean_restarts_lose_and_repeat_nothing(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        bounce(group, rounds=1, clean=True)


def test_a_worker_that_sleeps_longer_than_its_session_stops_its_tasks_and_returns(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    names = ["s0", "s1"]
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        awake, asleep = group.add(), group.add()
        sources = [group.source(name) for name in names]
        with flowing(sources):
            expect_shared([awake, asleep], names)
            os.kill(asleep.pid, signal.SIGSTOP)
            expect_shared([awake], names)
            os.kill(asleep.pid, signal.SIGCONT)
            expect_shared([awake, asleep], names)
        assert "is out of the group" in asleep.log()
        assert worker_id(awake) != worker_id(asleep)
        for lines in sources:
            expect_numbers(group.numbers, lines, exactly=False)
