"""The recorded REST scenarios of Kafka Connect, replayed against workers of ours: clusters per profile, one broker.

Most of a scenario is waiting, so that the clusters are replayed against side by side, each by a thread of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.rest_replay import Json, replayer, scenarios
from tests.conformance.rest_worker import ConnectWorker
from tests.services import KafkaBroker

WAIT_SECONDS = 60
CLUSTERS_OF_MANY = 2
"""How many clusters share the scenarios of the profile that most have."""

Replays = dict[str, Future[list[str]]]
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


def _cluster_of(scenario: Json, number: int) -> tuple[str, int, int]:
    many = scenario["profile"] == "default" and scenario["workers"] == 1
    return scenario["profile"], scenario["workers"], number % CLUSTERS_OF_MANY if many else 0


def _start(stack: ExitStack, broker: KafkaBroker, scenario: Json) -> list[ConnectWorker]:
    """The workers of a cluster. The first is the leader, since it is there before the others."""
    workers: list[ConnectWorker] = []
    for _ in range(scenario["workers"]):
        worker = ConnectWorker(
            broker.bootstrap_servers,
            scenario["workerConfig"],
            standalone=scenario["mode"] == "standalone",
            group=workers[0].group if workers else None,
        )
        workers.append(stack.enter_context(worker))
    return workers


def _replay_all(broker: KafkaBroker, cluster: list[Json], folder: Path, replays: Replays) -> None:
    with ExitStack() as stack:
        try:
            workers = _start(stack, broker, cluster[0])
        except Exception as error:
            for scenario in cluster:
                replays[scenario["id"]].set_exception(error)
            return
        urls = [worker.address for worker in workers]
        for scenario in cluster:
            wanted = _without_foreign_plugins(scenario)
            found = replayer.replay(wanted, urls, folder, workers[0].group, WAIT_SECONDS)
            replays[scenario["id"]].set_result(found)


@pytest.fixture(scope="session")
def replays(
    request: pytest.FixtureRequest, kafka_broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replays]:
    """What is wrong with the answers, by scenario; of the scenarios that were chosen to be run."""
    folder = tmp_path_factory.mktemp("rest")
    chosen = {item.callspec.params["scenario"]["id"] for item in request.session.items if _is_replay(item)}
    clusters: dict[tuple[str, int, int], list[Json]] = defaultdict(list)
    for number, scenario in enumerate(each for each in scenarios() if each["id"] in chosen):
        clusters[_cluster_of(scenario, number)].append(scenario)
    found: Replays = {name: Future() for name in chosen}
    with ThreadPoolExecutor(len(clusters)) as pool:
        for cluster in clusters.values():
            pool.submit(_replay_all, kafka_broker, cluster, folder, found)
        yield found


def _is_replay(item: Any) -> bool:
    return item.function is test_workers_answer_as_recorded


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario["id"])
def test_workers_answer_as_recorded(scenario: Json, replays: Replays) -> None:
    """Every request of a scenario gets the recorded status, headers and body."""
    assert replays[scenario["id"]].result() == []
