"""The worker's side of plugin processes: requests with a time limit, so that no plugin ever holds up the worker."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connect.api import ConnectException
from connect.runtime.channel import ChannelClosed, RemoteError
from connect.runtime.memory import limit_memory
from connect.runtime.supervisor import PLUGIN_PROCESS, ChildProcess, Supervisor

log = logging.getLogger(__name__)

REQUEST_SECONDS = 90.0
_ANSWER_SECONDS = 1.0
_WAITING = "waiting for a thread to become available"


class RequestTimedOut(ConnectException):
    """It took too long; the message says what was being done. ``began``: the process had begun with it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(f"Request timed out. {stage}.")
        self.began = stage.description != _WAITING


@dataclass(frozen=True, slots=True)
class Stage:
    """What is being done for a request, and since when."""

    description: str
    began: dt.datetime

    def __str__(self) -> str:
        began = self.began.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        return f"The worker is currently {self.description}, which began at {began}Z"


@dataclass(slots=True, eq=False)
class _Process:
    child: ChildProcess
    stages: dict[int, Stage] = field(default_factory=dict)
    """Of the requests that are not answered yet."""
    died_with: list[Stage] = field(default_factory=list)
    shared: bool = False
    """It had several requests when one took too long."""


class PluginCalls:
    """Asks a plugin process, which is started with the first request and replaced when it hangs or dies.

    A request whose process another one blocks or takes down is asked once more, in a process of its own.
    """

    def __init__(self, supervisor: Supervisor, request_seconds: float = REQUEST_SECONDS, memory_max: int = 0) -> None:
        """``memory_max`` in bytes: what a process may take; 0 = no limit."""
        self._supervisor = supervisor
        self._request_seconds = request_seconds
        self._memory_max = memory_max
        self._process: _Process | None = None
        self._starting = asyncio.Lock()
        self._ids = itertools.count()

    @classmethod
    def from_properties(cls, supervisor: Supervisor, properties: Mapping[str, str]) -> PluginCalls:
        """With the limits that the worker's properties set."""
        seconds = int(properties.get("plugin.call.timeout.ms", REQUEST_SECONDS * 1000)) / 1000
        return cls(supervisor, seconds, int(properties.get("connector.memory.max.bytes", "0")))

    async def call(self, method: str, **params: Any) -> Any:
        """The answer to a request (see ``plugin_process.PluginRequests``).

        Raises RemoteError with what the plugin raised, RequestTimedOut, or ConnectException when the process died.
        """
        process = await self._ready()
        try:
            return await self._ask(process, method, params)
        except ChannelClosed:
            if len(process.died_with) == 1:
                raise _unexpected_end(process) from None
        except RequestTimedOut as error:
            if error.began or not process.shared:
                raise
        alone = await self._start()
        try:
            return await self._ask(alone, method, params)
        except ChannelClosed:
            raise _unexpected_end(alone) from None

    async def _ask(self, process: _Process, method: str, params: Mapping[str, Any]) -> Any:
        request = next(self._ids)
        _set_stage(process, request, _WAITING)
        try:
            return await process.child.channel.call(method, self._request_seconds, request=request, **params)
        except TimeoutError:
            stage = process.stages[request]
            process.shared = process.shared or len(process.stages) > 1
            self._retire(process)
            log.error("A plugin did not answer within %s s: %s. Its process is replaced", self._request_seconds, stage)
            raise RequestTimedOut(stage) from None
        except ChannelClosed:
            self._retire(process)
            process.died_with = process.died_with or list(process.stages.values())
            raise
        finally:
            del process.stages[request]
            if process is not self._process and not process.stages:
                await process.child.kill()

    async def _ready(self) -> _Process:
        async with self._starting:
            process = self._process
            if process is not None and process.stages and not await _answers(process):
                log.error("A plugin blocks its whole process: %s. It gets no more requests", process.stages)
                self._retire(process)
                process = None
            if process is None:
                process = self._process = await self._start()
            return process

    async def _start(self) -> _Process:
        async def handle(method: str, params: dict[str, Any]) -> Any:
            if params["request"] in process.stages:
                _set_stage(process, params["request"], params["description"])

        process = _Process(await self._supervisor.start(PLUGIN_PROCESS, handle))
        if self._memory_max:
            limit_memory(process.child.pid, self._memory_max)
        forget: Callable[[asyncio.Future[int]], None] = lambda _: self._retire(process)  # noqa: E731
        process.child.exit_status.add_done_callback(forget)
        return process

    def _retire(self, process: _Process) -> None:
        if self._process is process:
            self._process = None


def _set_stage(process: _Process, request: int, description: str) -> None:
    process.stages[request] = Stage(description, dt.datetime.now(dt.UTC))


async def _answers(process: _Process) -> bool:
    """False when a plugin holds the interpreter's lock, so that nothing else in the process gets on."""
    try:
        await process.child.channel.call("stacks", _ANSWER_SECONDS)
    except (TimeoutError, ChannelClosed, RemoteError):
        return False
    return True


def _unexpected_end(process: _Process) -> ConnectException:
    return ConnectException(f"The process that looks at plugins ended unexpectedly. {process.died_with[0]}.")
