"""What standalone and distributed workers have in common once their stores are there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from connect.api import ConnectException
from connect.api.metrics_reporter import MetricsReporter
from connect.herder.herder import Herder
from connect.herder.offsets import ConnectorOffsets
from connect.herder.plugin_listing import PluginListing
from connect.herder.shown_metrics import RunningReporters, load_reporters
from connect.herder.sink_groups import SinkGroups
from connect.herder.validation import ConnectorValidation
from connect.kafka.clients import RealKafka
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import AdminClient, KafkaException
from connect.kafka.errors import kafka_error
from connect.loggers import Loggers
from connect.plugins.registry import process_plugins
from connect.plugins.secrets import ConfigTransformer
from connect.rest.server import RestServer, Services
from connect.runtime.plugin_calls import PluginCalls
from connect.runtime.supervisor import Supervisor
from connect.storage.config_store import ConfigBackingStore
from connect.storage.offset_store import OffsetBackingStore
from connect.storage.status_store import StatusBackingStore
from connect.storage.worker_offsets import WorkerOffsets

log = logging.getLogger(__name__)

_CLUSTER_SECONDS = 30.0
_STORE_STOP_SECONDS = 5.0


class Stoppable(Protocol):
    """A store."""

    def stop(self) -> None:
        """Give everything back."""


def cluster_id(admin: AdminClient) -> str:
    """The Kafka cluster's id. Raises ConnectException when it can't be reached."""
    try:
        return str(admin.describe_cluster(request_timeout=_CLUSTER_SECONDS).result().cluster_id)
    except KafkaException as error:
        raise ConnectException(
            f"Failed to connect to and describe Kafka cluster: {kafka_error(error).str()}. "
            "Check worker's broker connection and security properties."
        ) from error


class PluginParts(NamedTuple):
    """What knows and asks the plugins of a worker, and its loggers."""

    listing: PluginListing
    validation: ConnectorValidation
    loggers: Loggers
    calls: PluginCalls
    transformer: ConfigTransformer
    reporters: list[MetricsReporter]


def make_parts(properties: Mapping[str, str], supervisor: Supervisor, group_id: str | None) -> PluginParts:
    """The parts of a worker; ``group_id`` is None in standalone mode. Raises ConfigException for bad settings."""
    transformer = ConfigTransformer(properties)
    calls = PluginCalls.from_properties(supervisor, properties)
    reporters = load_reporters(properties)
    validation = ConnectorValidation(calls, properties, transformer, group_id)
    return PluginParts(PluginListing(process_plugins(), calls), validation, Loggers(), calls, transformer, reporters)


def make_services(
    herder: Herder, clients: ConnectClients, configs: ConfigBackingStore, offsets: WorkerOffsets, parts: PluginParts
) -> Services:
    """What REST shows and changes."""
    groups = SinkGroups(RealKafka(), clients)
    shown = ConnectorOffsets(
        configs, offsets, groups, parts.listing, parts.calls, parts.transformer, herder.fence_former_tasks
    )
    return Services(herder, shown, parts.listing, parts.validation, parts.loggers)


class Stores(NamedTuple):
    """Where a worker keeps what must survive."""

    configs: ConfigBackingStore
    statuses: StatusBackingStore
    offsets: OffsetBackingStore


class RunningConnectWorker:
    """A worker that has started; it is stopped in order: REST, reporters, connectors and tasks, stores, processes."""

    def __init__(
        self,
        rest: RestServer,
        herder: Herder,
        supervisor: Supervisor,
        stores: Sequence[Stoppable],
        reporters: Sequence[MetricsReporter],
    ) -> None:
        self.rest = rest
        self.herder = herder
        self._supervisor = supervisor
        self._stores = list(stores)
        self._reporters = RunningReporters(reporters, herder)

    async def stop(self) -> None:
        """End everything in order."""
        await self.rest.stop()
        await self._reporters.close()
        await self.herder.stop()
        await self.herder.worker.close()
        await asyncio.gather(*(self._stop_store(store) for store in self._stores))
        await self._supervisor.close()

    async def _stop_store(self, store: Stoppable) -> None:
        try:
            async with asyncio.timeout(_STORE_STOP_SECONDS):
                await asyncio.to_thread(store.stop)
        except TimeoutError:
            log.warning("%s did not stop within %s s", type(store).__name__, _STORE_STOP_SECONDS)
