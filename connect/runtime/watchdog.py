"""Which task makes no progress, and the evidence for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from connect.runtime.channel import ChannelClosed, RemoteError
from connect.runtime.progress import QUIET_HEARTBEAT_SECONDS, Stage
from connect.runtime.stacks import dumped_stacks
from connect.runtime.task_homes import TaskHome

_ANSWER_SECONDS = 1.0
_SILENT_SECONDS = 2 * QUIET_HEARTBEAT_SECONDS
_WAITING = frozenset({Stage.KAFKA_CONSUME.name, Stage.PAUSED.name, Stage.THROTTLED.name})
"""Stages in which a task may well spend hours."""


def stalled_for(report: Mapping[str, Any], silent: float, timeout: float) -> float | None:
    """Seconds since the last progress where they are too many; None for a task that gets on.

    ``report`` is the last heartbeat, ``silent`` its age in seconds, ``timeout`` what is allowed (0 = everything).
    """
    if timeout == 0:
        return None
    waiting = not report or report["stage"] in _WAITING
    age = 0.0 if waiting else float(report["age"])
    if silent > _SILENT_SECONDS:
        age += silent
    elif waiting:
        return None
    return age if age > timeout else None


async def stacks_of(child: TaskHome) -> str:
    """The stacks of a child's threads, however badly it is off."""
    try:
        return str(await child.channel.call("stacks", _ANSWER_SECONDS))
    except (TimeoutError, RemoteError, ChannelClosed) as error:
        silence = f"Its interpreter does not answer ({type(error).__name__}); written by its signal handler:"
    try:
        return f"{silence}\n{await asyncio.to_thread(dumped_stacks, child.pid)}"
    except OSError as error:
        return f"No stacks: {error}"


def describe_stall(report: Mapping[str, Any], seconds: float, stacks: str) -> str:
    """The evidence, as a status shows it."""
    stage = Stage[report["stage"]].value if report else Stage.START.value
    return f"The task makes no progress: it is in stage '{stage}' for {seconds:.0f} s.\n{stacks}"
