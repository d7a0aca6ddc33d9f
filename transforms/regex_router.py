"""RegexRouter: rename topics by a pattern."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigDef, ConfigType, DataException, Importance, Key, RecordBatch, Transformation
from connect.api.java_regex import JavaReplacement, ValidJavaRegex, compile_java_regex


class RegexRouter(Transformation):
    """Rename the topics whose whole name matches a regular expression; records of other topics pass unchanged.

    Only the first match within the name is replaced. A record without a topic is an error.
    """

    EXAMPLE = {
        "config": {"regex": "mysql\\.shop\\.(.*)", "replacement": "shop-$1"},
        "input": {"topic": "mysql.shop.orders", "value": {"id": 7}},
        "output": {"topic": "shop-orders", "value": {"id": 7}},
    }

    CONFIG = ConfigDef(
        Key(
            "regex",
            ConfigType.STRING,
            doc="Java regular expression that the whole topic must match.",
            importance=Importance.HIGH,
            validator=ValidJavaRegex(),
        ),
        Key(
            "replacement",
            ConfigType.STRING,
            doc="What its first match in the topic becomes; $1 and ${name} stand for groups.",
            importance=Importance.HIGH,
        ),
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        self._regex = compile_java_regex(parsed["regex"])
        self._replacement = JavaReplacement(self._regex, parsed["replacement"])

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        topic = batch.topic
        if topic is None:
            raise DataException("Topic missing on record")
        if not self._regex.fullmatch(topic):
            return [batch]
        found = self._regex.search(topic)
        assert found is not None
        return [batch.replace(topic=topic[: found.start()] + self._replacement.expand(found) + topic[found.end() :])]
