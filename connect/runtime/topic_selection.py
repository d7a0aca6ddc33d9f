"""Which topics a sink reads: names, or a pattern in Java's dialect that is matched against the cluster's topics."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence

from connect.api.java_regex import compile_java_regex
from connect.kafka.door import ConsumerClient, KafkaException
from connect.kafka.errors import kafka_error
from connect.runtime.connector_config import sink_topics

log = logging.getLogger(__name__)

_INTERNAL = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})
_LIST_SECONDS = 10.0
_FIRST_LOOK_SECONDS = 2.0


class TopicSelection:
    """The topics to subscribe to. With a pattern, :meth:`changed` looks now and then whether there are others now."""

    def __init__(self, config: Mapping[str, str], refresh_seconds: float) -> None:
        """Raises ConfigException for a configuration with neither ``topics`` nor ``topics.regex``, or with both."""
        names = sink_topics(config)
        regex = (config.get("topics.regex") or "").strip()
        self._pattern = compile_java_regex(regex) if regex else None
        self._refresh_seconds = refresh_seconds
        self._next_look = 0.0
        self.names: Sequence[str] = [] if regex else names

    @property
    def may_change(self) -> bool:
        """Whether there is a pattern."""
        return self._pattern is not None

    def changed(self, consumer: ConsumerClient) -> bool:
        """Whether ``names`` are others than before; asks the brokers when it is time to."""
        if self._pattern is None or time.monotonic() < self._next_look:
            return False
        found = self._matching(consumer)
        self._next_look = time.monotonic() + (self._refresh_seconds if found else _FIRST_LOOK_SECONDS)
        if found is None or found == self.names:
            return False
        log.info("topics.regex now selects %d topics", len(found))
        self.names = found
        return True

    def _matching(self, consumer: ConsumerClient) -> list[str] | None:
        try:
            topics = consumer.list_topics(timeout=_LIST_SECONDS).topics
        except KafkaException as error:
            log.warning("Could not list topics for topics.regex: %s", kafka_error(error).str())
            return None
        assert self._pattern is not None
        return sorted(name for name in topics if name not in _INTERNAL and self._pattern.fullmatch(name))
