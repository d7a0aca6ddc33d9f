"""Kafka is away for half a minute while MQTT messages of QoS 1 go on coming."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.e2e.mqtt_trouble import kafka_away


def test_half_a_minute_without_kafka(tmp_path: Path) -> None:
    counts, megabytes = kafka_away(tmp_path, seconds=30, per_second=5000)
    sys.stdout.write(f"{counts}, {megabytes:.0f} MB more memory\n")  # of interest with pytest -s
    assert counts[1:] == (0, 0, 0)
    assert megabytes < 60
