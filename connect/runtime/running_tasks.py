"""The tasks of a worker: watched, stopped in time, started again where its rules say so."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connect.api import ConnectException
from connect.logging import connector_context
from connect.runtime import pulse
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.memory import limit_memory, private_bytes
from connect.runtime.metrics.task_metrics import TaskMetrics
from connect.runtime.restarts import RestartHistory
from connect.runtime.task_homes import TaskHome, TaskHomes
from connect.runtime.task_rules import TaskRules
from connect.runtime.watchdog import describe_stall, stacks_of, stalled_for

log = logging.getLogger(__name__)

_ENDING_SECONDS = 5.0
_RESUME_SECONDS = 5.0
"""How long a worker that did not act for a while waits to hear what its group says, before it starts tasks again."""

OnState = Callable[[ConnectorTaskId, State, "str | None"], None]


@dataclass(slots=True, eq=False)
class RunningTask:
    """A task and what is known of it. ``heard`` is when ``progress``, its last report, came (``time.monotonic``)."""

    task_id: ConnectorTaskId
    start: dict[str, Any]
    rules: TaskRules
    restarts: RestartHistory
    metrics: TaskMetrics
    child: TaskHome | None = None
    state: State = State.UNASSIGNED
    trace: str | None = None
    progress: dict[str, Any] = field(default_factory=dict)
    heard: float = field(default_factory=time.monotonic)
    stalled: bool = False
    came_up: bool = False
    unwatched: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    reported: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def stage(self) -> str:
        """The stage of its last report."""
        return str(self.progress.get("stage", "START"))

    def tell(self, method: str, **params: Any) -> None:
        """Tell the process something, if there is one."""
        if self.child is not None:
            self.child.channel.notify(method, **params)


class RunningTasks:
    """Starts, watches and stops tasks. ``tasks`` holds those that were started and not yet stopped, failed ones too."""

    def __init__(
        self,
        homes: TaskHomes,
        on_message: Callable[[RunningTask, str, dict[str, Any]], Any],
        on_state: OnState,
        stop_seconds: float,
        metrics_window: float,
    ) -> None:
        """``on_message(task, method, params)`` answers what a task asks of the worker; states go to ``on_state``."""
        self._homes = homes
        self._on_message = on_message
        self._on_state = on_state
        self._stop_seconds = stop_seconds
        self._metrics_window = metrics_window
        self._background: set[asyncio.Task[None]] = set()
        self._watchdog: asyncio.Task[None] | None = None
        self.tasks: dict[ConnectorTaskId, RunningTask] = {}

    async def start(self, task_id: ConnectorTaskId, rules: TaskRules, start: dict[str, Any]) -> None:
        """Start a task; ``start`` is what its process is told first. Raises ConnectException when it runs already."""
        if task_id in self.tasks:
            raise ConnectException(f"Task already exists in this worker: {task_id}")
        metrics = TaskMetrics(self._metrics_window, time.monotonic())
        running = RunningTask(task_id, start, rules, RestartHistory(rules), metrics)
        self.tasks[task_id] = running
        await self._launch(running)
        self._spawn(self._supervise(running))
        if self._watchdog is None:
            self._watchdog = self._spawn(self._watch())

    async def _launch(self, running: RunningTask) -> None:
        async def handle(method: str, params: dict[str, Any]) -> Any:
            return await self._handle(running, method, params)

        pulse.beat()
        running.progress, running.heard, running.stalled = {}, time.monotonic(), False
        running.metrics.restarted()
        running.child = child = await self._homes.start(running.task_id, running.rules, handle)
        if running.rules.memory_max:
            self._limit_memory(running)
        child.channel.notify("start", **running.start)

    def adjust(self, running: RunningTask, rules: TaskRules) -> None:
        """Let a running task follow changed limits from now on."""
        running.rules = rules
        running.tell("limits", records_per_second=rules.records_per_second, bytes_per_second=rules.bytes_per_second)
        self._limit_memory(running)

    def _limit_memory(self, running: RunningTask) -> None:
        if running.child is None:
            return
        if running.child.memory_share == 0:
            log.warning("%s: a task in a thread can't have task.memory.max.bytes", running.task_id)
        else:
            try:
                limit_memory(running.child.pid, running.rules.memory_max, running.child.memory_share)
            except OSError:
                log.debug("Task %s ended before its memory could be limited", running.task_id)

    async def stop(self, task_ids: Iterable[ConnectorTaskId]) -> list[ConnectorTaskId]:
        """Stop tasks together, kill those that don't end in time; the ones that ended by themselves."""
        stopping = [self.tasks[task_id] for task_id in task_ids if task_id in self.tasks]
        for running in stopping:
            running.stopping.set()
            running.tell("stop")
        ended = await asyncio.gather(*(self._end(running) for running in stopping))
        return [running.task_id for running, graceful in zip(stopping, ended, strict=True) if graceful]

    async def _end(self, running: RunningTask) -> bool:
        """True when the task ended by itself."""
        graceful = True
        if (child := running.child) is not None:
            graceful = await child.wait(self._stop_seconds) and not child.sacrificed
            if not child.exit_status.done():
                log.error(
                    "Task %s did not stop within %s s (stage %s): %s",
                    running.task_id,
                    self._stop_seconds,
                    running.stage,
                    child.last_resort,
                )
            await child.kill()
        if self.tasks.get(running.task_id) is running:
            del self.tasks[running.task_id]
        return graceful

    async def await_first_report(self, task_id: ConnectorTaskId, timeout: float) -> None:
        """Wait until a task that was just started has told its state; ``timeout`` seconds at most."""
        running = self.tasks.get(task_id)
        if running is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.reported.wait(), timeout)

    # What tasks tell

    async def _handle(self, running: RunningTask, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "progress":
                running.progress, running.heard = params, time.monotonic()
                running.metrics.report(running.heard, params)
                if running.stalled and stalled_for(params, 0.0, running.rules.stall_timeout) is None:
                    running.stalled = False
                    self._show(running, running.state, None)
            case "facts":
                running.metrics.facts = params
            case "state":
                self._show(running, State(params["state"]), params["trace"])
            case _:
                return await self._on_message(running, method, params)
        return None

    def _show(self, running: RunningTask, state: State, trace: str | None) -> None:
        if state is not running.state:
            running.metrics.change_state(time.monotonic(), state)
        running.state, running.trace = state, trace
        running.reported.set()
        if not running.stopping.is_set():
            self._on_state(running.task_id, state, trace)

    # How tasks end

    async def _supervise(self, running: RunningTask) -> None:
        """Follow a task through its failures and restarts until it is stopped or stays FAILED."""
        while running.child is not None:
            child = running.child
            await asyncio.wait([child.exit_status])
            if running.stopping.is_set():
                return
            await child.channel.drained(_ENDING_SECONDS)
            await child.channel.close()
            if child.exit_code == pulse.SILENT_WORKER:
                if not await self._resume(running):
                    return
                continue
            if child.sacrificed and running.state is not State.FAILED:
                log.warning(
                    "Task %s starts again: its process was killed because of another task in it", running.task_id
                )
                await self._launch(running)
                continue
            if running.state is not State.FAILED:
                self._fail(running, f"The process of the task {child.describe_exit()} in stage {running.stage}")
            running.child = None
            await self._restart(running)

    async def _resume(self, running: RunningTask) -> bool:
        """This worker acts again. True when the task was started again; mostly the group has other plans for it."""
        running.child = None
        log.warning("Task %s has ended while this worker did not act", running.task_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_RESUME_SECONDS):
                await running.stopping.wait()
        if not running.stopping.is_set():
            await self._launch(running)
        return not running.stopping.is_set()

    def _fail(self, running: RunningTask, trace: str) -> None:
        log.error("%s: %s", running.task_id, trace)
        self._show(running, State.FAILED, trace)

    async def _restart(self, running: RunningTask) -> None:
        """Start a failed task again after its back-off, if its rules say so."""
        trace = running.trace or ""
        told = trace.strip().splitlines() or ["unknown"]
        reason = told[0] if running.stalled else told[-1]  # stacks follow, or stand before it
        delay = running.restarts.next_delay(reason, time.monotonic(), stalled=running.stalled)
        if delay is None:
            if running.restarts.total:
                self._show(running, State.FAILED, f"{trace}\n{running.restarts.describe()}")
            return
        log.warning("Task %s is started again in %.1f s, after: %s", running.task_id, delay, reason)
        self._show(running, State.RESTARTING, running.restarts.describe())
        try:
            async with asyncio.timeout(delay):
                await running.stopping.wait()
        except TimeoutError:
            await self._launch(running)

    # Which tasks make no progress

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(pulse.BEAT_SECONDS)
            pulse.beat()
            for running in list(self.tasks.values()):
                if running.child is not None and not running.child.exit_status.done():
                    with connector_context(running.task_id.connector, "worker"):
                        self._look_at_guarded(running, running.child)

    def _look_at_guarded(self, running: RunningTask, child: TaskHome) -> None:
        """Without the pulse all tasks would end: nothing that is wrong with one of them may stop it."""
        try:
            self._look_at(running, child)
        except Exception:
            if not running.unwatched:
                log.exception("Task %s can't be watched any more; it runs on", running.task_id)
            running.unwatched = True

    def _look_at(self, running: RunningTask, child: TaskHome) -> None:
        seconds = stalled_for(running.progress, time.monotonic() - running.heard, running.rules.stall_timeout)
        if seconds is not None and not running.stalled and running.state is not State.FAILED:
            running.stalled = True
            self._spawn(self._report_stall(running, child, seconds))
        if running.rules.memory_max and child.memory_share:
            self._look_at_memory(running, child)

    async def _report_stall(self, running: RunningTask, child: TaskHome, seconds: float) -> None:
        evidence = describe_stall(running.progress, seconds, await stacks_of(child))
        if not running.stalled or running.state is State.FAILED or child.exit_status.done():
            return
        log.error("%s: %s", running.task_id, evidence)
        if running.rules.restart_stalled:
            self._show(running, State.FAILED, evidence)
            await child.kill()
        else:
            self._show(running, running.state, evidence)

    def _look_at_memory(self, running: RunningTask, child: TaskHome) -> None:
        try:
            taken = private_bytes(child.pid)
        except OSError:
            return
        if taken > running.rules.memory_max * child.memory_share:
            what = "The task has" if child.memory_share == 1 else f"{child.memory_share} tasks in one process have"
            limit = running.rules.memory_max
            self._fail(running, f"{what} taken {taken} bytes of memory; task.memory.max.bytes is {limit}: killed")
            self._spawn(child.kill())

    def _spawn(self, coroutine: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def close(self) -> None:
        """Stop all tasks, and watching them."""
        await self.stop(list(self.tasks))
        if self._watchdog is not None:
            self._watchdog.cancel()
