"""Puts a standalone worker together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from connect.api import ConfigException, ConnectException
from connect.cli.connector_file import read_connector_file
from connect.cli.worker import RunningConnectWorker, cluster_id, make_parts, make_services
from connect.herder.herder import Herder
from connect.kafka.clients import RealKafka
from connect.kafka.connect_clients import ConnectClients
from connect.rest.listeners import Listeners
from connect.rest.server import RestServer
from connect.runtime.forkserver import ForkServer
from connect.runtime.supervisor import Supervisor
from connect.runtime.worker import Worker
from connect.storage.config_store import MemoryConfigBackingStore
from connect.storage.file_offset_store import FileOffsetBackingStore
from connect.storage.status_store import MemoryStatusBackingStore
from connect.storage.worker_offsets import WorkerOffsets
from connect.worker_config import read_worker_config


async def start(
    properties: Mapping[str, str], fork_server: ForkServer, connector_files: Sequence[str]
) -> RunningConnectWorker:
    """Start a worker and create the connectors of the files, in order.

    Raises ConfigException, ConnectException with what is wrong and how to mend it.
    """
    read_worker_config(properties, standalone=True)
    files = [read_connector_file(path) for path in connector_files]
    listeners = Listeners.open(properties)
    rest = RestServer(properties, listeners)
    _, host, port = listeners.advertised(properties)
    supervisor = Supervisor(fork_server)
    clients = ConnectClients(properties)
    admin = RealKafka().admin(clients.shared_admin())
    cluster = await asyncio.to_thread(cluster_id, admin)
    configs, statuses = MemoryConfigBackingStore(), MemoryStatusBackingStore()
    offsets = FileOffsetBackingStore(Path(properties["offset.storage.file.filename"]))
    parts = make_parts(properties, supervisor, None)
    herder = Herder(
        f"{host}:{port}",
        properties,
        configs,
        statuses,
        parts.listing,
        parts.validation,
        parts.loggers,
        standalone=True,
    )
    configs.set_listener(herder)
    configs.start()
    await asyncio.to_thread(offsets.start)
    worker_offsets = WorkerOffsets(offsets)
    herder.start(Worker(properties, supervisor, worker_offsets, herder))
    await rest.start(make_services(herder, clients, configs, worker_offsets, parts), cluster)
    worker = RunningConnectWorker(rest, herder, supervisor, [offsets], parts.reporters)
    try:
        for file in files:
            await herder.create_connector(file.name, file.config, file.initial)
    except (ConfigException, ConnectException):
        await worker.stop()
        raise
    return worker
