"""Zombie fencing (KIP-618): before the tasks of a new generation write, those of former ones can write no more.

Each exactly-once source task asks for a round before its first transaction. The leader fences off as many producers as
the connector had tasks the last time, then notes how many it has now; all tasks of a connector share one round.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from connect.api import ConnectException
from connect.herder.errors import Conflict
from connect.storage.cluster_state import Config
from connect.storage.config_store import ConfigBackingStore

log = logging.getLogger(__name__)

FenceTasks = Callable[[str, Mapping[str, str], int], None]
"""Fences off the producers of a connector, with its config, for so many tasks. Blocks; raises ConnectException."""


class ZombieFencing:
    """The leader's rounds. ``sync_seconds`` is how long reading the config topic to its end may take.

    ``resolve`` replaces the variables of a config; ``claim`` makes sure that the leader may write to the config topic.
    """

    def __init__(
        self,
        configs: ConfigBackingStore,
        fence: FenceTasks,
        resolve: Callable[[Config], dict[str, str]],
        claim: Callable[[], Awaitable[None]],
        sync_seconds: float,
    ) -> None:
        self._configs = configs
        self._fence = fence
        self._resolve = resolve
        self._claim = claim
        self._sync_seconds = sync_seconds
        self._rounds: dict[str, asyncio.Future[None]] = {}

    async def fence(self, connector: str) -> None:
        """Fence off former tasks unless that has been done for the present ones.

        Raises Conflict when the connector gets new tasks meanwhile, ConnectException when it can't be done.
        """
        await self._refresh("Failed to read to end of config topic before performing zombie fencing")
        if connector not in self._configs.snapshot().pending_fencing:
            return
        under_way = self._rounds.get(connector)
        if under_way is None:
            under_way = self._rounds[connector] = asyncio.ensure_future(self._round(connector))
            under_way.add_done_callback(lambda done: self._forget(connector, done))
        try:
            # Who waits may give up; the round goes on for the others.
            await asyncio.shield(under_way)
        except asyncio.CancelledError:
            if not under_way.cancelled():
                raise
            reason = "Failed to complete zombie fencing because a new set of task configs was generated"
            raise Conflict(reason) from None

    def on_new_tasks(self, connectors: set[str]) -> None:
        """Rounds for former task configurations are of no use any more."""
        for connector in connectors & self._rounds.keys():
            self._rounds.pop(connector).cancel()

    def stop(self) -> None:
        """Another worker leads, or this one ends."""
        self.on_new_tasks(set(self._rounds))

    def _forget(self, connector: str, done: asyncio.Future[None]) -> None:
        if self._rounds.get(connector) is done:
            del self._rounds[connector]
        if not done.cancelled() and done.exception() is not None:
            log.warning("Former tasks of connector %s could not be fenced off: %s", connector, done.exception())

    async def _round(self, connector: str) -> None:
        state = self._configs.snapshot()
        record, count = state.task_count_record(connector), state.task_count(connector)
        # One task has the transactional id of its predecessor, and fences it off by itself.
        if record is not None and (record, count) != (1, 1):
            log.info("Fencing off %d former tasks of connector %s", record, connector)
            config = self._resolve(state.connector_config(connector) or {})
            await asyncio.to_thread(self._fence, connector, config, record)
            await self._refresh("Failed to read to end of config topic")
            if self._configs.snapshot().commit_offset(connector) != state.commit_offset(connector):
                raise Conflict("Fencing failed because new task configurations were generated for the connector")
        await self._claim()
        await asyncio.to_thread(self._configs.put_task_count_record, connector, count)

    async def _refresh(self, failure: str) -> None:
        try:
            await asyncio.to_thread(self._configs.refresh, self._sync_seconds)
        except TimeoutError as error:
            raise ConnectException(failure) from error
