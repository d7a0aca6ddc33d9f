"""The worker's end of a channel."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from connect.runtime.channel import ChannelClosed, WorkerChannel, encode


async def test_what_a_child_said_last_is_heard_although_it_is_spoken_to_when_gone() -> None:
    heard: list[str] = []

    async def handle(method: str, params: dict[str, Any]) -> None:
        heard.append(method)

    ours, theirs = socket.socketpair()
    channel = WorkerChannel(handle)
    await channel.open(ours)
    theirs.sendall(encode({"method": "state", "params": {}}) + encode({"method": "ended", "params": {}}))
    theirs.close()
    channel.notify("limits")  # nobody is there to take it, which breaks the connection
    await channel.drained(10)
    assert heard == ["state", "ended"]
    await channel.close()


async def test_messages_come_in_pieces_of_any_size_and_calls_end_with_the_child() -> None:
    heard: list[dict[str, Any]] = []

    async def handle(method: str, params: dict[str, Any]) -> None:
        heard.append(params)

    ours, theirs = socket.socketpair()
    channel = WorkerChannel(handle)
    await channel.open(ours)
    calling = asyncio.create_task(channel.call("stacks"))
    for byte in encode({"method": "state", "params": {"state": "RUNNING"}}):
        theirs.sendall(bytes([byte]))
        await asyncio.sleep(0)
    theirs.close()
    with pytest.raises(ChannelClosed):
        await calling
    await channel.drained(10)
    assert heard == [{"state": "RUNNING"}]
    with pytest.raises(ChannelClosed):
        await channel.call("stacks")
