"""Waiting for conditions, in tests."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_EVERY_SECONDS = 0.02


def wait_until(
    condition: Callable[[], T],
    timeout: float = 30,
    what: str = "the condition",
    look_every: float = _LOOK_EVERY_SECONDS,
) -> T:
    """What the condition gives once that is true. Fails after ``timeout`` seconds, saying what was seen last."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (seen := condition()):
        assert time.monotonic() < deadline, f"{what} did not become true within {timeout} s; last seen: {seen!r}"
        pause.wait(look_every)
    return seen


async def eventually(condition: Callable[[], object], timeout: float = 30) -> None:
    """Wait until the event loop has made it true. Raises TimeoutError after ``timeout`` seconds."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.005)
