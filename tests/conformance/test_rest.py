"""The recorded REST scenarios of Kafka Connect, replayed against workers of ours: one worker per profile, one broker.

Scenarios for two workers need a cluster and are replayed elsewhere: here are those whose ``workers`` is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.rest_replay import Json, replayer, scenarios
from tests.conformance.rest_worker import ConnectWorker
from tests.services import KafkaBroker

WAIT_SECONDS = 60
FOREIGN = "org.apache.kafka.connect.mirror."
"""Connectors that the recorded workers had on their class path, and that are no part of this distribution."""


def _without_foreign_plugins(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_foreign_plugins(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_foreign_plugins(item) for item in value if not _is_foreign(item)]
    return value


def _is_foreign(item: Any) -> bool:
    return isinstance(item, dict) and str(item.get("class", "")).startswith(FOREIGN)


SCENARIOS = scenarios(workers=1)


@pytest.fixture(scope="session")
def worker_of(kafka_broker: KafkaBroker) -> Iterator[Callable[[Json], ConnectWorker]]:
    """The worker of a scenario's profile, started when the first scenario asks for it."""
    workers: dict[str, ConnectWorker] = {}
    with ExitStack() as stack:

        def find(scenario: Json) -> ConnectWorker:
            profile = scenario["profile"]
            if profile not in workers:
                standalone = scenario["mode"] == "standalone"
                worker = ConnectWorker(kafka_broker.bootstrap_servers, scenario["workerConfig"], standalone=standalone)
                workers[profile] = stack.enter_context(worker)
            return workers[profile]

        yield find


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_a_worker_answers_as_recorded(
    scenario: Json, worker_of: Callable[[Json], ConnectWorker], tmp_path: Path
) -> None:
    """Every request of a scenario gets the recorded status, headers and body."""
    worker = worker_of(scenario)
    wanted = _without_foreign_plugins(scenario)
    assert replayer.replay(wanted, [worker.address], tmp_path, worker.group, WAIT_SECONDS) == []
