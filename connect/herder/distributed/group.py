"""The worker's side of the group protocol: what it reports, what it is told, and what that means for its work."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from connect.herder.distributed.leadership import Leadership
from connect.herder.distributed.protocol import (
    NOTHING,
    Assignment,
    Metadata,
    Work,
    decode_assignment,
    encode_metadata,
)
from connect.herder.distributed.protocol import Protocol as ConnectProtocol
from connect.kafka.membership import Joined
from connect.storage.cluster_state import ClusterConfigState

log = logging.getLogger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class GroupView:
    """What a member knows of the group in a generation.

    ``work`` is all that it is to run, ``revoked`` what it has to stop first; ``delay`` in ms until the next round, 0
    when none is planned. ``failed`` views change nothing: the leader could not read the configs.
    """

    generation: int
    protocol: ConnectProtocol
    member_id: str
    leader: str
    leader_url: str
    offset: int
    work: Work
    revoked: Work
    delay: int = 0
    failed: bool = False

    @property
    def is_leader(self) -> bool:
        """This worker leads."""
        return self.leader == self.member_id


class WorkOwner(Protocol):
    """Stops and starts work as the group demands. Called on the event loop, while the group waits."""

    async def prepare_to_join(self, *, eager: bool) -> bool:
        """Stop everything (eager), or what has new task configurations. False: don't join now."""

    async def follow(self, view: GroupView) -> None:
        """Stop what is revoked, then start what is new."""

    async def stop_everything(self) -> None:
        """The worker is out of the group."""


class Figures(Protocol):
    """Counts and times what happens, on any thread."""

    def took(self, step: str, seconds: float) -> None:
        """The coordinator has answered after so long."""

    def begin(self) -> None:
        """A round begins."""

    def formed(self, view: GroupView) -> None:
        """The coordinator has told what this worker is to do."""

    def fail(self) -> None:
        """The worker is out of the group."""


class ConnectGroup:
    """The ``GroupListener`` of a Connect worker.

    ``remembers`` says for how many silent seconds the leader keeps the work of a worker that has gone: one that
    returns within that time has stopped its work, but still claims it, so that it gets it back at once.
    """

    def __init__(
        self,
        url: str,
        protocol: ConnectProtocol,
        leadership: Leadership,
        snapshot: Callable[[], ClusterConfigState],
        owner: WorkOwner,
        remembers: float,
        figures: Figures,
    ) -> None:
        self._url = url
        self._offered = protocol.offered()
        self._leadership = leadership
        self._snapshot = snapshot
        self._owner = owner
        self._remembers = remembers
        self._figures = figures
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._allocation: Assignment | None = None
        self._view: GroupView | None = None
        self._completed = -1
        self._draining = False
        self._pretended = NOTHING

    def use(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which the work's owner lives; set before the membership starts."""
        self._loop = loop

    def drain(self) -> None:
        """From the next round on, tell the leader that this worker wants no work."""
        with self._lock:
            self._draining = True

    def pretend(self, work: Work) -> None:
        """In the next round, claim to run that work as well."""
        with self._lock:
            self._pretended = work

    # GroupListener

    def protocols(self) -> list[tuple[str, bytes]]:
        """What to offer."""
        with self._lock:
            metadata = Metadata(self._url, self._snapshot().offset, self._claimed(), self._draining)
        return [(each.group_name, encode_metadata(each, metadata)) for each in self._offered]

    def assign(self, leader: str, protocol: str, members: Mapping[str, bytes], generation: int) -> dict[str, bytes]:
        """Decide for all."""
        chosen = ConnectProtocol.of_group(protocol)
        return self._leadership.assign(leader, chosen, members, generation=generation, last_completed=self._completed)

    def before_join(self) -> bool:
        """Get ready."""
        self._figures.begin()
        eager = self._view is not None and not self._view.protocol.is_incremental
        return self._on_loop(self._owner.prepare_to_join(eager=eager))

    def joined(self, joined: Joined) -> None:
        """Do what the leader says."""
        view = self._read(joined)
        self._figures.formed(view)
        with self._lock:
            self._view = view
            self._completed = view.generation
            self._pretended = NOTHING
            if not view.failed:
                self._allocation = Assignment(view.leader, view.leader_url, view.offset, view.work, NOTHING, view.delay)
        if not view.is_leader:
            self._leadership.forget()
        self._on_loop(self._owner.follow(view))

    def took(self, step: str, seconds: float) -> None:
        """Counted and timed."""
        self._figures.took(step, seconds)

    def lost(self, silent_seconds: float) -> None:
        """Stop everything, at once."""
        self._figures.fail()
        with self._lock:
            # Another worker may have led meanwhile, so what this one decided last is no longer the truth.
            self._completed = -1
            if silent_seconds > self._remembers:
                self._allocation = None
        self._leadership.forget()
        self._on_loop(self._owner.stop_everything())

    def give_up(self) -> None:
        """Claim nothing any more."""
        with self._lock:
            self._allocation = None

    # Helpers

    def _claimed(self) -> Assignment | None:
        if not self._pretended or self._view is None:
            return self._allocation
        view, held = self._view, NOTHING if self._allocation is None else self._allocation.work
        # A leader takes away from the front.
        work = Work((*self._pretended.connectors, *held.connectors), (*self._pretended.tasks, *held.tasks))
        return Assignment(view.leader, view.leader_url, view.offset, work)

    def _read(self, joined: Joined) -> GroupView:
        told = decode_assignment(joined.assignment)
        protocol = ConnectProtocol.of_group(joined.protocol)
        view = GroupView(
            joined.generation,
            protocol,
            joined.member_id,
            told.leader,
            told.leader_url,
            told.offset,
            told.work,
            told.revoked,
            told.delay,
            failed=told.error != 0,
        )
        self._tell_of_protocol(protocol)
        if not protocol.is_incremental:
            return view
        held = NOTHING if self._allocation is None else self._allocation.work
        return replace(view, work=held.minus(told.revoked).plus(told.work))

    def _tell_of_protocol(self, protocol: ConnectProtocol) -> None:
        before = None if self._view is None else self._view.protocol
        if before in (None, protocol):
            return
        log.info("The group now uses protocol %s instead of %s", protocol.name, before and before.name)
        if before is ConnectProtocol.SESSIONED:
            log.warning("A worker without support for signed requests has joined: they are no longer checked (KIP-507)")

    def _on_loop(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
