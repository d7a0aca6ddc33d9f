"""The process in which the worker's connector instances live, and what happens when one of them takes it down.

A connector that hangs, exits or crashes in a call loses its process. The others are started again in a new one, one
after the other, so that each next culprit is known by name.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from connect.api import ConnectException
from connect.provided_secrets import provided
from connect.runtime.channel import ChannelClosed, Handler, RemoteError
from connect.runtime.memory import allow_more, limit_memory
from connect.runtime.supervisor import CONNECTOR_HOST, ChildProcess, Supervisor
from connect.runtime.watchdog import stacks_of

log = logging.getLogger(__name__)

CONNECTOR_STOP_SECONDS = 5.0
_ENDING_SECONDS, _ANSWER_SECONDS, _LOOK_AGAIN_SECONDS = 1.0, 1.0, 0.05
_CRASHES, _CRASH_WINDOW_SECONDS = 3, 300.0

Config = Mapping[str, str]


class ConnectorLost(RemoteError):
    """A connector hung in a call, or took its process down."""

    def __init__(self, trace: str) -> None:
        super().__init__("org.apache.kafka.connect.errors.ConnectException", trace.partition("\n")[0], trace)


class _Host:
    """One process, the connectors that run in it, and the calls it hasn't answered."""

    def __init__(self, child: ChildProcess) -> None:
        self.child = child
        self.started: set[str] = set()
        self.calls: set[str] = set()
        self.suspects: list[str] | None = None
        self.killed = False

    def accuse(self) -> list[str]:
        """The connectors that were in a call when the process ended."""
        if self.suspects is None:
            self.suspects = list(self.calls)
        return self.suspects

    async def kill(self) -> None:
        """End the process; whose fault it is is known, or found out by trying again."""
        self.killed = True
        self.suspects = []
        await self.child.kill()

    async def ended(self) -> str:
        """How the process ended, in words; one that has closed its channel and lives on is killed."""
        if not await self.child.wait(_ENDING_SECONDS):
            await self.child.kill()
        return self.child.describe_exit()

    async def answers(self) -> bool:
        """False when some call blocks the whole interpreter."""
        try:
            await self.child.channel.call("stacks", _ANSWER_SECONDS)
        except (TimeoutError, ChannelClosed):
            return False
        return True

    async def call(self, name: str, method: str, timeout: float, params: Mapping[str, Any]) -> Any:
        """Raises RemoteError, ChannelClosed, TimeoutError."""
        self.calls.add(name)
        if method == "start":
            self._allow_threads(1)
        secrets = {"provided_secrets": provided()} if method == "start" else {}
        try:
            answer = await self.child.channel.call(method, timeout, connector=name, **params, **secrets)
        except ChannelClosed:
            self.accuse()
            raise
        finally:
            self.calls.discard(name)
        if method == "start":
            self.started.add(name)
        elif method == "stop":
            self._allow_threads(-1)
        return answer

    def _allow_threads(self, number: int) -> None:
        """Each connector has a thread, whose stack is not what a limit of memory is meant for."""
        try:
            allow_more(self.child.pid, number)
        except OSError:
            log.debug("The process of the connectors has just ended")


