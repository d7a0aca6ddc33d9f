"""Puts a distributed worker together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from connect.api import ConfigException, ConnectException
from connect.cli.worker import RunningConnectWorker, Stores, cluster_id, make_parts, make_services
from connect.herder.cluster_view import HerderStores
from connect.herder.distributed.assigned_work import WorkerAddress
from connect.herder.distributed.herder import DistributedHerder
from connect.kafka.clients import RealKafka
from connect.kafka.connect_clients import ConnectClients, is_exactly_once, is_fenceable
from connect.kafka.crash_leave import last_will
from connect.kafka.fencing import fence_producers
from connect.kafka.membership import GroupListener, GroupSettings, Membership
from connect.rest.listeners import Listeners
from connect.rest.server import RestServer
from connect.runtime.forkserver import ForkServer
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.supervisor import Supervisor
from connect.runtime.worker import Worker
from connect.storage.internal_topics import config_topic, offset_topic, status_topic
from connect.storage.kafka_config_store import KafkaConfigBackingStore
from connect.storage.kafka_offset_store import KafkaOffsetBackingStore
from connect.storage.kafka_status_store import KafkaStatusBackingStore
from connect.storage.worker_offsets import ConnectorTopics, WorkerOffsets
from connect.worker_config import read_worker_config

log = logging.getLogger(__name__)

_FENCE_SECONDS = 90.0


async def start(properties: Mapping[str, str], fork_server: ForkServer) -> RunningConnectWorker:
    """Start a worker. Raises ConfigException, ConnectException with what is wrong and how to mend it."""
    read_worker_config(properties, standalone=False)
    listeners = Listeners.open(properties)
    rest = RestServer(properties, listeners)
    scheme, host, port = listeners.advertised(properties)
    supervisor = Supervisor(fork_server)
    kafka, clients = RealKafka(), ConnectClients(properties, properties["group.id"], is_exactly_once(properties))
    admin = kafka.admin(clients.shared_admin())
    configs = KafkaConfigBackingStore(
        kafka, clients, admin, config_topic(properties), fenceable=is_fenceable(properties)
    )
    statuses = KafkaStatusBackingStore(kafka, clients, admin, status_topic(properties))
    offsets = KafkaOffsetBackingStore(
        kafka,
        offset_topic(properties),
        admin=admin,
        producer=clients.topic_producer("offsets"),
        consumer=clients.topic_consumer("offsets"),
    )
    stores = Stores(configs, statuses, offsets)
    parts = make_parts(properties, supervisor, properties["group.id"])
    herder = DistributedHerder(
        WorkerAddress(f"{host}:{port}", f"{scheme}://{host}:{port}/"),
        properties,
        HerderStores(configs, statuses),
        parts.listing,
        parts.validation,
        parts.loggers,
        lambda group: _membership(properties, clients.membership(f"{host}:{port}"), group, fork_server),
        lambda connector, config, count: fence_producers(
            kafka,
            [clients.fencing_producer(ConnectorTaskId(connector, number), config) for number in range(count)],
            _FENCE_SECONDS,
        ),
    )
    configs.set_listener(herder)
    identified = asyncio.create_task(asyncio.to_thread(cluster_id, admin))
    try:
        await asyncio.to_thread(_start_all, stores)
    except (ConfigException, ConnectException):
        identified.cancel()
        raise
    worker_offsets = WorkerOffsets(offsets, ConnectorTopics(kafka, clients))
    herder.start(Worker(properties, supervisor, worker_offsets, herder, properties["group.id"]))
    await rest.start(make_services(herder, clients, configs, worker_offsets, parts), await identified)
    # Only now: the library that speaks to the group takes long to load.
    herder.join()
    return RunningConnectWorker(rest, herder, supervisor, stores, parts.reporters)


def _membership(
    properties: Mapping[str, str], client: Mapping[str, str], group: GroupListener, fork_server: ForkServer
) -> Membership:
    settings = GroupSettings.of(properties)
    if properties.get("leave.on.crash", "true").lower() != "true":
        return Membership(client, settings, group)
    return Membership(
        client, settings, group, lambda member_id: fork_server.bequeath(last_will(client, settings.group_id, member_id))
    )


class Store(Protocol):
    """What starts and stops with the worker."""

    def start(self) -> None:
        """Read everything there is."""

    def stop(self) -> None:
        """Give everything back."""


def _start_all(stores: Sequence[Store]) -> None:
    with ThreadPoolExecutor(len(stores)) as pool:
        started = [pool.submit(store.start) for store in stores]
    failure = next((each.exception() for each in started if each.exception()), None)
    if failure is not None:
        for store in stores:
            store.stop()
        raise failure
