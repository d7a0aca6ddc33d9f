"""Reads, changes and forgets the offsets of connectors, as users ask over REST."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from connect.api import ConnectException, NotFoundException
from connect.herder import sink_offsets
from connect.herder.entities import Json
from connect.herder.errors import BadRequest
from connect.herder.plugin_listing import PluginListing
from connect.herder.validation import known_error
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.consumer_groups import alter_group_offsets, delete_group, group_offsets, is_busy
from connect.kafka.door import AdminClient, KafkaDoor, KafkaException
from connect.plugins.builtin import PluginKind
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.channel import RemoteError
from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.runtime.plugin_calls import PluginCalls
from connect.storage.config_store import ConfigBackingStore
from connect.storage.offset_store import ConnectorOffsetBackingStore, Entries, OffsetBackingStore
from connect.storage.offsets import offset_key, offset_value, parse_key, parse_value
from connect.storage.transactional_offsets import TransactionalOffsetStore
from connect.storage.worker_offsets import ConnectorTopics

log = logging.getLogger(__name__)

T = TypeVar("T")
Offset = Mapping[str, Any] | None
ADMIN_SECONDS = 30.0
BUSY_SECONDS = 15.0
"""How long to wait for the consumers of stopped tasks to leave their group."""
_BUSY_PAUSE_SECONDS = 0.25
_BUSY = (
    " either because its tasks haven't stopped completely yet or it was resumed meanwhile. Try again once it is "
    "stopped; if that never helps, a worker that still runs one of its tasks has to be restarted."
)
_EXTERNALLY = (
    "The Connect framework-managed offsets for this connector have been {done} successfully. However, if this "
    "connector manages offsets externally, they will need to be manually {done} in the system that the connector uses."
)


class ConnectorOffsets:
    """The offsets of this worker's connectors: of sources in the offset store, of sinks in their consumer groups."""

    def __init__(
        self,
        configs: ConfigBackingStore,
        store: OffsetBackingStore,
        door: KafkaDoor,
        clients: ConnectClients,
        plugins: PluginListing,
        calls: PluginCalls,
        transformer: ConfigTransformer,
        fence: Callable[[str], Awaitable[None]],
    ) -> None:
        """``fence`` ends former tasks of a source connector, where they write in transactions."""
        self._configs = configs
        self._store = store
        self._door = door
        self._clients = clients
        self._plugins = plugins
        self._calls = calls
        self._transformer = transformer
        self._fence = fence
        self._topics = ConnectorTopics(door, clients)

    async def offsets(self, connector: str) -> Json:
        """All offsets of a connector. Raises NotFoundException, ConnectException."""
        config = self._config(connector)
        if self._is_sink(config):
            found = await asyncio.to_thread(self._group_offsets, connector, config)
            return {"offsets": sink_offsets.shown(found)}
        stored = await asyncio.to_thread(self._source_offsets, connector, config)
        return {"offsets": [{"partition": partition, "offset": offset} for partition, offset in stored]}

    async def alter(self, connector: str, offsets: Sequence[tuple[Offset, Offset]]) -> Json:
        """Change offsets of a stopped connector; None as offset forgets it.

        Raises NotFoundException, BadRequest, and whatever the connector says against it.
        """
        if not offsets:
            raise BadRequest("Partitions / offsets need to be provided for an alter offsets request")
        config = self._stopped_config(connector)
        if self._is_sink(config):
            external = await self._alter_sink(connector, config, sink_offsets.parsed(offsets))
        else:
            external = await self._alter_source(connector, config, offsets)
        return _message("altered", external)

    async def reset(self, connector: str) -> Json:
        """Forget all offsets of a stopped connector. Raises as ``alter`` does."""
        config = self._stopped_config(connector)
        if self._is_sink(config):
            external = await self._reset_sink(connector, config)
        else:
            stored = await asyncio.to_thread(self._source_offsets, connector, config)
            external = await self._alter_source(connector, config, [(partition, None) for partition, _ in stored])
        return _message("reset", external)

    def _config(self, connector: str) -> dict[str, str]:
        config = self._configs.snapshot().connector_config(connector)
        if config is None:
            raise NotFoundException(f"Connector {connector} not found")
        return self._transformer.transform(config)

    def _stopped_config(self, connector: str) -> dict[str, str]:
        config = self._config(connector)
        state = self._configs.snapshot()
        if state.target_state(connector) is not TargetState.STOPPED or state.task_count(connector):
            raise BadRequest(
                "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for "
                f"the specified connector by issuing a 'PUT' request to the '/connectors/{connector}/stop' endpoint"
            )
        return config

    def _is_sink(self, config: Mapping[str, str]) -> bool:
        plugin = self._plugins.connector(config.get("connector.class"))
        if plugin is None:
            raise ConnectException(f"The connector's class {config.get('connector.class')} is not installed here")
        return plugin.kind is PluginKind.SINK

    # Sources

    @contextmanager
    def _store_of(self, connector: str, config: Mapping[str, str]) -> Iterator[OffsetBackingStore]:
        """The worker's store, below that of the connector's own topic if it has one; transactional where tasks are."""
        own = self._topics.own_topic(config)
        store = self._store if own is None else self._topics.store(connector, config, own)
        if self._clients.exactly_once:
            producer = self._clients.exactly_once_producer(ConnectorTaskId(connector, 0), config)
            topic = own or self._clients.worker["offset.storage.topic"]
            store = TransactionalOffsetStore(store, topic, lambda: self._door.producer(producer))
        if own is None:
            yield store
            return
        layered = ConnectorOffsetBackingStore(self._store, store)
        layered.start()
        try:
            yield layered
        finally:
            layered.stop()

    def _source_offsets(self, connector: str, config: Mapping[str, str]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        try:
            with self._store_of(connector, config) as store:
                store.get([])  # reads what others have written
                known = store.keys()
                mine = {key: parse_key(key) for key in known}
                keys = [key for key, parsed in mine.items() if parsed is not None and parsed[0] == connector]
                values = store.get(keys)
        except ConnectException as error:
            raise ConnectException(f"Failed to retrieve offsets for source connector {connector}") from error
        found = ((mine[key], parse_value(values.get(key))) for key in keys)
        return [(parsed[1], offset) for parsed, offset in found if parsed is not None and offset is not None]

    async def _alter_source(
        self, connector: str, config: Mapping[str, str], offsets: Sequence[tuple[Offset, Offset]]
    ) -> bool:
        entries = {offset_key(connector, partition): offset_value(offset) for partition, offset in offsets}
        answer = await self._ask("alter_source_offsets", config, [list(pair) for pair in offsets])
        if entries:
            if self._clients.exactly_once:
                await self._fence_off(connector)
            await asyncio.to_thread(self._write, connector, config, entries)
        return answer

    def _write(self, connector: str, config: Mapping[str, str], entries: Entries) -> None:
        with self._store_of(connector, config) as store:
            store.set(entries).result()

    async def _fence_off(self, connector: str) -> None:
        try:
            await self._fence(connector)
        except ConnectException as error:
            failure = "Failed to perform zombie fencing for source connector prior to modifying offsets"
            raise ConnectException(failure) from error

    # Sinks

    async def _alter_sink(self, connector: str, config: Mapping[str, str], wanted: sink_offsets.Wanted) -> bool:
        answer = await self._ask("alter_sink_offsets", config, _listed(wanted))
        failure = f"Failed to alter consumer group offsets for connector {connector}"

        def alter(admin: AdminClient, group: str) -> None:
            forgotten = {partition for partition, offset in wanted.items() if offset is None}
            keep: dict[tuple[str, int], int] = {}
            if forgotten:
                # The client can't delete the offsets of single partitions: forget all, commit the others anew.
                before = group_offsets(admin, group, ADMIN_SECONDS)
                keep = {partition: offset for partition, offset in before.items() if partition not in forgotten}
                if forgotten & before.keys():
                    delete_group(admin, group, ADMIN_SECONDS)
            keep |= {partition: offset for partition, offset in wanted.items() if offset is not None}
            if keep:
                alter_group_offsets(admin, group, keep, ADMIN_SECONDS)

        await asyncio.to_thread(self._with_group, connector, config, alter, failure)
        return answer

    async def _reset_sink(self, connector: str, config: Mapping[str, str]) -> bool:
        found = await asyncio.to_thread(self._group_offsets, connector, config)
        answer = await self._ask("alter_sink_offsets", config, _listed(dict.fromkeys(found)))
        failure = f"Failed to reset consumer group offsets for connector {connector}"

        def forget(admin: AdminClient, group: str) -> None:
            delete_group(admin, group, ADMIN_SECONDS)

        await asyncio.to_thread(self._with_group, connector, config, forget, failure)
        return answer

    def _group_offsets(self, connector: str, config: Mapping[str, str]) -> dict[tuple[str, int], int]:
        failure = f"Failed to retrieve consumer group offsets for sink connector {connector}"

        def read(admin: AdminClient, group: str) -> dict[tuple[str, int], int]:
            return group_offsets(admin, group, ADMIN_SECONDS)

        return self._with_group(connector, config, read, failure)

    def _with_group(
        self, connector: str, config: Mapping[str, str], action: Callable[[AdminClient, str], T], failure: str
    ) -> T:
        admin = self._door.admin(self._clients.connector_admin(connector, config))
        group = self._clients.sink_group_id(connector, config)
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                return action(admin, group)
            except KafkaException as error:
                if is_busy(error) and time.monotonic() < deadline:
                    time.sleep(_BUSY_PAUSE_SECONDS)
                    continue
                log.warning("%s: %s", failure, error)
                raise ConnectException(failure + (_BUSY if is_busy(error) else "")) from error

    async def _ask(self, method: str, config: Mapping[str, str], offsets: list[Any]) -> bool:
        try:
            return bool(await self._calls.call(method, config=dict(config), offsets=offsets))
        except RemoteError as error:
            raise known_error(error) from error


def _listed(offsets: Mapping[tuple[str, int], int | None]) -> list[Any]:
    return [[topic, partition, offset] for (topic, partition), offset in offsets.items()]


def _message(done: str, external: bool) -> Json:
    plain = f"The offsets for this connector have been {done} successfully"
    return {"message": plain if external else _EXTERNALLY.format(done=done)}