class ConnectorHosts:
    """Starts, asks and stops connectors. ``connectors`` holds the configurations of those that were started."""

    def __init__(
        self,
        supervisor: Supervisor,
        on_message: Handler,
        on_failed: Callable[[str, str], None],
        call_seconds: float,
        memory_max: int,
    ) -> None:
        """``on_failed(connector, trace)`` hears of connectors that fail outside of a call."""
        self._supervisor = supervisor
        self._on_message = on_message
        self._on_failed = on_failed
        self._call_seconds = call_seconds
        self._memory_max = memory_max
        self._host: _Host | None = None
        self._lock = asyncio.Lock()
        self._alone = asyncio.Lock()
        self._crashes: deque[float] = deque(maxlen=_CRASHES)
        self._background: set[asyncio.Task[None]] = set()
        self._closing = False
        self.levels: dict[str, str] = {}
        self.connectors: dict[str, Config] = {}

    async def start(self, name: str, config: Config) -> None:
        """Start a connector instance. Raises RemoteError with what its ``start`` raised, ConnectorLost."""
        if name in self.connectors:
            raise ConnectException(f"Connector with name {name} already exists")
        self.connectors[name] = dict(config)
        await self.call(name, "start", config=dict(config))

    async def call(self, name: str, method: str, **params: Any) -> Any:
        """Ask a connector something. Raises RemoteError with what it raised, ConnectorLost."""
        async with self._alone:
            host = await self._ready()
        try:
            return await host.call(name, method, self._call_seconds, params)
        except TimeoutError:
            if self.connectors.keys() <= {name} or await host.answers():
                raise await self._hung(host, name, method) from None
            await host.kill()
        except ChannelClosed:
            if host.accuse() == [name]:
                raise await self._died(host, name, method) from None
        await self._on_gone(host)
        async with self._alone:  # somebody took the process down; with one call at a time it shows who
            return await self._call_again(name, method, params)

    async def _call_again(self, name: str, method: str, params: Mapping[str, Any]) -> Any:
        host = await self._quiet()
        try:
            if name in self.connectors and name not in host.started and method != "start":
                await host.call(name, "start", self._call_seconds, {"config": self.connectors[name]})
            return await host.call(name, method, self._call_seconds, params)
        except TimeoutError:
            raise await self._hung(host, name, method) from None
        except ChannelClosed:
            raise await self._died(host, name, method) from None

    async def _quiet(self) -> _Host:
        """The process once it is in no call; new ones wait for the caller's."""
        while (host := await self._ready()).calls:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        return host

    async def stop(self, name: str) -> None:
        """Stop a connector instance; one that doesn't stop in time loses its process."""
        known = self.connectors.pop(name, None) is not None
        host = self._host
        if not known or host is None:
            return
        host.started.discard(name)
        try:
            await host.call(name, "stop", CONNECTOR_STOP_SECONDS, {})
        except TimeoutError:
            log.error("Connector %s is given up. %s", name, (await self._hung(host, name, "stop")).trace)
        except RemoteError as error:
            log.error("Connector %s failed to stop:\n%s", name, error.trace)
        except ChannelClosed:
            log.warning("Connector %s ended with its process", name)

    async def _hung(self, host: _Host, name: str, method: str) -> ConnectorLost:
        """Give a connector up that doesn't come back, with its process; the others start again."""
        self.connectors.pop(name, None)
        evidence = "" if host.child.exit_status.done() else await stacks_of(host.child)
        await host.kill()
        await self._on_gone(host)
        return ConnectorLost(f"The connector did not come back from {method}; its process was replaced.\n{evidence}")

    async def _died(self, host: _Host, name: str, method: str) -> ConnectorLost:
        """Give a connector up that took its process down; the others start again."""
        self.connectors.pop(name, None)
        if host.killed:
            what = f"did not come back from {method}"
        else:
            what = f"took its process down in {method}: it {await host.ended()}"
        await self._on_gone(host)
        return ConnectorLost(f"The connector {what}")

    async def _ready(self) -> _Host:
        async with self._lock:
            if self._host is None:
                self._host = await self._new_host()
            return self._host

    async def _new_host(self) -> _Host:
        child = await self._supervisor.start(CONNECTOR_HOST, self._on_message)
        if self._memory_max:
            limit_memory(child.pid, self._memory_max)
        host = _Host(child)
        for logger, level in self.levels.items():
            child.channel.notify("log_level", logger=logger, level=level)
        watching = asyncio.create_task(self._watch(host))
        self._background.add(watching)
        watching.add_done_callback(self._background.discard)
        return host

    async def _watch(self, host: _Host) -> None:
        await asyncio.wait([host.child.exit_status])
        await self._on_gone(host)

    async def _on_gone(self, host: _Host) -> None:
        """The process has ended: start its connectors in a new one, except those that were in a call."""
        if self._closing:
            return
        async with self._lock:
            if self._host is not host:
                return
            ending = await host.ended()
            await host.child.channel.close()
            suspects = host.accuse()
            log.error("The process of the connectors %s; in a call at that time: %s", ending, suspects or "none")
            self._host = None
            left = [name for name in self.connectors if name in host.started and name not in suspects]
            if not (suspects or host.killed) and self._is_crash_loop():
                for name in left:
                    self._on_failed(name, f"The process of the connectors {ending} again and again")
                return
            await self._start_again(left)

    def _is_crash_loop(self) -> bool:
        now = time.monotonic()
        looping = len(self._crashes) == _CRASHES and now - self._crashes[0] < _CRASH_WINDOW_SECONDS
        self._crashes.append(now)
        return looping

    async def _start_again(self, names: list[str]) -> None:
        """With the lock held; a connector that now takes the new process down is given up, and all begins anew."""
        left = names
        while left:
            self._host = host = await self._new_host()
            culprit = None
            for name in left:
                culprit = await self._start_in(host, name)
                if culprit is not None:
                    break
            if culprit is None:
                return
            await host.kill()
            left = [name for name in left if name != culprit and name in self.connectors]
        self._host = None

    async def _start_in(self, host: _Host, name: str) -> str | None:
        """The connector's name when it took the process down."""
        if name not in self.connectors:
            return None
        try:
            await host.call(name, "start", self._call_seconds, {"config": self.connectors[name]})
        except RemoteError as error:
            self._on_failed(name, error.trace)
        except TimeoutError:
            self._on_failed(name, f"The connector did not start again within {self._call_seconds:g} s")
            return name
        except ChannelClosed:
            self._on_failed(name, "The connector took its process down when it was started again")
            return name
        return None

    def set_level(self, logger: str, level: str) -> None:
        """Change a log level in the process, now and when it is replaced."""
        self.levels.pop(logger, None)
        self.levels[logger] = level
        if self._host is not None:
            self._host.child.channel.notify("log_level", logger=logger, level=level)

    async def close(self) -> None:
        """Stop all connectors."""
        self._closing = True
        await asyncio.gather(*(self.stop(name) for name in list(self.connectors)))
