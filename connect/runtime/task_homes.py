"""Where tasks run: each in a process of its own, several of one connector in one, or in threads of the worker.

Whoever starts, watches and stops tasks sees the same of all three, and the loops don't know which it is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from typing import Any, Protocol

from connect.runtime.channel import Handler, WorkerChannel
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.supervisor import TASK, ChildProcess, Supervisor
from connect.runtime.task_rules import TaskRules

log = logging.getLogger(__name__)


class TaskHome(Protocol):
    """One life of a task, as the worker sees it."""

    pid: int
    """The process that it runs in."""
    channel: WorkerChannel
    exit_status: asyncio.Future[int]
    """Done when the task has ended, however; a wait status."""

    @property
    def sacrificed(self) -> bool:
        """Whether it ended because the worker killed its process on account of another task."""

    @property
    def memory_share(self) -> int:
        """How many tasks share the process, and so their memory limits; 0 when there can't be a limit."""

    @property
    def last_resort(self) -> str:
        """What :meth:`kill` does, in words."""

    @property
    def exit_code(self) -> int:
        """Of a task that has ended; negative for the signal that ended it."""

    async def wait(self, timeout: float) -> bool:
        """True when the task ends within ``timeout`` seconds."""

    async def kill(self) -> None:
        """End it, or give it up; of one that has ended already, close the channel."""

    def describe_exit(self) -> str:
        """How it ended, in words."""


class _Guest:
    """A task in a process that isn't its own."""

    def __init__(self, pid: int, handle: Handler) -> None:
        self.pid = pid
        self.exit_status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.channel = WorkerChannel(self._on_message)
        self._handle = handle

    async def _on_message(self, method: str, params: dict[str, Any]) -> Any:
        if method == "ended":
            self.end(0)
            return None
        return await self._handle(method, params)

    def end(self, status: int) -> None:
        """It has ended, with that wait status."""
        if not self.exit_status.done():
            self.exit_status.set_result(status)

    async def wait(self, timeout: float) -> bool:
        """True when the task ends within ``timeout`` seconds."""
        done, _ = await asyncio.wait([self.exit_status], timeout=timeout)
        return bool(done)

    @property
    def exit_code(self) -> int:
        """Of a task that has ended; negative for the signal that ended it."""
        return os.waitstatus_to_exitcode(self.exit_status.result())


class PackedTask(_Guest):
    """A task in a process that it shares with others of its connector."""

    last_resort = "its process is killed"

    def __init__(self, task_id: ConnectorTaskId, pack: TaskPack, handle: Handler) -> None:
        super().__init__(pack.process.pid, handle)
        self.task_id = task_id
        self._pack = pack
        self._others: list[int] = []
        self._culprit = False

    @property
    def memory_share(self) -> int:
        """How many tasks share the process."""
        return self._pack.size

    @property
    def sacrificed(self) -> bool:
        """Whether it ended because the process was killed on account of another task."""
        return self._pack.killed and not self._culprit

    def end(self, status: int) -> None:
        """It has ended, with that wait status."""
        super().end(status)
        self._pack.leave(self)

    def end_with_process(self, status: int, tasks: list[int]) -> None:
        """The process has ended, and with it those tasks."""
        self._others = sorted(number for number in tasks if number != self.task_id.task)
        self.end(status)

    async def kill(self) -> None:
        """Kill the process unless the task has ended; others that run in it are sacrificed."""
        if not self.exit_status.done():
            self._culprit = True
            await self._pack.kill()
        await self.channel.close()

    def describe_exit(self) -> str:
        """How the process ended, and which other tasks did with it."""
        told = self._pack.process.describe_exit() if self._pack.process.exit_status.done() else "has let it end"
        if not self._others:
            return told
        return f"{told} (and with it tasks {', '.join(map(str, self._others))} of the connector)"


class TaskPack:
    """A process with tasks of one connector. It ends with the last of them."""

    def __init__(self, process: ChildProcess, control: socket.socket, size: int) -> None:
        self.process = process
        self.size = size
        self.killed = False
        self._control = control
        self._tasks: list[PackedTask] = []
        process.exit_status.add_done_callback(self._on_exit)

    @property
    def has_room(self) -> bool:
        """Whether another task may join. None may once the last one has ended."""
        return len(self._tasks) < self.size and not self.process.exit_status.done() and self._control.fileno() >= 0

    async def join(self, task_id: ConnectorTaskId, handle: Handler) -> PackedTask:
        """Start one more task."""
        task = PackedTask(task_id, self, handle)
        self._tasks.append(task)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            except OSError:
                log.debug("Process %d has just ended; task %s ends with it", self.process.pid, task_id)
        await task.channel.open(ours)
        return task

    def leave(self, task: PackedTask) -> None:
        """A task has ended; the process does so with its last one."""
        if task in self._tasks:
            self._tasks.remove(task)
        if not self._tasks:
            self._control.close()

    def _on_exit(self, exit_status: asyncio.Future[int]) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.end_with_process(exit_status.result(), [each.task_id.task for each in tasks])

    async def kill(self) -> None:
        """Kill the process, and so all its tasks."""
        self.killed = True
        await self.process.kill()


class ThreadTask(_Guest):
    """A task in a thread of the worker, which nothing can end but the task itself."""

    sacrificed = False
    memory_share = 0
    last_resort = "abandoned, its thread goes on until it comes back by itself"

    def __init__(self, task_id: ConnectorTaskId, handle: Handler) -> None:
        super().__init__(os.getpid(), handle)
        self._task_id = task_id

    async def run(self) -> None:
        """Start the thread."""
        from connect.runtime.task_run import TaskRun  # all that a task needs: workers without such tasks start sooner

        ours, theirs = socket.socketpair()
        run = TaskRun(theirs, lambda _: None)
        await self.channel.open(ours)
        threading.Thread(target=run.run, name=str(self._task_id), daemon=True).start()

    async def kill(self) -> None:
        """Give the task up: it is told to stop, and nobody listens to it any more."""
        self.end(signal.SIGKILL)
        await self.channel.close()

    def describe_exit(self) -> str:
        """Of a task that didn't say how it ended."""
        return "(the worker's own) goes on; the task was abandoned"


class TaskHomes:
    """Starts tasks where their rules want them."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._packs: dict[str, list[TaskPack]] = {}
        self._packing = asyncio.Lock()

    async def start(self, task_id: ConnectorTaskId, rules: TaskRules, handle: Handler) -> TaskHome:
        """Start a task, which waits for its first message; ``handle`` answers its calls."""
        if rules.in_thread:
            thread = ThreadTask(task_id, handle)
            await thread.run()
            return thread
        if rules.tasks_per_process > 1:
            async with self._packing:
                pack = await self._pack_with_room(task_id.connector, rules.tasks_per_process)
                return await pack.join(task_id, handle)
        return await self._supervisor.start(TASK, handle)

    async def _pack_with_room(self, connector: str, size: int) -> TaskPack:
        packs = [pack for pack in self._packs.pop(connector, []) if not pack.process.exit_status.done()]
        found = next((pack for pack in packs if pack.has_room and pack.size == size), None)
        if found is None:
            found = TaskPack(*await self._supervisor.start_pack(_ignore), size)
            packs.append(found)
        self._packs[connector] = packs
        return found


async def _ignore(method: str, params: dict[str, Any]) -> None:
    """A pack's process says nothing; its tasks do."""
