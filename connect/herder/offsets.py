"""Reads, changes and forgets the offsets of connectors, as users ask over REST."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from connect.api import ConnectException, NotFoundException
from connect.herder import sink_offsets
from connect.herder.entities import Json
from connect.herder.errors import BadRequest
from connect.herder.plugin_listing import PluginListing
from connect.herder.sink_groups import SinkGroups
from connect.herder.validation import known_error
from connect.plugins.builtin import PluginKind
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.channel import RemoteError
from connect.runtime.ids import TargetState
from connect.runtime.plugin_calls import PluginCalls
from connect.storage.config_store import ConfigBackingStore
from connect.storage.offset_store import OffsetBackingStore
from connect.storage.offsets import offset_key, offset_value, parse_key, parse_value
from connect.storage.worker_offsets import WorkerOffsets

Offset = Mapping[str, Any] | None
_EXTERNALLY = (
    "The Connect framework-managed offsets for this connector have been {done} successfully. However, if this "
    "connector manages offsets externally, they will need to be manually {done} in the system that the connector uses."
)


class ConnectorOffsets:
    """The offsets of this worker's connectors: of sources in the offset store, of sinks in their consumer groups."""

    def __init__(
        self,
        configs: ConfigBackingStore,
        offsets: WorkerOffsets,
        groups: SinkGroups,
        plugins: PluginListing,
        calls: PluginCalls,
        transformer: ConfigTransformer,
        fence: Callable[[str], Awaitable[None]],
    ) -> None:
        """``fence`` ends former tasks of a source connector, where they write in transactions."""
        self._configs = configs
        self._offsets = offsets
        self._groups = groups
        self._plugins = plugins
        self._calls = calls
        self._transformer = transformer
        self._fence = fence

    async def offsets(self, connector: str) -> Json:
        """All offsets of a connector. Raises NotFoundException, ConnectException."""
        config = self._config(connector)
        if self._is_sink(config):
            found = await asyncio.to_thread(self._groups.offsets, connector, config)
            return {"offsets": sink_offsets.shown(found)}
        stored = await self._source_offsets(connector, config)
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
            stored = await self._source_offsets(connector, config)
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

    async def _source_offsets(self, connector: str, config: Mapping[str, str]) -> list[tuple[Json, Json]]:
        try:
            await self._offsets.open(connector, config)
            return await asyncio.to_thread(_stored, self._offsets.store_of(connector), connector)
        except ConnectException as error:
            raise ConnectException(f"Failed to retrieve offsets for source connector {connector}") from error

    async def _alter_source(
        self, connector: str, config: Mapping[str, str], offsets: Sequence[tuple[Offset, Offset]]
    ) -> bool:
        entries = {offset_key(connector, partition): offset_value(offset) for partition, offset in offsets}
        answer = await self._ask("alter_source_offsets", config, [list(pair) for pair in offsets])
        if entries:
            if self._offsets.transactional:
                await self._fence_off(connector)
            await self._offsets.alter(connector, config, entries)
        return answer

    async def _fence_off(self, connector: str) -> None:
        try:
            await self._fence(connector)
        except ConnectException as error:
            failure = "Failed to perform zombie fencing for source connector prior to modifying offsets"
            raise ConnectException(failure) from error

    # Sinks

    async def _alter_sink(self, connector: str, config: Mapping[str, str], wanted: sink_offsets.Wanted) -> bool:
        answer = await self._ask("alter_sink_offsets", config, _listed(wanted))
        await asyncio.to_thread(self._groups.alter, connector, config, wanted)
        return answer

    async def _reset_sink(self, connector: str, config: Mapping[str, str]) -> bool:
        found = await asyncio.to_thread(self._groups.offsets, connector, config)
        answer = await self._ask("alter_sink_offsets", config, _listed(dict.fromkeys(found)))
        await asyncio.to_thread(self._groups.forget, connector, config)
        return answer

    async def _ask(self, method: str, config: Mapping[str, str], offsets: list[Any]) -> bool:
        try:
            return bool(await self._calls.call(method, config=dict(config), offsets=offsets))
        except RemoteError as error:
            raise known_error(error) from error


def _stored(store: OffsetBackingStore, connector: str) -> list[tuple[Json, Json]]:
    store.get([])  # reads what others have written
    known = store.keys()
    mine = {key: parse_key(key) for key in known}
    keys = [key for key, parsed in mine.items() if parsed is not None and parsed[0] == connector]
    values = store.get(keys)
    found = ((mine[key], parse_value(values.get(key))) for key in keys)
    return [(parsed[1], offset) for parsed, offset in found if parsed is not None and offset is not None]


def _listed(offsets: Mapping[tuple[str, int], int | None]) -> list[Any]:
    return [[topic, partition, offset] for (topic, partition), offset in offsets.items()]


def _message(done: str, external: bool) -> Json:
    plain = f"The offsets for this connector have been {done} successfully"
    return {"message": plain if external else _EXTERNALLY.format(done=done)}
