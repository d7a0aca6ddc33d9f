"""The herder of a worker that shares connectors and tasks with the other workers of its group.

The group's assignment decides what runs here; what only the leader may do is refused with the leader's address
(:class:`HandledElsewhere`), and REST passes the request on. Reads are answered from memory at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from connect.api import ConnectException, NotFoundException
from connect.herder.cluster_view import HerderStores
from connect.herder.distributed.assigned_work import AssignedWork, WorkerAddress
from connect.herder.distributed.fencing import FenceTasks
from connect.herder.distributed.group import GroupView
from connect.herder.distributed.group_membership import GroupMembership
from connect.herder.distributed.guard import TaskGuard
from connect.herder.distributed.leader_client import LeaderClient
from connect.herder.distributed.leadership import Placement
from connect.herder.distributed.protocol import Protocol as ConnectProtocol
from connect.herder.distributed.task_publisher import TaskConfigPublisher
from connect.herder.entities import Json
from connect.herder.errors import BadRequest, HandledElsewhere, RebalanceNeeded, Unavailable
from connect.herder.internal_requests import Signature
from connect.herder.plugin_listing import PluginListing
from connect.herder.restart_plan import RestartPlan, plan_restart
from connect.herder.validation import ConnectorValidation
from connect.kafka.membership import GroupListener
from connect.loggers import Loggers
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from connect.runtime.worker import Worker
from connect.storage.cluster_state import Config, RestartRequest, SessionKey

log = logging.getLogger(__name__)

REQUEST_SECONDS = 90.0


class DistributedHerder(AssignedWork):
    """One worker of many."""

    def __init__(
        self,
        address: WorkerAddress,
        properties: Mapping[str, str],
        stores: HerderStores,
        plugins: PluginListing,
        validation: ConnectorValidation,
        loggers: Loggers,
        make_membership: Callable[[GroupListener], GroupMembership],
        fence_tasks: FenceTasks,
    ) -> None:
        super().__init__(address, properties, stores, plugins, validation, loggers, make_membership, fence_tasks)
        self._publisher = TaskConfigPublisher(self._store_task_configs, self._makes_tasks)
        self._leader_client = LeaderClient(
            properties.get("inter.worker.signature.algorithm", "HmacSHA256"), self._signing_key
        )

    def start(self, worker: Worker) -> None:
        """Get ready; nothing runs before the group says so."""
        worker.guard = TaskGuard(
            self._fencing, self._leader_client, self._configs, self._formed, lambda task_id: task_id in self._tasks
        )
        super().start(worker)

    async def _leave(self) -> None:
        self._publisher.stop()
        await super()._leave()
        await self._leader_client.close()

    # Who does what

    async def _formed(self) -> GroupView:
        """The group's present state; waits while it forms. Raises ConnectException after 90 s."""
        if self._left:
            raise Unavailable("This worker has left its group; it is about to be ended")
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                await self._resolved.wait()
        except TimeoutError:
            raise ConnectException("Request timed out. The worker is currently joining its group.") from None
        if self._closing or self._view is None:
            raise ConnectException("Worker is shutting down")
        return self._view

    async def require_leader(self) -> None:
        """Raises HandledElsewhere when another worker leads."""
        view = await self._formed()
        if not view.is_leader:
            raise HandledElsewhere("Only the leader can do that.", view.leader_url)
        await self._privileges.ensure()

    async def _must_run(self, owned: str | ConnectorTaskId) -> None:
        """Raises HandledElsewhere when another worker runs it, RebalanceNeeded when that may change any moment."""
        view = await self._formed()
        if self._membership.rejoin_pending:
            raise RebalanceNeeded(
                "Cannot complete request momentarily due to stale configuration "
                "(typically caused by a concurrent config change)"
            )
        connector = owned if isinstance(owned, str) else owned.connector
        if not self._state().contains(connector):
            raise NotFoundException(f"Unknown connector: {connector}")
        if isinstance(owned, ConnectorTaskId) and owned not in self._state().tasks(connector):
            raise NotFoundException(f"Unknown task: {owned}")
        if owned in (self._instances if isinstance(owned, str) else self._tasks):
            return
        url = self._leadership.owner_url(owned) if view.is_leader else view.leader_url
        raise HandledElsewhere("Another worker runs it.", url)

    # Changing

    async def restart_task(self, task_id: ConnectorTaskId) -> None:
        """Restart a task where it runs."""
        await self._must_run(task_id)
        await super().restart_task(task_id)

    async def restart_connector(
        self, connector: str, *, include_tasks: bool = False, only_failed: bool = False
    ) -> Json | None:
        """Restart the instance where it runs; with flags, ask all workers to restart their part."""
        if not include_tasks and not only_failed:
            await self._must_run(connector)
            return await super().restart_connector(connector)
        await self.require_leader()
        if not self._state().contains(connector):
            raise NotFoundException(f"Unknown connector: {connector}")
        plan = plan_restart(self.connector_status(connector), include_tasks=include_tasks, only_failed=only_failed)
        request = RestartRequest(connector, only_failed, include_tasks)
        await asyncio.to_thread(self._configs.put_restart_request, request)
        return plan.status

    def on_restart_request(self, request: RestartRequest) -> None:
        """Carry out this worker's part."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: self._spawn(self._carry_out(request)))

    async def _carry_out(self, request: RestartRequest) -> None:
        connector = request.connector
        try:
            status = self.connector_status(connector)
        except NotFoundException:
            log.debug("Connector %s, which was to be restarted, is gone", connector)
            return
        whole = plan_restart(status, include_tasks=request.include_tasks, only_failed=request.only_failed)
        tasks = tuple(number for number in whole.tasks if ConnectorTaskId(connector, number) in self._tasks)
        mine = RestartPlan(whole.instance and connector in self._instances, tasks, status)
        if not mine.tasks and not mine.instance:
            return
        for number in mine.tasks:
            self.report_task(ConnectorTaskId(connector, number), State.RESTARTING)
        if mine.instance:
            self.report_connector(connector, State.RESTARTING)
        await self._restart(connector, mine)

    # Task configurations

    async def publish_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        """Have new task configurations stored, in the background: the group may have to form first."""
        self._publisher.publish(connector, list(configs))

    def _makes_tasks(self, connector: str) -> bool:
        return connector in self._instances and self._state().target_state(connector) is TargetState.STARTED

    async def _store_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        view = await self._formed()
        if not self._makes_tasks(connector):
            return
        if view.is_leader:
            await self._privileges.ensure()
            await self._task_writes.put(connector, configs)
        else:
            await self._leader_client.put_task_configs(view.leader_url, connector, configs)

    def _signing_key(self) -> SessionKey | None:
        signs = self._view is not None and self._view.protocol is ConnectProtocol.SESSIONED
        return self._state().session_key if signs else None

    async def take_task_configs(
        self, connector: str, configs: Sequence[Config], body: bytes, signature: Signature | None
    ) -> None:
        """Store task configurations that another worker has made, as the leader.

        Raises HandledElsewhere, NotFoundException, BadRequest, Forbidden, Unavailable.
        """
        view = await self._formed()
        if view.protocol is ConnectProtocol.SESSIONED:
            self._internal.check(body, signature, self._state().session_key)
        await self.require_leader()
        self._known(connector)
        if configs and self._state().target_state(connector) is TargetState.STOPPED:
            raise BadRequest(f"Cannot submit non-empty set of task configs for stopped connector {connector}")
        await self._task_writes.put(connector, configs)

    # Zombie fencing

    async def fence_zombies(self, connector: str, body: bytes, signature: Signature | None) -> None:
        """Fence off former tasks for another worker, as the leader.

        Raises HandledElsewhere, NotFoundException, BadRequest, Forbidden, Unavailable, Conflict.
        """
        view = await self._formed()
        if view.protocol is ConnectProtocol.SESSIONED:
            self._internal.check(body, signature, self._state().session_key)
        await self.require_leader()
        self._known(connector)
        if self.connector_type(connector) != "source":
            raise BadRequest(f"Connector {connector} is not a source connector")
        await self._fencing.fence(connector)

    async def fence_former_tasks(self, connector: str) -> None:
        """The same on behalf of a user who changes offsets."""
        await self.require_leader()
        await self._fencing.fence(connector)

    # Looking at the group

    async def placement(self) -> Placement:
        """What runs where and why, as the leader decided. Raises HandledElsewhere when another worker leads."""
        await self.require_leader()
        found = self._leadership.placement
        if found is None:
            raise RebalanceNeeded("The group is forming")
        return found
