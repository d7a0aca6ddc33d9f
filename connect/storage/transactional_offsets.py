"""Offsets that the worker changes for a connector whose tasks write in transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from connect.kafka.door import KafkaException, ProducerClient
from connect.kafka.errors import to_connect_exception
from connect.storage.offset_store import Entries, OffsetBackingStore

_SECONDS = 60.0


class TransactionalOffsetStore:
    """The ``OffsetBackingStore`` over another one: reads are its own, writes are a transaction in its topic each.

    The producer has the transactional id of the connector's first task, so that task is fenced off if it still runs.
    """

    def __init__(self, store: OffsetBackingStore, topic: str, make_producer: Callable[[], ProducerClient]) -> None:
        self._store = store
        self._topic = topic
        self._make_producer = make_producer

    def start(self) -> None:
        """Start the other store."""
        self._store.start()

    def stop(self) -> None:
        """Stop the other store."""
        self._store.stop()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """What the other store has."""
        return self._store.get(keys)

    def keys(self) -> list[bytes]:
        """What the other store has."""
        return self._store.keys()

    def set(self, entries: Entries) -> Future[None]:
        """Write all entries or none; done when it returns."""
        done: Future[None] = Future()
        producer = self._make_producer()
        try:
            producer.init_transactions(_SECONDS)
            producer.begin_transaction()
            for key, value in entries.items():
                producer.produce(self._topic, value, key)
            producer.commit_transaction(_SECONDS)
            done.set_result(None)
        except KafkaException as error:
            done.set_exception(to_connect_exception(error, f"Writing offsets to topic {self._topic}"))
        finally:
            producer.close()
        return done
