"""The worker's side of plugin processes: requests with a time limit, so that no plugin ever holds up the worker."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from connect.api import ConnectException
from connect.runtime.channel import ChannelClosed
from connect.runtime.supervisor import PLUGIN_PROCESS, ChildProcess, Supervisor

log = logging.getLogger(__name__)

REQUEST_SECONDS = 90.0


class RequestTimedOut(ConnectException):
    """It took too long; the message says what was being done."""


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
    requests: int = 0
    stages: dict[int, Stage] = field(default_factory=dict)


class PluginCalls:
    """Asks a plugin process, which is started with the first request and replaced when it hangs or dies."""

    def __init__(self, supervisor: Supervisor, request_seconds: float = REQUEST_SECONDS) -> None:
        self._supervisor = supervisor
        self._request_seconds = request_seconds
        self._process: _Process | None = None
        self._starting = asyncio.Lock()
        self._ids = itertools.count()

    async def call(self, method: str, **params: Any) -> Any:
        """The answer to a request (see ``plugin_process.PluginRequests``).

        Raises RemoteError with what the plugin raised, RequestTimedOut, or ConnectException when the process died.
        """
        process = await self._ready()
        request = next(self._ids)
        process.requests += 1
        _set_stage(process, request, "waiting for a thread to become available")
        try:
            return await process.child.channel.call(method, self._request_seconds, request=request, **params)
        except TimeoutError:
            stage = process.stages[request]
            self._retire(process)
            log.error("A plugin did not answer within %s s: %s. Its process is replaced", self._request_seconds, stage)
            raise RequestTimedOut(f"Request timed out. {stage}.") from None
        except ChannelClosed:
            self._retire(process)
            raise ConnectException(
                f"The process that looks at plugins ended unexpectedly. {process.stages[request]}."
            ) from None
        finally:
            process.requests -= 1
            del process.stages[request]
            if process is not self._process and process.requests == 0:
                await process.child.kill()

    async def _ready(self) -> _Process:
        async with self._starting:
            if self._process is None:
                self._process = await self._start()
            return self._process

    async def _start(self) -> _Process:
        async def handle(method: str, params: dict[str, Any]) -> Any:
            if params["request"] in process.stages:
                _set_stage(process, params["request"], params["description"])

        process = _Process(await self._supervisor.start(PLUGIN_PROCESS, handle))
        forget: Callable[[asyncio.Future[int]], None] = lambda _: self._retire(process)  # noqa: E731
        process.child.exit_status.add_done_callback(forget)
        return process

    def _retire(self, process: _Process) -> None:
        if self._process is process:
            self._process = None


def _set_stage(process: _Process, request: int, description: str) -> None:
    process.stages[request] = Stage(description, dt.datetime.now(dt.UTC))
