"""Brings the task configurations that connectors make here to the leader, however long that takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from connect.api import ConnectException
from connect.storage.cluster_state import Config

log = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 0.25, 60.0


class TaskConfigPublisher:
    """One attempt per connector is under way at most; newer configurations replace older ones.

    ``store`` waits until the group has formed, and raises ConnectException when the configurations could not be
    stored; ``is_wanted`` says whether the connector still runs here.
    """

    def __init__(
        self, store: Callable[[str, Sequence[Config]], Awaitable[None]], is_wanted: Callable[[str], bool]
    ) -> None:
        self._store = store
        self._is_wanted = is_wanted
        self._publishing: dict[str, asyncio.Task[None]] = {}

    def publish(self, connector: str, configs: Sequence[Config]) -> None:
        """Begin; never waits, since the group may be waiting for who calls this."""
        before = self._publishing.pop(connector, None)
        if before is not None:
            before.cancel()
        self._publishing[connector] = publishing = asyncio.create_task(self._publish(connector, configs))
        publishing.add_done_callback(lambda done: self._forget(connector, done))

    def stop(self) -> None:
        """Give up what is under way."""
        for publishing in self._publishing.values():
            publishing.cancel()

    def _forget(self, connector: str, done: asyncio.Task[None]) -> None:
        if self._publishing.get(connector) is done:
            del self._publishing[connector]

    async def _publish(self, connector: str, configs: Sequence[Config]) -> None:
        pause = _FIRST_RETRY_SECONDS
        while self._is_wanted(connector):
            try:
                await self._store(connector, configs)
                return
            except ConnectException as error:
                log.warning("New task configurations of %s could not be stored yet: %s", connector, error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_RETRY_SECONDS)
