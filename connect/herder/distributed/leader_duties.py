"""What a worker does because it leads: remove states of what is gone, and keep the session key fresh."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from connect.api import ConnectException
from connect.herder.distributed.session_keys import SessionKeys
from connect.runtime.ids import ConnectorTaskId, State
from connect.storage.config_store import ConfigBackingStore
from connect.storage.status_store import StatusBackingStore

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0
_REFRESH_SECONDS = 30.0
_LONGEST_KEY_SECONDS = 86_400.0


class StateReporter(Protocol):
    """Publishes states; DESTROYED removes one."""

    def report_connector(self, connector: str, state: State, trace: str | None = None) -> None:
        """Of a connector."""

    def report_task(self, task_id: ConnectorTaskId, state: State, trace: str | None = None) -> None:
        """Of a task."""


class LeaderDuties:
    """Performed after each round of the group.

    ``signs`` says whether this worker leads a group that signs requests; ``claim`` lets it write to the config topic.
    """

    def __init__(
        self,
        configs: ConfigBackingStore,
        statuses: StatusBackingStore,
        keys: SessionKeys,
        reporter: StateReporter,
        signs: Callable[[], bool],
        claim: Callable[[], Awaitable[None]],
    ) -> None:
        self._configs = configs
        self._statuses = statuses
        self._keys = keys
        self._reporter = reporter
        self._signs = signs
        self._claim = claim
        self._rotation: asyncio.Task[None] | None = None

    def perform(self) -> None:
        """Do what is due, and again when it is due again."""
        self._remove_stale_states()
        if self._rotation is None or self._rotation.done():
            self._rotation = asyncio.create_task(self._keep_key_fresh())

    def stop(self) -> None:
        """Another worker leads, or this one ends."""
        if self._rotation is not None:
            self._rotation.cancel()

    def _remove_stale_states(self) -> None:
        configs = self._configs.snapshot()
        for connector in self._statuses.connectors():
            exists = configs.contains(connector)
            tasks = set(configs.tasks(connector)) if exists else set()
            for status in self._statuses.task_statuses(connector):
                if status.task not in tasks:
                    self._reporter.report_task(status.task, State.DESTROYED)
            if not exists:
                self._reporter.report_connector(connector, State.DESTROYED)
                for topic in self._statuses.topic_statuses(connector):
                    self._statuses.delete_topic(connector, topic.topic)

    async def _keep_key_fresh(self) -> None:
        while self._signs():
            try:
                if self._keys.must_replace(self._configs.snapshot().session_key):
                    await self._claim()
                    await asyncio.to_thread(self._configs.put_session_key, self._keys.new())
                    await asyncio.to_thread(self._configs.refresh, _REFRESH_SECONDS)
            except (ConnectException, TimeoutError) as error:
                log.error("A new session key could not be written and will be tried again: %s", error)
            key = self._configs.snapshot().session_key
            left = 0.0 if key is None else self._keys.seconds_left(key)
            await asyncio.sleep(min(max(left, _RETRY_SECONDS), _LONGEST_KEY_SECONDS))
