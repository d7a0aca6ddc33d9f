"""The subject under which the registry keeps the schemas of a topic's keys, values or headers."""

from __future__ import annotations

from connect.api import SerializationException

_PACKAGE = "io.confluent.kafka.serializers.subject."
_TOPIC = f"{_PACKAGE}TopicNameStrategy"
_RECORD = f"{_PACKAGE}RecordNameStrategy"
_TOPIC_RECORD = f"{_PACKAGE}TopicRecordNameStrategy"
AUTOMATIC = f"{_PACKAGE}AssociatedNameStrategy"
"""Java's default; where no subject is associated with a topic, as here always, it names subjects after the topic."""

STRATEGIES = (_TOPIC, _RECORD, _TOPIC_RECORD)


class SubjectNames:
    """Names the subjects of one side (``key``, ``value``) by one strategy."""

    def __init__(self, strategy: str, side: str) -> None:
        self._strategy = strategy
        self._side = side

    @property
    def needs_schema(self) -> bool:
        """Whether the subject can't be told before the schema is known."""
        return self._strategy in (_RECORD, _TOPIC_RECORD)

    def subject(self, topic: str | None, record: str | None) -> str:
        """The subject of a record's full name. Raises SerializationException where it is needed and there is none."""
        if not self.needs_schema:
            return f"{topic}-{self._side}"
        if record is None:
            raise SerializationException(
                f"In configuration {self._side}.subject.name.strategy = {self._strategy}, "
                f"the message {self._side} must only be a record schema"
            )
        return record if self._strategy == _RECORD else f"{topic}-{record}"
