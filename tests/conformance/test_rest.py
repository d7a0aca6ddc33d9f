"""The recorded REST scenarios of Kafka Connect, replayed against workers of ours: a cluster per profile, one broker."""

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


@pytest.fixture(scope="session")
def workers_of(kafka_broker: KafkaBroker) -> Iterator[Callable[[Json], list[ConnectWorker]]]:
    """The workers of a scenario: a cluster per profile and size, started when the first scenario asks for it.

    The first worker is the leader, since it is there before the others.
    """
    clusters: dict[tuple[str, int], list[ConnectWorker]] = {}
    with ExitStack() as stack:

        def find(scenario: Json) -> list[ConnectWorker]:
            key = scenario["profile"], scenario["workers"]
            if key not in clusters:
                clusters[key] = []
                for _ in range(scenario["workers"]):
                    group = clusters[key][0].group if clusters[key] else None
                    standalone = scenario["mode"] == "standalone"
                    properties = scenario["workerConfig"]
                    worker = ConnectWorker(
                        kafka_broker.bootstrap_servers, properties, standalone=standalone, group=group
                    )
                    clusters[key].append(stack.enter_context(worker))
            return clusters[key]

        yield find


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario["id"])
def test_workers_answer_as_recorded(
    scenario: Json, workers_of: Callable[[Json], list[ConnectWorker]], tmp_path: Path
) -> None:
    """Every request of a scenario gets the recorded status, headers and body."""
    workers = workers_of(scenario)
    urls = [worker.address for worker in workers]
    wanted = _without_foreign_plugins(scenario)
    assert replayer.replay(wanted, urls, tmp_path, workers[0].group, WAIT_SECONDS) == []
