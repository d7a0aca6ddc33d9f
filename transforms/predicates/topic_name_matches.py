"""TopicNameMatches: is the topic one of those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import ConfigDef, ConfigType, Importance, Key, Predicate, RecordBatch, Repeated
from connect.api.java_regex import ValidJavaRegex, compile_java_regex
from connect.api.validators import CompositeValidator, NonEmptyString


class TopicNameMatches(Predicate):
    """True for records whose whole topic name matches a regular expression; never without a topic.

    The topic is the one that the transformations before have given.
    """

    EXAMPLE = {
        "config": {"pattern": "internal-.*"},
        "holds": {"topic": "internal-audit", "value": {"id": 7}},
        "fails": {"topic": "ratings", "value": {"stars": 4}},
    }

    CONFIG = ConfigDef(
        Key(
            "pattern",
            ConfigType.STRING,
            doc="Java regular expression that the whole topic must match.",
            importance=Importance.MEDIUM,
            validator=CompositeValidator(NonEmptyString(), ValidJavaRegex()),
        )
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        self._pattern = compile_java_regex(self.CONFIG.parse(config)["pattern"])

    def test_batch(self, batch: RecordBatch) -> Sequence[bool]:
        matches = batch.topic is not None and self._pattern.fullmatch(batch.topic) is not None
        return Repeated(matches, len(batch))
