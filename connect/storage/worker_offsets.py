"""Source offsets as the worker's tasks read and write them, over backing stores that may block."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from typing import Any

from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import KafkaDoor
from connect.runtime.ids import ConnectorTaskId
from connect.storage.internal_topics import connector_offset_topic
from connect.storage.kafka_offset_store import KafkaOffsetBackingStore
from connect.storage.offset_store import ConnectorOffsetBackingStore, Entries, OffsetBackingStore
from connect.storage.offsets import StoredOffsetReader, offset_key, offset_value
from connect.storage.transactional_offsets import TransactionalOffsetStore

_OWN_TOPIC = "offsets.storage.topic"
Pairs = list[tuple[dict[str, Any], dict[str, Any] | None]]


class ConnectorTopics:
    """Makes the stores of connectors that keep their offsets in a topic of their own."""

    def __init__(self, door: KafkaDoor, clients: ConnectClients) -> None:
        self._door = door
        self._clients = clients

    def own_topic(self, config: Mapping[str, str]) -> str | None:
        """The connector's own topic; None when that is the worker's, and in standalone mode."""
        topic = config.get(_OWN_TOPIC) if self._clients.group_id else None
        return None if not topic or topic == self._clients.worker.get("offset.storage.topic") else topic

    @property
    def transactional(self) -> bool:
        """Tasks write offsets in transactions."""
        return self._clients.exactly_once

    def in_transactions(
        self, connector: str, config: Mapping[str, str], store: OffsetBackingStore
    ) -> OffsetBackingStore:
        """The store, with a transaction around every write."""
        producer = self._clients.exactly_once_producer(ConnectorTaskId(connector, 0), config)
        topic = self.own_topic(config) or self._clients.worker["offset.storage.topic"]
        return TransactionalOffsetStore(store, topic, lambda: self._door.producer(producer))

    def store(self, connector: str, config: Mapping[str, str], topic: str) -> KafkaOffsetBackingStore:
        """The store over that topic, not yet started."""
        return KafkaOffsetBackingStore(
            self._door,
            connector_offset_topic(self._clients.worker, topic),
            admin=self._door.admin(self._clients.connector_admin(connector, config)),
            producer=self._clients.offsets_producer(connector, config),
            consumer=self._clients.offsets_consumer(connector, config),
        )


class WorkerOffsets:
    """The offsets of all connectors of a worker."""

    def __init__(self, store: OffsetBackingStore, topics: ConnectorTopics | None = None) -> None:
        """``topics`` None: connectors' own topics are ignored (standalone)."""
        self._store = store
        self._topics = topics
        self._own: dict[str, tuple[Mapping[str, str], ConnectorOffsetBackingStore]] = {}
        self._opening = asyncio.Lock()

    async def open(self, connector: str, config: Mapping[str, str]) -> None:
        """Called before a connector or task starts. Raises ConnectException when its own topic can't be read."""
        topic = None if self._topics is None else self._topics.own_topic(config)
        async with self._opening:
            known = self._own.get(connector)
            if known is not None and (topic is None or known[0] != config):
                del self._own[connector]
                await asyncio.to_thread(known[1].stop)
            if topic is None or self._topics is None or connector in self._own:
                return
            store = ConnectorOffsetBackingStore(self._store, self._topics.store(connector, config, topic))
            await asyncio.to_thread(store.start)
            self._own[connector] = (dict(config), store)

    def store_of(self, connector: str) -> OffsetBackingStore:
        """Where the offsets of a connector that was opened are."""
        return self._own[connector][1] if connector in self._own else self._store

    @property
    def transactional(self) -> bool:
        """Tasks write offsets in transactions."""
        return self._topics is not None and self._topics.transactional

    async def alter(self, connector: str, config: Mapping[str, str], entries: Entries) -> None:
        """Write what a user asked for, as the connector's tasks write. Raises ConnectException."""
        await self.open(connector, config)
        own = self._own.get(connector)
        store: OffsetBackingStore = self._store if own is None else own[1]
        if self._topics is not None and self._topics.transactional:
            wrap = functools.partial(self._topics.in_transactions, connector, config)
            store = wrap(self._store) if own is None else own[1].wrapped(wrap)
        await asyncio.wrap_future(await asyncio.to_thread(store.set, entries))

    async def load(self, connector: str, partitions: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """The stored offset per partition. Raises ConnectException."""
        reader = StoredOffsetReader(self.store_of(connector), connector)
        return await asyncio.to_thread(reader.offsets, partitions)

    async def store(self, connector: str, offsets: Pairs) -> None:
        """Store offsets; returns when they are durable. Raises ConnectException, DataException."""
        await self._set(self.store_of(connector), connector, offsets)

    async def store_in_worker(self, connector: str, offsets: Pairs) -> None:
        """The same for the worker's store, past the connector's own topic."""
        await self._set(self._store, connector, offsets)

    @staticmethod
    async def _set(store: OffsetBackingStore, connector: str, offsets: Pairs) -> None:
        entries = {offset_key(connector, partition): offset_value(offset) for partition, offset in offsets}
        future = await asyncio.to_thread(store.set, entries)
        await asyncio.wrap_future(future)

    async def close(self) -> None:
        """Close the stores of connectors' own topics."""
        own, self._own = self._own, {}
        for _, store in own.values():
            await asyncio.to_thread(store.stop)
