"""A REST server over a herder in memory, and a client for it."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from connect.herder.cluster_view import HerderStores
from connect.herder.herder import Herder
from connect.herder.offsets import ConnectorOffsets
from connect.herder.plugin_listing import PluginListing
from connect.herder.sink_groups import SinkGroups
from connect.herder.validation import ConnectorValidation
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.fake import FakeKafka
from connect.loggers import Loggers
from connect.plugins.registry import process_plugins
from connect.plugins.secrets import ConfigTransformer
from connect.rest.listeners import Listeners
from connect.rest.server import RestServer, Services
from connect.runtime.metrics.worker_metrics import WorkerMetrics
from connect.storage.config_store import MemoryConfigBackingStore
from connect.storage.offset_store import MemoryOffsetBackingStore
from connect.storage.status_store import MemoryStatusBackingStore
from connect.storage.worker_offsets import WorkerOffsets
from tests.unit.herder.parts import FakeWorker, PluginCallsHere

SOURCE = {"connector.class": "FileStreamSource", "tasks.max": "1", "file": "f", "topic": "t"}
SINK = {"connector.class": "FileStreamSink", "tasks.max": "1", "file": "f", "topics": "t"}


@dataclass(slots=True)
class Served:
    """A running server: ``url`` of its first listener, ``kafka`` behind it."""

    url: str
    client: aiohttp.ClientSession
    services: Services
    listeners: Listeners
    kafka: FakeKafka
    offsets: MemoryOffsetBackingStore

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """Status, and body as JSON or text."""
        async with self.client.request(method, self.url + path, **options) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text())

    async def headers(self, method: str, path: str, **options: Any) -> Mapping[str, str]:
        async with self.client.request(method, self.url + path, **options) as answer:
            return dict(answer.headers)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def make_services(properties: Mapping[str, str], kafka: FakeKafka, offsets: MemoryOffsetBackingStore) -> Services:
    calls: Any = PluginCallsHere(process_plugins())
    transformer = ConfigTransformer(properties)
    plugins = PluginListing(process_plugins(), calls)
    validation = ConnectorValidation(calls, properties, transformer, None)
    loggers = Loggers()
    configs = MemoryConfigBackingStore()
    herder = Herder(
        "here:1",
        properties,
        HerderStores(configs, MemoryStatusBackingStore()),
        plugins,
        validation,
        loggers,
        standalone=True,
    )
    configs.set_listener(herder)
    configs.start()
    worker: Any = FakeWorker(herder)
    worker.metrics, worker.tasks = WorkerMetrics(60.0), {}
    herder.start(worker)
    groups = SinkGroups(kafka, ConnectClients(properties))
    connector_offsets = ConnectorOffsets(
        configs, WorkerOffsets(offsets), groups, plugins, calls, transformer, herder.fence_former_tasks
    )
    return Services(herder, connector_offsets, plugins, validation, loggers)


@contextlib.asynccontextmanager
async def serve(properties: Mapping[str, str] | None = None) -> AsyncIterator[Served]:
    """A standalone worker's REST server on a free port; further properties as given."""
    worker = {"listeners": "http://127.0.0.1:0", **(properties or {})}
    kafka, offsets = FakeKafka({"t": 1}), MemoryOffsetBackingStore()
    services = make_services(worker, kafka, offsets)
    listeners = Listeners.open(worker)
    server = RestServer(worker, listeners)
    await server.start(services, "cluster-1")
    bound = listeners.main[0]
    url = f"{bound.listener.scheme}://127.0.0.1:{bound.port}"
    try:
        async with aiohttp.ClientSession() as client:
            yield Served(url, client, services, listeners, kafka, offsets)
    finally:
        await server.stop()
        await services.herder.stop()
