"""What standalone and distributed workers have in common once their stores are there."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from typing import Protocol

from connect.api import ConnectException
from connect.herder.herder import Herder
from connect.kafka.door import AdminClient, KafkaException
from connect.kafka.errors import kafka_error
from connect.rest.server import RestServer
from connect.runtime.supervisor import Supervisor

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


async def start_rest(sockets: Sequence[socket.socket], herder: Herder, cluster: str | None) -> RestServer:
    """Start to answer requests."""
    rest = RestServer(sockets, cluster)
    await rest.start(herder)
    return rest


class RunningConnectWorker:
    """A worker that has started; it is stopped in order: REST, connectors and tasks, stores, processes."""

    def __init__(self, rest: RestServer, herder: Herder, supervisor: Supervisor, stores: Sequence[Stoppable]) -> None:
        self.rest = rest
        self.herder = herder
        self._supervisor = supervisor
        self._stores = list(stores)

    async def stop(self) -> None:
        """End everything in order."""
        await self.rest.stop()
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
