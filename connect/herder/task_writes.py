"""Changes of what tasks a connector has, one at a time per connector."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from connect.runtime.ids import TargetState
from connect.storage.cluster_state import Config
from connect.storage.config_store import ConfigBackingStore

_REFRESH_SECONDS = 30.0


class TaskWrites:
    """Task configurations take time to be made and stored; meanwhile their connector may be stopped or deleted.

    A connector that was stopped keeps no tasks then, and one that was deleted gets none. All methods run on the event
    loop, and raise ConnectException when the store can't be written.
    """

    def __init__(self, configs: ConfigBackingStore) -> None:
        self._configs = configs
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def put(self, connector: str, configs: Sequence[Config]) -> None:
        """Store task configurations, unless there is nothing any more to run."""
        async with self._turns[connector]:
            state = self._configs.snapshot()
            if state.contains(connector) and state.target_state(connector) is not TargetState.STOPPED:
                await asyncio.to_thread(self._configs.put_task_configs, connector, list(configs))

    async def stop(self, connector: str) -> None:
        """Take a connector's tasks away, and note that it is stopped. Raises TimeoutError, too."""
        async with self._turns[connector]:
            await asyncio.to_thread(self._configs.put_task_configs, connector, [])
            await asyncio.to_thread(self._configs.put_target_state, connector, TargetState.STOPPED)
            await asyncio.to_thread(self._configs.refresh, _REFRESH_SECONDS)  # whoever is next has to see it

    async def remove(self, connector: str) -> None:
        """Delete a connector."""
        async with self._turns[connector]:
            await asyncio.to_thread(self._configs.remove_connector_config, connector)
