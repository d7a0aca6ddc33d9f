"""A planned leave: the group gives this worker's work to others before it goes, so that nothing waits for its return.

Our leaders understand a member that says it is draining. A leader in Java keeps the work of a member that leaves for
``scheduled.rebalance.max.delay.ms``, but hands out at once what a member that stays has let go of, to whoever has the
least. Under such a leader this worker claims, for a round, many connectors and tasks that don't exist on top of its
own: the leader takes the surplus away, and then won't balance again in the next round. Before that one this worker
stops its work, and claims others that don't exist instead: what it has let go of goes to the others. Then it leaves.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Awaitable, Callable

from connect.herder.distributed.group import ConnectGroup, GroupView
from connect.herder.distributed.protocol import Work
from connect.runtime.ids import ConnectorTaskId
from connect.storage.cluster_state import ClusterConfigState

log = logging.getLogger(__name__)


class _Step(enum.Enum):
    """What the next round is the answer to."""

    NONE = enum.auto()
    ASKED = enum.auto()
    OVERLOADED = enum.auto()
    LET_GO = enum.auto()


class HandOver:
    """``rejoin`` asks for a round of the group, ``leave`` for none any more; ``stop_work`` stops all that runs here."""

    def __init__(
        self,
        group: ConnectGroup,
        snapshot: Callable[[], ClusterConfigState],
        rejoin: Callable[[], None],
        leave: Callable[[], None],
        stop_work: Callable[[], Awaitable[None]],
    ) -> None:
        self._group = group
        self._snapshot = snapshot
        self._rejoin = rejoin
        self._leave = leave
        self._stop_work = stop_work
        self._step = _Step.NONE
        self._done = asyncio.Event()

    async def perform(self, timeout: float) -> None:
        """Get rid of all work, then leave; a warning says when that took longer than ``timeout`` seconds."""
        self._step = _Step.ASKED
        self._group.drain()
        self._rejoin()
        try:
            async with asyncio.timeout(timeout):
                await self._done.wait()
        except TimeoutError:
            log.warning("The work was not handed over within %s s: the group will wait for it", timeout)

    async def on_round(self, view: GroupView) -> None:
        """The group has formed, and this worker follows; no other round begins before this returns."""
        match self._step:
            case _Step.ASKED if not view.revoked and view.work:
                log.info("The leader %s knows of no drains: work is made to move to the others", view.leader_url)
                self._next(_Step.OVERLOADED, "on top of a worker's")
            case _Step.ASKED if not view.revoked:
                self._end()
            case _Step.OVERLOADED:
                await self._stop_work()
                self._group.give_up()
                self._next(_Step.LET_GO, "instead of a worker's")
            case _Step.LET_GO:
                self._end()

    def _next(self, step: _Step, kind: str) -> None:
        self._group.pretend(_more_than_all(self._snapshot(), kind))
        self._step = step
        self._rejoin()

    def _end(self) -> None:
        self._step = _Step.NONE
        self._leave()
        self._done.set()


def _more_than_all(configs: ClusterConfigState, kind: str) -> Work:
    connectors = configs.connectors()
    tasks = sum(configs.task_count(connector) for connector in connectors)
    return Work(
        tuple(f"({kind} {number})" for number in range(len(connectors) + 1)),
        tuple(ConnectorTaskId(f"({kind})", number) for number in range(tasks + 1)),
    )
