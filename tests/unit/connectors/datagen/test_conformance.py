"""Made-up records: settings are checked as the kit for authors wants it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from connect.testing import ConnectorConformance


class TestDatagen(ConnectorConformance):
    def config(self, tmp_path: Path) -> dict[str, str]:
        return {
            "connector.class": "io.confluent.kafka.connect.datagen.DatagenConnector",
            "kafka.topic": "ratings",
            "quickstart": "ratings",
            "iterations": "10",
        }

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        return [{"quickstart": "nosuch"}, {"max.interval": "soon"}]
