"""Workers restart in turn; records flow on. The long version is among the soak tests."""

from __future__ import annotations

from pathlib import Path

from tests.integration.cluster.bounces import bounce
from tests.integration.cluster.group_of_workers import WorkerGroup
from tests.services import KafkaBroker


def test_clean_restarts_lose_and_repeat_nothing(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        bounce(group, rounds=1, clean=True)
