"""Group membership: who belongs to a group, which generation it is in, and what its leader assigned.

Consumer groups and Connect clusters differ only in the bytes that their members exchange, which aren't looked at here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from uuid import uuid4

from connect.demo.broker.messages import ErrorCode

TopicPartition = tuple[str, int]


class GroupState(Enum):
    EMPTY = "Empty"
    PREPARING = "PreparingRebalance"
    COMPLETING = "CompletingRebalance"
    STABLE = "Stable"


class GroupError(Exception):
    """A request that the group can't grant now; ``code`` tells the member what to do."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(frozen=True)
class JoinRequest:
    member_id: str
    client_id: str
    client_host: str
    session_timeout: float
    """Seconds without a sign of life after which the member is taken for dead."""
    rebalance_timeout: float
    """Seconds that the others wait for this member in a rebalance."""
    protocol_type: str
    protocols: tuple[tuple[str, bytes], ...]
    """Name and metadata, most preferred first."""


@dataclass(frozen=True)
class Joined:
    """What a member is told when a new generation starts; ``members`` (id and metadata) is empty unless it leads."""

    generation: int
    protocol: str
    leader: str
    member_id: str
    members: tuple[tuple[str, bytes], ...]


@dataclass
class Member:
    request: JoinRequest
    assignment: bytes = b""
    joining: asyncio.Future[Joined] | None = None
    syncing: asyncio.Future[bytes] | None = None
    expiry: asyncio.TimerHandle | None = None

    def metadata(self, protocol: str) -> bytes:
        return dict(self.request.protocols).get(protocol, b"")


@dataclass(frozen=True)
class CommittedOffset:
    offset: int
    leader_epoch: int
    metadata: str | None


