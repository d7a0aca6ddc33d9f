"""Syslog sources: a million datagrams of nonsense; Kafka away for half a minute while 5000 messages a second come."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.syslog_fuzz import fuzz
from tests.integration.syslog_outage import outage


def test_a_million_datagrams_of_nonsense() -> None:
    fuzz(1_000_000, seed=2)


@pytest.mark.parametrize("spool", [True, False], ids=["spool", "memory"])
def test_kafka_is_away_for_half_a_minute(tmp_path: Path, spool: bool) -> None:
    outage(tmp_path, seconds=30, rate=5000, spool=spool)
