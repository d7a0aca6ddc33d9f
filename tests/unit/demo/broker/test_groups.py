import asyncio
from dataclasses import replace

import pytest

from connect.demo.broker.groups import (
    CommittedOffset,
    Group,
    GroupError,
    Groups,
    GroupState,
    Joined,
    JoinRequest,
    code_of,
)
from connect.demo.broker.messages import ErrorCode
from tests.waiting import eventually

WORKER = JoinRequest("", "worker", "127.0.0.1", 10.0, 30.0, "connect", (("sessioned", b"v2"), ("compatible", b"v1")))


async def form(group: Group, *requests: JoinRequest) -> list[Joined]:
    """Let all join at once and the leader assign every member its own id."""
    first = await group.join(requests[0])
    others = [asyncio.create_task(group.join(r)) for r in requests[1:]]
    await asyncio.sleep(0)
    rejoin = [group.join(replace(requests[0], member_id=first.member_id))] if others else []
    joined = [*await asyncio.gather(*rejoin), *await asyncio.gather(*others)] or [first]
    ids = {j.member_id: j.member_id.encode() for j in joined}
    await asyncio.gather(*(group.sync(j.member_id, j.generation, ids) for j in joined))
    return joined


async def test_the_first_member_leads_and_sees_the_metadata_of_all():
    """The leader is given everybody's metadata in the protocol that all speak; the others are given none."""
    leader, follower = await form(Group("g"), WORKER, replace(WORKER, protocols=(("compatible", b"old"),)))

    assert leader.leader == follower.leader == leader.member_id
    assert leader.protocol == "compatible"
    assert dict(leader.members) == {leader.member_id: b"v1", follower.member_id: b"old"}
    assert follower.members == ()


async def test_a_leader_that_rejoins_assigns_anew():
    """A leader asks for a rebalance by joining again: there is a new generation, and the new assignment counts."""
    group = Group("g")
    (first,) = await form(group, WORKER)

    second = await group.join(replace(WORKER, member_id=first.member_id))

    assert second.generation == first.generation + 1
    assert await group.sync(second.member_id, second.generation, {second.member_id: b"new"}) == b"new"


async def test_a_follower_that_rejoins_with_nothing_new_disturbs_nobody():
    """It is told the current generation."""
    group = Group("g")
    _, follower = await form(group, WORKER, WORKER)

    again = await group.join(replace(WORKER, member_id=follower.member_id))

    assert again == follower
    assert group.state is GroupState.STABLE


async def test_members_learn_of_a_rebalance_by_their_heartbeat():
    """Whoever joins late waits until those who are there have joined again."""
    group = Group("g")
    (first,) = await form(group, WORKER)
    newcomer = asyncio.create_task(group.join(WORKER))
    await asyncio.sleep(0)

    assert code_of(lambda: group.heartbeat(first.member_id, first.generation)) is ErrorCode.REBALANCE_IN_PROGRESS
    assert not newcomer.done()

    await group.join(replace(WORKER, member_id=first.member_id))
    assert (await newcomer).generation == first.generation + 1


async def test_a_member_that_leaves_makes_room():
    """The others get a new generation; the last one to leave empties the group, which keeps its offsets."""
    group = Group("g")
    leader, follower = await form(group, WORKER, WORKER)
    group.commit(leader.member_id, leader.generation, {("t", 0): CommittedOffset(5, -1, None)})

    group.leave(leader.member_id)
    alone = await group.join(replace(WORKER, member_id=follower.member_id))
    assert alone.leader == follower.member_id

    group.leave(follower.member_id)
    assert group.state is GroupState.EMPTY
    assert group.offsets[("t", 0)].offset == 5


async def test_a_silent_member_is_dropped():
    """Without a sign of life for the session timeout a member is out, and the rest rebalances."""
    group = Group("g")
    await form(group, replace(WORKER, session_timeout=0.05))

    await eventually(lambda: not group.members)
    assert group.state is GroupState.EMPTY


async def test_a_rebalance_doesnt_wait_for_ever():
    """Who hasn't joined again within the rebalance timeout is left out of the new generation."""
    group = Group("g")
    (absent,) = await form(group, replace(WORKER, rebalance_timeout=0.05))

    async with asyncio.timeout(5):
        joined = await group.join(replace(WORKER, rebalance_timeout=0.05))

    assert joined.leader == joined.member_id
    assert absent.member_id not in group.members


async def test_a_rebalance_wakes_those_who_wait_for_the_leader():
    """A follower that waits for its assignment is sent back to join when somebody else enters."""
    group = Group("g")
    first = await group.join(WORKER)
    waiting = asyncio.create_task(group.join(WORKER))
    await asyncio.sleep(0)
    await group.join(replace(WORKER, member_id=first.member_id))
    follower = await waiting
    syncing = asyncio.create_task(group.sync(follower.member_id, follower.generation, {}))
    await asyncio.sleep(0)

    newcomer = asyncio.create_task(group.join(WORKER))

    with pytest.raises(GroupError) as error:
        await syncing
    assert error.value.code is ErrorCode.REBALANCE_IN_PROGRESS
    newcomer.cancel()


async def test_strangers_and_latecomers_are_refused():
    """An unknown member, an old generation and a protocol that nobody else speaks are told what is wrong."""
    group = Group("g")
    (member,) = await form(group, WORKER)

    assert code_of(lambda: group.heartbeat("x", 1)) is ErrorCode.UNKNOWN_MEMBER_ID
    assert code_of(lambda: group.leave("x")) is ErrorCode.UNKNOWN_MEMBER_ID
    assert code_of(lambda: group.heartbeat(member.member_id, 0)) is ErrorCode.ILLEGAL_GENERATION
    assert code_of(lambda: group.commit("", -1, {})) is ErrorCode.UNKNOWN_MEMBER_ID
    with pytest.raises(GroupError) as error:
        await group.join(replace(WORKER, protocol_type="consumer"))
    assert error.value.code is ErrorCode.INCONSISTENT_GROUP_PROTOCOL


async def test_a_group_with_members_cant_be_deleted():
    """Only an empty group goes; an unknown one is named as such."""
    groups = Groups()
    (member,) = await form(groups.ensure("g"), WORKER)

    assert code_of(lambda: groups.delete("g")) is ErrorCode.NON_EMPTY_GROUP
    groups.ensure("g").leave(member.member_id)
    assert code_of(lambda: groups.delete("g")) is ErrorCode.NONE
    assert code_of(lambda: groups.delete("g")) is ErrorCode.GROUP_ID_NOT_FOUND