@dataclass
class Group:
    """One group. All methods run on the event loop's thread; a rebalance starts at once, without an initial delay."""

    name: str
    state: GroupState = GroupState.EMPTY
    generation: int = 0
    protocol_type: str = ""
    protocol: str = ""
    leader: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    offsets: dict[TopicPartition, CommittedOffset] = field(default_factory=dict)
    _deadline: asyncio.TimerHandle | None = None

    async def join(self, request: JoinRequest) -> Joined:
        """Enter the group, or say again that one is in it; returns when the generation that this leads to starts."""
        if self.members and not self._speaks_our_protocol(request):
            raise GroupError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if request.member_id and request.member_id not in self.members:
            raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
        member = self.members.get(request.member_id)
        if member is not None and self.state is GroupState.STABLE and self._changes_nothing(member, request):
            self.touch(member)
            return self._joined(request.member_id)
        member_id = request.member_id or f"{request.client_id}-{uuid4()}"
        member = self.members.setdefault(member_id, Member(request))
        member.request = request
        self.protocol_type = request.protocol_type
        self._replace_pending_join(member)
        joining: asyncio.Future[Joined] = asyncio.get_running_loop().create_future()
        member.joining = joining
        self._start_rebalance()
        self._complete_join_if_all_are_here()
        return await joining

    def _speaks_our_protocol(self, request: JoinRequest) -> bool:
        others = [set(dict(m.request.protocols)) for i, m in self.members.items() if i != request.member_id]
        common = set(dict(request.protocols)).intersection(*others)
        return request.protocol_type == self.protocol_type and bool(common)

    def _changes_nothing(self, member: Member, request: JoinRequest) -> bool:
        return request.member_id != self.leader and member.request.protocols == request.protocols

    def _replace_pending_join(self, member: Member) -> None:
        if member.joining is not None and not member.joining.done():
            member.joining.set_exception(GroupError(ErrorCode.UNKNOWN_MEMBER_ID))

    def _start_rebalance(self) -> None:
        if self.state is GroupState.PREPARING:
            return
        self.state = GroupState.PREPARING
        for member in self.members.values():
            if member.syncing is not None and not member.syncing.done():
                member.syncing.set_exception(GroupError(ErrorCode.REBALANCE_IN_PROGRESS))
        patience = max((m.request.rebalance_timeout for m in self.members.values()), default=0.0)
        self._deadline = asyncio.get_running_loop().call_later(patience, self._drop_those_who_did_not_join)

    def _drop_those_who_did_not_join(self) -> None:
        for member_id, member in list(self.members.items()):
            if member.joining is None:
                self._forget(member_id)
        self._complete_join_if_all_are_here()

    def _complete_join_if_all_are_here(self) -> None:
        if self.state is not GroupState.PREPARING or any(m.joining is None for m in self.members.values()):
            return
        if self._deadline is not None:
            self._deadline.cancel()
        self.generation += 1
        if not self.members:
            self.state, self.protocol, self.leader = GroupState.EMPTY, "", ""
            return
        self.state = GroupState.COMPLETING
        self.protocol = self._choose_protocol()
        if self.leader not in self.members:
            self.leader = next(iter(self.members))
        for member_id, member in self.members.items():
            joining, member.joining, member.syncing = member.joining, None, None
            if joining is not None and not joining.done():
                joining.set_result(self._joined(member_id))
            self.touch(member)

    def _choose_protocol(self) -> str:
        """The one that most members prefer among those that all of them speak."""
        names = [[name for name, _ in m.request.protocols] for m in self.members.values()]
        common = set(names[0]).intersection(*names)
        votes = [next(name for name in preferred if name in common) for preferred in names]
        return max(votes, key=votes.count)

    def _joined(self, member_id: str) -> Joined:
        metadata = tuple((i, m.metadata(self.protocol)) for i, m in self.members.items())
        return Joined(
            self.generation, self.protocol, self.leader, member_id, metadata if member_id == self.leader else ()
        )

    async def sync(self, member_id: str, generation: int, assignments: dict[str, bytes]) -> bytes:
        """Hand in the assignments (the leader) and get one's own; the others wait here for the leader."""
        member = self._member(member_id, generation)
        if self.state is GroupState.PREPARING:
            raise GroupError(ErrorCode.REBALANCE_IN_PROGRESS)
        self.touch(member)
        if self.state is GroupState.STABLE:
            return member.assignment
        syncing: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        member.syncing = syncing
        if member_id == self.leader:
            self._assign(assignments)
        return await syncing

    def _assign(self, assignments: dict[str, bytes]) -> None:
        self.state = GroupState.STABLE
        for member_id, member in self.members.items():
            member.assignment = assignments.get(member_id, b"")
            if member.syncing is not None and not member.syncing.done():
                member.syncing.set_result(member.assignment)

    def heartbeat(self, member_id: str, generation: int) -> None:
        self.touch(self._member(member_id, generation))
        if self.state is GroupState.PREPARING:
            raise GroupError(ErrorCode.REBALANCE_IN_PROGRESS)

    def leave(self, member_id: str) -> None:
        if member_id not in self.members:
            raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
        self._remove(member_id)

    def commit(self, member_id: str, generation: int, offsets: dict[TopicPartition, CommittedOffset]) -> None:
        """Keep offsets of a member, or of somebody outside (generation -1) while the group has no members."""
        if generation >= 0 or self.members:
            self.touch(self._member(member_id, generation))
        self.offsets.update(offsets)

    def touch(self, member: Member) -> None:
        """Note a sign of life."""
        if member.expiry is not None:
            member.expiry.cancel()
        loop = asyncio.get_running_loop()
        member.expiry = loop.call_later(member.request.session_timeout, self._expire, member)

    def _expire(self, member: Member) -> None:
        # Whoever waits in a join or sync can't send heartbeats: the broker holds its connection.
        if member.joining is not None or (self.state is GroupState.COMPLETING and member.syncing is not None):
            self.touch(member)
            return
        for member_id, candidate in list(self.members.items()):
            if candidate is member:
                self._remove(member_id)

    def _remove(self, member_id: str) -> None:
        self._forget(member_id)
        self._start_rebalance()
        self._complete_join_if_all_are_here()

    def _forget(self, member_id: str) -> None:
        member = self.members.pop(member_id)
        if member.expiry is not None:
            member.expiry.cancel()
        for waiting in (member.joining, member.syncing):
            if waiting is not None and not waiting.done():
                waiting.set_exception(GroupError(ErrorCode.UNKNOWN_MEMBER_ID))

    def _member(self, member_id: str, generation: int) -> Member:
        if member_id not in self.members:
            raise GroupError(ErrorCode.UNKNOWN_MEMBER_ID)
        if generation != self.generation:
            raise GroupError(ErrorCode.ILLEGAL_GENERATION)
        return self.members[member_id]


class Groups:
    """All groups by name."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}

    def ensure(self, name: str) -> Group:
        return self._groups.setdefault(name, Group(name))

    def get(self, name: str) -> Group | None:
        return self._groups.get(name)

    def __iter__(self) -> Iterator[Group]:
        return iter(list(self._groups.values()))

    def delete(self, name: str) -> None:
        """Raises GroupError when it is unknown or has members."""
        group = self._groups.get(name)
        if group is None:
            raise GroupError(ErrorCode.GROUP_ID_NOT_FOUND)
        if group.members:
            raise GroupError(ErrorCode.NON_EMPTY_GROUP)
        del self._groups[name]

    def forget_topic(self, topic: str) -> None:
        for group in self:
            group.offsets = {where: offset for where, offset in group.offsets.items() if where[0] != topic}


def code_of(action: Callable[[], object]) -> ErrorCode:
    """Do it; the code of the GroupError that it raises, or NONE."""
    try:
        action()
    except GroupError as error:
        return error.code
    return ErrorCode.NONE
