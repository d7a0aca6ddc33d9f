"""Syslog sources under hardship, in short; ``tests/soak`` has the long versions."""

from __future__ import annotations

from pathlib import Path

from tests.integration.syslog_fuzz import fuzz
from tests.integration.syslog_outage import outage


def test_nonsense_becomes_records() -> None:
    fuzz(10_000, seed=1)


def test_an_outage_of_kafka_loses_nothing_with_a_spool(tmp_path: Path) -> None:
    outage(tmp_path, seconds=3, rate=2000, spool=True)
