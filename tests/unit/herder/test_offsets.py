"""Offsets of a source connector that keeps them in a topic of its own."""

from __future__ import annotations

from typing import Any

import pytest

from connect.herder.offsets import ConnectorOffsets
from connect.herder.plugin_listing import PluginListing
from connect.herder.sink_groups import SinkGroups
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.fake import FakeKafka
from connect.plugins.registry import process_plugins
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.ids import TargetState
from connect.storage.config_store import MemoryConfigBackingStore
from connect.storage.offset_store import MemoryOffsetBackingStore
from connect.storage.worker_offsets import ConnectorTopics, WorkerOffsets
from tests.unit.herder.parts import PluginCallsHere

PARTITION = {"filename": "f"}
CONFIG = {
    "connector.class": "FileStreamSource",
    "name": "lines",
    "file": "f",
    "topic": "t",
    "offsets.storage.topic": "lines-offsets",
}


@pytest.mark.parametrize("exactly_once", [False, True])
async def test_offsets_of_a_connector_with_its_own_topic_are_read_and_changed_there(exactly_once: bool) -> None:
    """Where tasks write in transactions, so do changes, and former tasks are fenced off first."""
    kafka, worker_store = FakeKafka(), MemoryOffsetBackingStore()
    worker = {"bootstrap.servers": "b:1", "offset.storage.topic": "offsets", "group.id": "g"}
    clients = ConnectClients(worker, "g", exactly_once)
    fenced: list[str] = []

    async def fence(connector: str) -> None:
        fenced.append(connector)

    worker_offsets = WorkerOffsets(worker_store, ConnectorTopics(kafka, clients))
    configs = MemoryConfigBackingStore()
    configs.start()
    configs.put_connector_config("lines", CONFIG, TargetState.STOPPED)
    calls: Any = PluginCallsHere(process_plugins())
    offsets = ConnectorOffsets(
        configs,
        worker_offsets,
        SinkGroups(kafka, clients),
        PluginListing(process_plugins(), calls),
        calls,
        ConfigTransformer(worker),
        fence,
    )
    await worker_offsets.open("lines", CONFIG)
    await worker_offsets.store("lines", [(PARTITION, {"position": 7})])
    worker_store.set(dict.fromkeys(worker_store.keys()))  # it is no mapping
    assert await offsets.offsets("lines") == {"offsets": [{"partition": PARTITION, "offset": {"position": 7}}]}
    await offsets.alter("lines", [(PARTITION, {"position": 3})])
    assert await worker_offsets.load("lines", [PARTITION]) == [{"position": 3}]
    await offsets.reset("lines")
    assert await offsets.offsets("lines") == {"offsets": []}
    assert fenced == (["lines", "lines"] if exactly_once else [])
    written = [config for kind, config in kafka.clients if kind == "producer" and "transactional.id" in config]
    assert len(written) == len(fenced)
    await worker_offsets.close()
