"""Source offsets in a compacted topic: the worker's, or one of a connector's own."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from connect.api.errors import ConnectException
from connect.kafka.door import AdminClient, KafkaDoor
from connect.kafka.topic_log import LogRecord, TopicLog
from connect.kafka.topics import TopicSettings
from connect.storage.offset_store import Entries


class KafkaOffsetBackingStore:
    """The ``OffsetBackingStore`` of distributed workers; ``producer`` and ``consumer`` are Java client properties."""

    def __init__(
        self,
        door: KafkaDoor,
        topic: TopicSettings,
        *,
        admin: AdminClient,
        producer: Mapping[str, str],
        consumer: Mapping[str, str],
    ) -> None:
        self._lock = threading.Lock()
        self._entries: dict[bytes, bytes] = {}
        self._log = TopicLog(door, topic, self._take, admin=admin, producer=producer, consumer=consumer)

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self._log.topic.name

    def start(self) -> None:
        """Read the topic to its end. Raises ConfigException for a topic that won't do, ConnectException."""
        self._log.start()

    def stop(self) -> None:
        """End the tail and close the clients; readers that wait get a ConnectException."""
        self._log.stop()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """Read the topic to its end, then look the keys up. Raises ConnectException."""
        self._log.read_to_end()
        with self._lock:
            return {key: self._entries.get(key) for key in keys if key in self._entries}

    def set(self, entries: Entries) -> Future[None]:
        """Write records in the order given; the first error fails the future."""
        try:
            return self._log.send_all(list(entries.items()))
        except ConnectException as error:
            failed: Future[None] = Future()
            failed.set_exception(error)
            return failed

    def keys(self) -> list[bytes]:
        """All keys that had a value when the topic was last read; ``get`` reads it to its end."""
        with self._lock:
            return list(self._entries)

    def _take(self, record: LogRecord) -> None:
        if record.key is None:
            return
        with self._lock:
            if record.value is None:
                self._entries.pop(record.key, None)
            else:
                self._entries[record.key] = record.value
