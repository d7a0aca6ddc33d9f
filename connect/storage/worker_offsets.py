"""Source offsets as the worker's tasks read and write them, over a backing store that may block."""

from __future__ import annotations

import asyncio
from typing import Any

from connect.storage.offset_store import OffsetBackingStore
from connect.storage.offsets import StoredOffsetReader, offset_key, offset_value


class WorkerOffsets:
    """The offsets of all connectors of a worker."""

    def __init__(self, store: OffsetBackingStore) -> None:
        self._store = store

    async def load(self, connector: str, partitions: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """The stored offset per partition. Raises ConnectException."""
        reader = StoredOffsetReader(self._store, connector)
        return await asyncio.to_thread(reader.offsets, partitions)

    async def store(self, connector: str, offsets: list[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
        """Store offsets; returns when they are durable. Raises ConnectException, DataException."""
        entries = {offset_key(connector, partition): offset_value(offset) for partition, offset in offsets}
        future = await asyncio.to_thread(self._store.set, entries)
        await asyncio.wrap_future(future)
