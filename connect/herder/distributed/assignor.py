"""Who runs what: from the members of the group and the configured connectors to an assignment. No I/O in it.

The eager assignor deals everything anew each time. The incremental one moves as little as it can: it takes work away in
one round and hands it out in the next, when it surely has stopped; it keeps the work of a worker that has gone for a
while, in case it comes back; and it waits longer and longer between rounds that would move work again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import cycle
from typing import TypeVar

from connect.herder.distributed.protocol import NOTHING, Work
from connect.runtime.ids import ConnectorTaskId

_Item = TypeVar("_Item", str, ConnectorTaskId)

_BACKOFF_BASE_MS = 1
_BACKOFF_FACTOR = 40


def assign_eagerly(members: Iterable[str], configured: Work) -> dict[str, Work]:
    """All connectors, then all tasks, dealt round to the members sorted by id."""
    hands: dict[str, tuple[list[str], list[ConnectorTaskId]]] = {member: ([], []) for member in sorted(members)}
    dealer = cycle(hands.values())
    for connector in sorted(configured.connectors):
        next(dealer)[0].append(connector)
    for task in sorted(configured.tasks):
        next(dealer)[1].append(task)
    return {member: Work(tuple(connectors), tuple(tasks)) for member, (connectors, tasks) in hands.items()}


@dataclass(slots=True)
class _Load:
    """What a member holds while a round is being worked out."""

    member: str
    connectors: list[str]
    tasks: list[ConnectorTaskId]

    @property
    def work(self) -> Work:
        return Work(tuple(self.connectors), tuple(self.tasks))


@dataclass(frozen=True, slots=True)
class Round:
    """The outcome of a round, by member. ``delay`` in ms until everybody has to join again, 0 for never.

    ``running`` is what each member runs when it has followed; ``lost`` is what waits for a worker to come back.
    """

    assigned: Mapping[str, Work]
    revoked: Mapping[str, Work]
    running: Mapping[str, Work]
    delay: int
    lost: Work = NOTHING
    reasons: Sequence[str] = field(default_factory=list)


class IncrementalAssignor:
    """Keeps what the leader remembers from round to round. ``max_delay`` is ``scheduled.rebalance.max.delay.ms``."""

    def __init__(self, max_delay: int) -> None:
        self._max_delay = max_delay
        self._previous = NOTHING
        self._previous_revoked = NOTHING
        self._previous_generation = -1
        self._previous_members: Set[str] = frozenset()
        self._scheduled = 0
        self._delay = 0
        self._candidates: dict[str, None] = {}
        self._revoked_before = False
        self._successive_revocations = 0
        self._follow_up = 0
        self._reasons: list[str] = []

    def assign(
        self,
        held: Mapping[str, Work],
        configured: Work,
        *,
        last_completed: int,
        generation: int,
        now: int,
        draining: Set[str] = frozenset(),
    ) -> Round:
        """Work out a round.

        ``held`` is what each member says it runs; ``last_completed`` is the generation that this worker completed last,
        ``generation`` the present one; ``now`` in ms. ``draining`` members give all away, and get nothing.
        """
        self._reasons, self._follow_up = [], 0
        members = _in_java_order(held)
        if self._previous_generation != last_completed:
            self._previous = NOTHING
        active = _union(held.values())
        if self._previous_revoked.common(active):
            self._previous = active
        # Members may also hold what was deleted before this worker became the leader.
        deleted = self._previous.plus(active).minus(configured)
        lost = self._previous.minus(active).minus(deleted)
        created = configured.minus(self._previous).minus(active)
        duplicated = _duplicated(held.values())
        leaving = _union(held[member] for member in members if member in draining)
        revoked = {member: held[member].common(deleted.plus(duplicated).plus(leaving)) for member in members}
        loads = [_load(member, held[member].minus(revoked[member])) for member in members if member not in draining]
        reassigned = self._handle_lost(lost, loads, departed=bool(self._previous_members - set(members)), now=now)
        self._balance(loads, configured, held, revoked, now)
        dealt = Work((*created.connectors, *reassigned.connectors), (*created.tasks, *reassigned.tasks))
        if loads:
            _deal(loads, dealt.connectors, lambda load: load.connectors)
            _deal(loads, dealt.tasks, lambda load: load.tasks)
        return self._finish(held, loads, revoked, lost, deleted, generation)

    def _finish(
        self,
        held: Mapping[str, Work],
        loads: Sequence[_Load],
        revoked: Mapping[str, Work],
        lost: Work,
        deleted: Work,
        generation: int,
    ) -> Round:
        planned = {load.member: load.work for load in loads}
        assigned = {member: planned.get(member, NOTHING).minus(held[member]) for member in held}
        running = {member: planned.get(member, NOTHING).minus(revoked[member]) for member in held}
        everything = _union(running.values())
        self._previous = everything.plus(lost)
        self._previous_revoked = _union(revoked.values())
        self._previous_generation = generation
        self._previous_members = frozenset(held)
        waiting = lost.minus(everything)
        return Round(assigned, revoked, running, self._delay or self._follow_up, waiting, self._reasons)

    # Work of workers that have gone

    def _handle_lost(self, lost: Work, loads: Sequence[_Load], *, departed: bool, now: int) -> Work:
        """What of the lost work is to be handed out like new work; the rest waits, or is with the candidates now."""
        if not lost and not self._revoked_before:
            self._reset_delay()
            return NOTHING
        if self._scheduled <= 0 and not departed:
            return lost
        if self._max_delay == 0:
            return lost
        if 0 < self._scheduled <= now:
            return self._hand_out_after_delay(lost, loads)
        self._candidates.update({load.member: None for load in loads if not load.work})
        remaining = self._scheduled - now if self._scheduled > 0 else self._max_delay
        self._delay = min(self._max_delay, remaining)
        self._scheduled = now + self._delay
        if lost:
            self._reasons.append(f"{len(lost)} connectors and tasks wait {self._delay} ms for their worker to return")
        return NOTHING

    def _hand_out_after_delay(self, lost: Work, loads: Sequence[_Load]) -> Work:
        by_member = {load.member: load for load in loads}
        candidates = [by_member[member] for member in self._candidates if member in by_member]
        self._reset_delay()
        self._revoked_before = False
        if not candidates:
            return lost
        for load, connector in zip(cycle(candidates), lost.connectors, strict=False):
            load.connectors.append(connector)
        for load, task in zip(cycle(candidates), lost.tasks, strict=False):
            load.tasks.append(task)
        self._reasons.append(f"{len(lost)} connectors and tasks went to workers that joined while they waited")
        return NOTHING

    def _reset_delay(self) -> None:
        self._delay = self._scheduled = 0
        self._candidates.clear()

    # Balance

    def _balance(
        self, loads: Sequence[_Load], configured: Work, held: Mapping[str, Work], revoked: dict[str, Work], now: int
    ) -> None:
        """Add to ``revoked`` what is to move, unless work is waiting or has moved just before."""
        if self._delay != 0:
            self._revoked_before = False
            return
        beyond = _surplus(loads, configured)
        surplus = {member: work.common(held[member]) for member, work in beyond.items() if work.common(held[member])}
        if surplus != beyond:
            # What was handed out just now can't be taken away before the next round.
            self._follow_up = _BACKOFF_BASE_MS * _BACKOFF_FACTOR
        if not surplus:
            if self._revoked_before:
                self._revoked_before = False
                self._successive_revocations = 0
            return
        if self._revoked_before:
            self._successive_revocations += 1
            self._delay = self._backoff()
            if self._delay != 0:
                self._scheduled = now + self._delay
                self._reasons.append(f"Balancing waits {self._delay} ms, since work has moved in the last round")
                return
        self._revoked_before = True
        for load in loads:
            kept = load.work.minus(surplus.get(load.member, NOTHING))
            load.connectors, load.tasks = list(kept.connectors), list(kept.tasks)
        for member, work in surplus.items():
            revoked[member] = Work(
                (*revoked[member].connectors, *work.connectors), (*revoked[member].tasks, *work.tasks)
            )

    def _backoff(self) -> int:
        delay = _BACKOFF_BASE_MS * _BACKOFF_FACTOR ** min(self._successive_revocations, 8)
        return int(min(self._max_delay, delay))


def _in_java_order(members: Iterable[str]) -> list[str]:
    """As Java's HashMap lists them: of members with too much work, the first in this order keep one task more."""
    listed = list(members)
    buckets = 16
    while len(listed) > buckets * 3 // 4:
        buckets *= 2
    return sorted(listed, key=lambda member: _java_hash(member) % buckets)


