"""The whole table of faults three times over, and how long REST took to answer meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.ward import CONNECTORS, FAULTS, TASKS, a_ward
from tests.services import KafkaBroker

ROUNDS = 3


def test_rest_answers_while_plugins_go_wrong_again_and_again(
    kafka_broker: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with a_ward(kafka_broker, tmp_path) as ward:
        for number in range(1, ROUNDS + 1):
            for what, latencies in (
                ("tasks", ward.suffer(TASKS)),
                ("connectors", ward.suffer(CONNECTORS)),
                ("requests", ward.be_asked(FAULTS)),
            ):
                shown = ", ".join(f"{share:.0%} {latencies.quantile(share):.1f}" for share in (0.5, 0.99, 1.0))
                with capsys.disabled():
                    print(f"\nround {number}, {what}: {len(latencies.seconds)} answers; ms: {shown}")
