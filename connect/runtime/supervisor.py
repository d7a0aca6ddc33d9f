"""Starts, watches, stops and kills the worker's child processes."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

from connect.api import ConfigException, ConnectException
from connect.plugins.builtin import PluginKind
from connect.plugins.registry import process_plugins
from connect.runtime.channel import Handler, WorkerChannel
from connect.runtime.forkserver import ForkServer

log = logging.getLogger(__name__)

_SHARED_MODULES = (
    "connectors.file.sink",
    "connectors.file.source",
    "converters.byte_array",
    "converters.json",
    "converters.simple_header",
    "converters.string",
    "transforms.hoist_field",
    "transforms.insert_field",
    "transforms.regex_router",
)
TASK, TASK_PACK, CONNECTOR_HOST, PLUGIN_PROCESS = "task", "task-pack", "connector-host", "plugins"


class ChildProcess:
    """A running child: its channel, and a future of how it ended."""

    sacrificed = False
    memory_share = 1
    last_resort = "killed"

    def __init__(self, pid: int, channel: WorkerChannel, exit_status: asyncio.Future[int]) -> None:
        self.pid = pid
        self.channel = channel
        self.exit_status = exit_status

    async def wait(self, timeout: float) -> bool:
        """True when the process ends within ``timeout`` seconds."""
        done, _ = await asyncio.wait([self.exit_status], timeout=timeout)
        return bool(done)

    async def kill(self) -> None:
        """End the process at once and wait until it is gone."""
        if not self.exit_status.done():
            self.kill_group()
            _kill(os.kill, self.pid)
            await asyncio.wait([self.exit_status])
        await self.channel.close()

    def kill_group(self) -> None:
        """Kill what is left of all that a plugin in this process has forked."""
        _kill(os.killpg, self.pid)

    @property
    def exit_code(self) -> int:
        """Of a process that has ended; negative for the signal that ended it."""
        return os.waitstatus_to_exitcode(self.exit_status.result())

    def describe_exit(self) -> str:
        """How the process ended, in words."""
        code = self.exit_code
        return f"was killed by signal {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _kill(how: Callable[[int, int], None], target: int) -> None:
    try:
        how(target, signal.SIGKILL)
    except ProcessLookupError:
        log.debug("Nothing to kill: process or group %d is gone", target)


class Supervisor:
    """Makes children through the fork server."""

    def __init__(self, fork_server: ForkServer) -> None:
        self._fork_server = fork_server
        self._children: set[ChildProcess] = set()

    async def start(self, kind: str, handle: Handler) -> ChildProcess:
        """Start a child; ``handle`` answers its calls."""
        child, sock = await self._fork(kind, WorkerChannel(handle))
        await child.channel.open(sock)
        return child

    async def start_pack(self, handle: Handler) -> tuple[ChildProcess, socket.socket]:
        """Start a child that runs tasks, each over a socket of its own that is sent over the one returned.

        It ends when that one is closed. The child's own channel isn't used.
        """
        return await self._fork(TASK_PACK, WorkerChannel(handle))

    async def _fork(self, kind: str, channel: WorkerChannel) -> tuple[ChildProcess, socket.socket]:
        pid, sock, exit_status = await self._fork_server.fork(kind)
        child = ChildProcess(pid, channel, exit_status)
        self._children.add(child)
        exit_status.add_done_callback(lambda _: self._on_exit(child))
        return child, sock

    def _on_exit(self, child: ChildProcess) -> None:
        self._children.discard(child)
        child.kill_group()

    async def close(self) -> None:
        """Kill what still runs, and the fork server."""
        await asyncio.gather(*(child.kill() for child in list(self._children)))
        self._fork_server.close()


def child_mains() -> dict[str, Any]:
    """What each kind of child runs; importing this loads what all children share."""
    from connect.runtime import connector_host, plugin_process, task_process

    return {
        TASK: task_process.main,
        TASK_PACK: task_process.pack_main,
        CONNECTOR_HOST: connector_host.main,
        PLUGIN_PROCESS: plugin_process.main,
    }


def preload() -> None:
    """Import, in the fork server, what comes with the worker and most tasks need: they share the memory for it."""
    for module in _SHARED_MODULES:
        importlib.import_module(module)
    registry = process_plugins()
    with contextlib.suppress(ConfigException, ConnectException):  # a wrong manifest is told where plugins are asked for
        registry.find("StringConverter", PluginKind.CONVERTER)  # reads the metadata of all plugins once
