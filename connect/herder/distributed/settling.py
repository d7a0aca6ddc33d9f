"""Waits until connectors run as they should; not for ever, since the group waits as well."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from connect.herder.runner import ConnectorRunner
from connect.runtime.connector_hosts import CONNECTOR_STOP_SECONDS
from connect.runtime.worker import Worker

log = logging.getLogger(__name__)

_MARGIN_SECONDS = 5.0


async def settle(runners: Mapping[str, ConnectorRunner], worker: Worker, closing: asyncio.Event) -> None:
    """Wait until the runners have acted; the tasks of those that are busy for too long are stopped without them.

    Returns at once when ``closing`` is set: everything is stopped then.
    """
    if not runners:
        return
    settling = {name: asyncio.create_task(runner.settle()) for name, runner in runners.items()}
    closed = asyncio.create_task(closing.wait())
    deadline = worker.stop_seconds + CONNECTOR_STOP_SECONDS + _MARGIN_SECONDS
    everything = asyncio.ensure_future(asyncio.wait(settling.values()))
    await asyncio.wait([everything, closed], timeout=deadline, return_when=asyncio.FIRST_COMPLETED)
    if not everything.done() and not closed.done():
        late = [name for name, each in settling.items() if not each.done()]
        log.error("Connectors %s are busy and were not stopped within %s s: their tasks are", late, deadline)
        await worker.stop_tasks([task_id for task_id in worker.tasks if task_id.connector in late])
    for each in (everything, closed, *settling.values()):
        each.cancel()
