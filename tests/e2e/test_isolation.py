"""What plugins can do to a worker: nothing, whatever they do, wherever they do it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.ward import CONNECTORS, FAULTS, TASKS, Latencies, Ward, a_ward
from tests.services import KafkaBroker

_NEVER_WAITED_SECONDS = 10.0


@pytest.fixture(scope="module")
def ward(kafka_broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with a_ward(kafka_broker, tmp_path_factory.mktemp("isolation")) as ward:
        yield ward


def _check(latencies: Latencies) -> None:
    """What hangs, hangs for ever: an answer that had to wait for it would not have come."""
    assert len(latencies.seconds) > 10
    assert max(latencies.seconds) < _NEVER_WAITED_SECONDS


def test_tasks_that_go_wrong_hurt_nobody_else(ward: Ward) -> None:
    _check(ward.suffer(TASKS))
    assert "[Source-poll-print|task-0] a plugin's own words (stdout)" in ward.worker.log()


def test_connectors_that_go_wrong_hurt_nobody_else(ward: Ward) -> None:
    _check(ward.suffer(CONNECTORS))


def test_connectors_that_go_wrong_when_asked_hurt_nobody_else(ward: Ward) -> None:
    _check(ward.be_asked(FAULTS))