def _java_hash(text: str) -> int:
    value = 0
    for unit in memoryview(text.encode("utf-16-le")).cast("H"):
        value = (31 * value + unit) & 0xFFFFFFFF
    return value ^ (value >> 16)


def _load(member: str, work: Work) -> _Load:
    return _Load(member, list(work.connectors), list(work.tasks))


def _union(works: Iterable[Work]) -> Work:
    connectors: set[str] = set()
    tasks: set[ConnectorTaskId] = set()
    for work in works:
        connectors.update(work.connectors)
        tasks.update(work.tasks)
    return Work(tuple(sorted(connectors)), tuple(sorted(tasks)))


def _duplicated(works: Iterable[Work]) -> Work:
    seen, twice = NOTHING, NOTHING
    for work in works:
        twice = twice.plus(work.common(seen))
        seen = seen.plus(work)
    return twice


def _surplus(loads: Sequence[_Load], configured: Work) -> dict[str, Work]:
    """What members hold beyond their share, if anything."""
    if not any(load.work for load in loads) or not configured:
        return {}
    connectors = _surplus_of([load.connectors for load in loads], len(configured.connectors))
    tasks = _surplus_of([load.tasks for load in loads], len(configured.tasks))
    found = {
        load.member: Work(tuple(load.connectors[:more]), tuple(load.tasks[:most]))
        for load, more, most in zip(loads, connectors, tasks, strict=True)
    }
    return {member: work for member, work in found.items() if work}


def _surplus_of(hands: Sequence[Sequence[object]], total: int) -> list[int]:
    """How many items each hand has to give away, from the front."""
    floor, extra = divmod(total, len(hands))
    sizes = [len(hand) for hand in hands]
    if sizes.count(floor + 1) == extra and sizes.count(floor) == len(hands) - extra:
        return [0] * len(hands)
    given = []
    for size in sizes:
        allowed = floor
        if size > floor and extra > 0:
            allowed += 1
            extra -= 1
        given.append(max(size - allowed, 0))
    return given


def _deal(loads: Sequence[_Load], items: Sequence[_Item], hand_of: Callable[[_Load], list[_Item]]) -> None:
    """One item each to the members with the fewest, the first by id among equals, and so on.

    As in Java the order is that from before: a member that was given one stays in front of those that had as many.
    """
    ranked = sorted(loads, key=lambda load: (len(hand_of(load)), load.member))
    at = 0
    while at < len(items):
        sizes = [len(hand_of(load)) for load in ranked]
        up_to = next((place for place, size in enumerate(sizes) if size > sizes[0]), len(sizes))
        for load, item in zip(ranked[:up_to], items[at:], strict=False):
            hand_of(load).append(item)
        at += up_to
