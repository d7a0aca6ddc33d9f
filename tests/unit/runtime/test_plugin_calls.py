"""Requests to plugins end in time, whatever a plugin does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from connect.api import ConnectException
from connect.runtime.channel import ChannelClosed
from connect.runtime.plugin_calls import PluginCalls, RequestTimedOut
from tests.waiting import eventually

Handle = Callable[[str, dict[str, Any]], Awaitable[Any]]


class FakeProcess:
    """Answers ``quick`` at once, ``slow`` when told to, however long that takes, and never ``hang``; tells a stage."""

    def __init__(self, handle: Handle, *, first: bool) -> None:
        self.channel = self
        self.first = first
        self.exit_status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.killed = self.frozen = False
        self.finish = asyncio.Event()
        self.asked: list[str] = []
        self._handle = handle

    async def call(self, method: str, timeout: float, **params: Any) -> Any:
        if method == "stacks":
            if self.frozen:
                raise TimeoutError
            return ""
        await self._handle("stage", {"request": params["request"], "description": f"doing {method}"})
        self.asked.append(method)
        async with asyncio.timeout(None if method == "slow" else timeout):
            match method:
                case "hang":
                    await asyncio.Event().wait()
                case "slow":
                    await self.finish.wait()
                case "die":
                    raise ChannelClosed("The process has ended")
                case "be killed by another" if self.first:
                    await self.finish.wait()
                    raise ChannelClosed("The process has ended")
        return method

    async def kill(self) -> None:
        self.killed = True


class FakeSupervisor:
    def __init__(self) -> None:
        self.processes: list[FakeProcess] = []

    async def start(self, _kind: str, handle: Handle) -> FakeProcess:
        self.processes.append(FakeProcess(handle, first=not self.processes))
        return self.processes[-1]


def make_calls(seconds: float = 5.0) -> tuple[PluginCalls, FakeSupervisor]:
    supervisor: Any = FakeSupervisor()
    return PluginCalls(supervisor, seconds), supervisor


async def test_requests_share_a_process() -> None:
    calls, supervisor = make_calls()
    assert await asyncio.gather(calls.call("quick"), calls.call("quick")) == ["quick", "quick"]
    assert len(supervisor.processes) == 1


async def test_a_request_that_hangs_is_given_up_with_its_stage() -> None:
    """Its process is killed, and the next request gets a new one."""
    calls, supervisor = make_calls(0.05)
    with pytest.raises(RequestTimedOut) as timeout:
        await calls.call("hang")
    assert str(timeout.value).startswith("Request timed out. The worker is currently doing hang, which began at 20")
    assert str(timeout.value).endswith("Z.")
    assert supervisor.processes[0].killed
    assert await calls.call("quick") == "quick"
    assert len(supervisor.processes) == 2


async def test_other_requests_of_a_process_that_hangs_are_finished_first() -> None:
    calls, supervisor = make_calls(0.1)
    hanging = asyncio.create_task(calls.call("hang"))
    slow = asyncio.create_task(calls.call("slow"))
    with pytest.raises(RequestTimedOut):
        await hanging
    assert not supervisor.processes[0].killed
    supervisor.processes[0].finish.set()
    assert await slow == "slow"
    assert supervisor.processes[0].killed


async def test_a_process_that_dies_fails_its_requests() -> None:
    calls, supervisor = make_calls()
    with pytest.raises(ConnectException, match=r"ended unexpectedly\. The worker is currently doing die"):
        await calls.call("die")
    assert await calls.call("quick") == "quick"
    assert len(supervisor.processes) == 2


async def test_a_process_that_ended_unasked_is_replaced() -> None:
    calls, supervisor = make_calls()
    await calls.call("quick")
    supervisor.processes[0].exit_status.set_result(9)
    await asyncio.sleep(0)  # the loop calls back who waits for the exit
    await calls.call("quick")
    assert len(supervisor.processes) == 2


async def test_a_request_whose_process_another_one_takes_down_is_asked_again() -> None:
    calls, supervisor = make_calls()
    others = [asyncio.create_task(calls.call("be killed by another")) for _ in range(2)]
    await eventually(lambda: supervisor.processes and len(supervisor.processes[0].asked) == 2)
    supervisor.processes[0].finish.set()
    assert await asyncio.gather(*others) == ["be killed by another"] * 2
    assert [process.killed for process in supervisor.processes] == [True, True, True]


async def test_a_process_that_a_plugin_blocks_gets_no_more_requests() -> None:
    calls, supervisor = make_calls(0.1)
    hanging = asyncio.create_task(calls.call("hang"))
    await eventually(lambda: supervisor.processes and supervisor.processes[0].asked)
    supervisor.processes[0].frozen = True
    assert await calls.call("quick") == "quick"
    assert len(supervisor.processes) == 2
    with pytest.raises(RequestTimedOut):
        await hanging
