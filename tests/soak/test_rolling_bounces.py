"""Three rounds of rolling restarts, clean and unclean, under each protocol."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.cluster.bounces import bounce, expect_numbers, expect_shared, flowing
from tests.integration.cluster.group_of_workers import WorkerGroup
from tests.integration.cluster.mixed import play_mixed
from tests.services import KafkaBroker

PROTOCOLS = ["sessioned", "compatible", "eager"]


@pytest.mark.parametrize("clean", [True, False], ids=["clean", "unclean"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_is_lost_and_clean_restarts_repeat_nothing(
    kafka_broker: KafkaBroker, tmp_path: Path, protocol: str, clean: bool
) -> None:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, {"connect.protocol": protocol}) as group:
        bounce(group, rounds=3, clean=clean)


def test_exactly_once_sources_repeat_nothing_when_workers_are_killed(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """Each leader that comes up claims the config topic; each task that does, its transactional id."""
    exactly_once = {"exactly.once.source.support": "enabled"}
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, exactly_once) as group:
        bounce(group, rounds=3, clean=False, exactly=True)


def test_a_restarted_broker_stops_no_worker(tmp_path: Path) -> None:
    names = ["s0", "s1", "s2"]
    with KafkaBroker() as broker, WorkerGroup(broker.bootstrap_servers, tmp_path) as group:
        for _ in range(3):
            group.add()
        sources = [group.source(name) for name in names]
        with flowing(sources):
            expect_shared(group.workers, names)
            for stop in (broker.stop, broker.kill):
                stop()
                broker.start()
                expect_shared(group.workers, names)
        for lines in sources:
            expect_numbers(group.numbers, lines, exactly=False)


@pytest.mark.parametrize("java_leads", [True, False], ids=["java-leads", "ours-leads"])
@pytest.mark.parametrize("protocol", ["compatible", "eager"])
def test_a_mixed_group_under_the_other_protocols(
    kafka_broker: KafkaBroker, tmp_path: Path, protocol: str, java_leads: bool
) -> None:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, {"connect.protocol": protocol}) as group:
        play_mixed(group, java_leads=java_leads)
