"""The herder of a worker that shares connectors and tasks with the other workers of its group.

The group's assignment decides what runs here; what only the leader may do is refused with the leader's address
(:class:`HandledElsewhere`), and REST passes the request on. Reads are answered from memory at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from connect.api import ConnectException, NotFoundException
from connect.herder.distributed.catch_up import CatchUp
from connect.herder.distributed.fencing import FenceTasks, ZombieFencing
from connect.herder.distributed.group import ConnectGroup, GroupView
from connect.herder.distributed.group_membership import GroupMembership
from connect.herder.distributed.group_metrics import GroupMetrics
from connect.herder.distributed.guard import TaskGuard
from connect.herder.distributed.hand_over import HandOver
from connect.herder.distributed.leader_client import LeaderClient
from connect.herder.distributed.leader_duties import LeaderDuties
from connect.herder.distributed.leadership import Leadership, Placement
from connect.herder.distributed.privileges import WritePrivileges
from connect.herder.distributed.protocol import Protocol as ConnectProtocol
from connect.herder.distributed.session_keys import SessionKeys
from connect.herder.distributed.settling import settle
from connect.herder.distributed.task_publisher import TaskConfigPublisher
from connect.herder.entities import Json
from connect.herder.errors import BadRequest, HandledElsewhere, RebalanceNeeded, Unavailable
from connect.herder.herder import Herder
from connect.herder.internal_requests import Signature
from connect.herder.plugin_listing import PluginListing
from connect.herder.restart_plan import RestartPlan, plan_restart
from connect.herder.runner import ConnectorRunner, Wanted
from connect.herder.validation import ConnectorValidation
from connect.kafka.membership import GroupListener
from connect.loggers import Loggers
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from connect.runtime.metrics.worker_metrics import WorkerMetrics
from connect.runtime.worker import Worker
from connect.storage.cluster_state import Config, RestartRequest, SessionKey
from connect.storage.config_store import ConfigBackingStore
from connect.storage.status_store import StatusBackingStore

log = logging.getLogger(__name__)

REQUEST_SECONDS = 90.0
_FLUSH_SECONDS = 10.0


class WorkerAddress(NamedTuple):
    """Of a worker: ``host:port``, as statuses name it, and the URL at which the others reach its REST API."""

    worker_id: str
    url: str


class DistributedHerder(Herder):
    """One worker of many."""

    def __init__(
        self,
        address: WorkerAddress,
        properties: Mapping[str, str],
        configs: ConfigBackingStore,
        statuses: StatusBackingStore,
        plugins: PluginListing,
        validation: ConnectorValidation,
        loggers: Loggers,
        make_membership: Callable[[GroupListener], GroupMembership],
        fence_tasks: FenceTasks,
    ) -> None:
        super().__init__(
            address.worker_id, properties, configs, statuses, plugins, validation, loggers, standalone=False
        )
        offered = ConnectProtocol[properties.get("connect.protocol", "sessioned").upper()]
        max_delay = int(properties.get("scheduled.rebalance.max.delay.ms", "300000"))
        session = int(properties.get("session.timeout.ms", "10000"))
        self._leadership = Leadership(max_delay, configs.snapshot)
        remembers = (session + max_delay) / 1000 if max_delay else 0.0
        client_id = properties.get("client.id") or f"connect-{address.worker_id}"
        self._figures = GroupMetrics(client_id, WorkerMetrics.from_properties(properties).window)
        self._group = ConnectGroup(
            address.url, offered, self._leadership, configs.snapshot, self, remembers, self._figures
        )
        self._membership = make_membership(self._group)
        self._catch_up = CatchUp(properties, max_delay)
        self._publisher = TaskConfigPublisher(self._store_task_configs, self._makes_tasks)
        self._privileges = WritePrivileges(configs, lambda: self._view is not None and self._view.is_leader)
        self._fencing = ZombieFencing(
            configs, fence_tasks, self.resolve, self._privileges.ensure, self._catch_up.sync_seconds
        )
        self._duties = LeaderDuties(
            configs, statuses, SessionKeys.of(properties), self, self._signs_as_leader, self._privileges.ensure
        )
        self._leader_client = LeaderClient(
            properties.get("inter.worker.signature.algorithm", "HmacSHA256"), self._signing_key
        )
        self._view: GroupView | None = None
        self._instances: frozenset[str] = frozenset()
        self._tasks: frozenset[ConnectorTaskId] = frozenset()
        self._suspended = True
        self._resolved = asyncio.Event()
        self._stopped = asyncio.Event()
        self._known_connectors: set[str] = set()
        self._needed_offset = -1
        self._drain = properties.get("drain.on.shutdown", "false").lower() == "true"
        self._drain_seconds = int(properties.get("drain.timeout.ms", "30000")) / 1000
        self._hand_over = HandOver(
            self._group,
            configs.snapshot,
            self._membership.request_rejoin,
            self._membership.leave,
            self.stop_everything,
        )
        self._left = False

    def start(self, worker: Worker) -> None:
        """Get ready; nothing runs before the group says so."""
        self.worker = worker
        worker.metrics.sources.append(self._figures.metrics)
        worker.guard = TaskGuard(
            self._fencing, self._leader_client, self._configs, self._formed, lambda task_id: task_id in self._tasks
        )
        self._known_connectors = set(self._state().connectors())
        self._loop = asyncio.get_running_loop()
        self._spawn(self._learn_plugins())

    def join(self) -> None:
        """Join the group."""
        self._group.use(asyncio.get_running_loop())
        self._membership.start()

    async def stop(self) -> None:
        """Stop all connectors and tasks, then leave the group; with ``drain.on.shutdown`` hand over first."""
        if self._drain:
            await self.drain()
        self._stopped.set()
        self._duties.stop()
        self._fencing.stop()
        await super().stop()
        self._publisher.stop()
        if not self._left:
            await asyncio.to_thread(self._membership.stop)
        await self._leader_client.close()

    async def drain(self) -> None:
        """Hand all work over to the others, and leave the group for good."""
        view = self._view
        if self._left or view is None:
            return
        if view.protocol.is_incremental and not self._leadership.is_alone:
            log.info("Handing over %d connectors and %d tasks before leaving", len(self._instances), len(self._tasks))
            await self._hand_over.perform(self._drain_seconds)
        self._left = True
        await self.stop_everything()
        await asyncio.to_thread(self._membership.stop)

    # What runs here

    def wanted(self, connector: str) -> Wanted:
        """A connector's share of this worker."""
        wanted = super().wanted(connector)
        if self._suspended or self._view is None:
            return replace(wanted, config=None, tasks={})
        mine = {task_id: config for task_id, config in wanted.tasks.items() if task_id in self._tasks}
        if self._state().commit_offset(connector) > self._view.offset:
            mine = {}  # made anew since the group formed: nobody starts before everybody has stopped
        return replace(wanted, config=wanted.config if connector in self._instances else None, tasks=mine)

    def _wake(self, connector: str) -> ConnectorRunner | None:
        if connector in self._runners or connector in self._instances or self._tasks_of(connector):
            return super()._wake(connector)
        return None

    def _tasks_of(self, connector: str) -> list[ConnectorTaskId]:
        return [task_id for task_id in self._tasks if task_id.connector == connector]

    # What the config topic tells, on its thread

    def on_connector_config_update(self, connector: str) -> None:
        """A new connector needs a worker; a known one's owner restarts it."""
        if connector not in self._known_connectors:
            self._known_connectors.add(connector)
            self._need_round()
        super().on_connector_config_update(connector)

    def on_connector_config_remove(self, connector: str) -> None:
        """What a deleted connector occupied is free."""
        if connector in self._known_connectors:
            self._known_connectors.discard(connector)
            self._need_round()
        super().on_connector_config_remove(connector)

    def on_task_config_update(self, tasks: Sequence[ConnectorTaskId]) -> None:
        """New tasks need workers, and start when all old ones have stopped."""
        self._need_round()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._fencing.on_new_tasks, {task.connector for task in tasks})
        super().on_task_config_update(tasks)

    def on_session_key_update(self, key: SessionKey) -> None:
        """The key is read from the picture whenever it is needed."""

    def on_restart_request(self, request: RestartRequest) -> None:
        """Carry out this worker's part."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: self._spawn(self._carry_out(request)))

    def _need_round(self) -> None:
        self._needed_offset = self._state().offset
        if self._loop is not None and (self._view is None or self._view.offset < self._needed_offset):
            self._membership.request_rejoin()

    # What the group tells (WorkOwner)

    async def prepare_to_join(self, *, eager: bool) -> bool:
        """Stop what must not run while the group forms."""
        self._resolved.clear()
        if not await self._catch_up.before_join(self._refresh):
            await self._retreat()
            return False
        if eager:
            await self.stop_everything()
        elif self._view is not None:
            state, offset = self._state(), self._view.offset
            await self._settle([name for name in self._runners if state.commit_offset(name) > offset])
        return True

    async def follow(self, view: GroupView) -> None:
        """Stop what is revoked, catch up with the leader, start what is new."""
        self.generation = view.generation
        log.info(
            "Generation %d of the group, led by %s: %d connectors and %d tasks run here",
            view.generation,
            view.leader_url,
            len(view.work.connectors),
            len(view.work.tasks),
        )
        self._view = view
        if not view.failed:
            self._instances, self._tasks = frozenset(view.work.connectors), frozenset(view.work.tasks)
        if view.revoked:
            await self._revoke({*view.revoked.connectors, *(task.connector for task in view.revoked.tasks)})
        if self._is_behind(view) and not await self._catch_up.with_leader(self._refresh):
            await self._retreat()
        elif self._is_behind(view):
            self._membership.request_rejoin()
        else:
            await self._resolve(view)

    def _is_behind(self, view: GroupView) -> bool:
        return view.failed or self._state().offset < view.offset

    async def _resolve(self, view: GroupView) -> None:
        self._catch_up.succeeded()
        self._suspended = False
        for connector in {*self._runners, *self._instances, *(task.connector for task in self._tasks)}:
            self._wake(connector)
        self._resolved.set()
        self._figures.end()
        self._spawn(self._drop_idle_runners())
        self._lead() if view.is_leader else self._obey()
        await self._hand_over.on_round(view)
        if view.revoked or self._needed_offset > view.offset:
            self._membership.request_rejoin()
        elif view.delay > 0:
            self._membership.rejoin_at(asyncio.get_running_loop().time() + view.delay / 1000)

    def _lead(self) -> None:
        self._spawn(self._privileges.claim())
        self._duties.perform()

    def _obey(self) -> None:
        self._privileges.lose()
        self._fencing.stop()
        self._duties.stop()

    async def stop_everything(self) -> None:
        """Nothing runs here until the group says so again."""
        self._privileges.lose()
        self._resolved.clear()
        self._suspended = True
        await self._settle(list(self._runners))
        await self._flush_statuses()

    async def _revoke(self, connectors: Collection[str]) -> None:
        await self._settle([connector for connector in connectors if connector in self._runners])
        await self._flush_statuses()

    async def _settle(self, connectors: Sequence[str]) -> None:
        await settle({connector: self._runners[connector] for connector in connectors}, self.worker, self._stopped)

    async def _flush_statuses(self) -> None:
        try:
            await asyncio.to_thread(self._statuses.flush, _FLUSH_SECONDS)
        except (TimeoutError, ConnectException) as error:
            log.warning("The states of what was stopped may not have arrived: %s", error)

    async def _refresh(self, seconds: float) -> None:
        await asyncio.to_thread(self._configs.refresh, seconds)

    async def _retreat(self) -> None:
        """Leave the group for a while: this worker can't read the config topic."""
        seconds, is_hopeless = self._catch_up.back_off(self._view)
        if is_hopeless:
            self._group.give_up()
            await self.stop_everything()
        self._membership.leave_for(seconds)

    async def _drop_idle_runners(self) -> None:
        for connector, runner in list(self._runners.items()):
            if runner.idle and connector not in self._instances and not self._tasks_of(connector):
                await runner.settle()
                if runner.idle and self._runners.get(connector) is runner:
                    del self._runners[connector]
                    await runner.close()

    # Signed requests

    def _signs_as_leader(self) -> bool:
        view = self._view
        return view is not None and view.is_leader and view.protocol is ConnectProtocol.SESSIONED

    def _signing_key(self) -> SessionKey | None:
        signs = self._view is not None and self._view.protocol is ConnectProtocol.SESSIONED
        return self._state().session_key if signs else None

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
