"""Lets exactly-once source tasks begin to write when no former task can, and only where the group wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from connect.api import ConnectException
from connect.herder.distributed.fencing import ZombieFencing
from connect.herder.distributed.group import GroupView
from connect.herder.distributed.leader_client import LeaderClient
from connect.runtime.ids import ConnectorTaskId
from connect.storage.config_store import ConfigBackingStore

_READ_SECONDS = 90.0


class TaskGuard:
    """The ``TransactionGuard`` of a worker in a group.

    ``formed`` waits until the group has formed; ``runs`` says whether a task belongs to this worker.
    """

    def __init__(
        self,
        fencing: ZombieFencing,
        leader: LeaderClient,
        configs: ConfigBackingStore,
        formed: Callable[[], Awaitable[GroupView]],
        runs: Callable[[ConnectorTaskId], bool],
    ) -> None:
        self._fencing = fencing
        self._leader = leader
        self._configs = configs
        self._formed = formed
        self._runs = runs

    async def fence(self, task_id: ConnectorTaskId) -> None:
        """Have the leader fence off former tasks of the connector. Raises ConnectException."""
        view = await self._formed()
        if view.is_leader:
            await self._fencing.fence(task_id.connector)
        else:
            await self._leader.fence_zombies(view.leader_url, task_id.connector)

    async def confirm(self, task_id: ConnectorTaskId) -> None:
        """Read the config topic to its end, and see whether the task still is to run here. Raises ConnectException."""
        await asyncio.to_thread(self._configs.refresh, _READ_SECONDS)
        view = await self._formed()
        refused = f"Cannot start source task {task_id} with exactly-once support as"
        if self._configs.snapshot().commit_offset(task_id.connector) > view.offset:
            raise ConnectException(f"{refused} the connector has already generated a new set of task configs")
        if not self._runs(task_id):
            raise ConnectException(f"{refused} it has already been revoked from this worker")
