"""The requests about groups: membership, committed offsets, and what an administrator asks."""

from __future__ import annotations

from connect.demo.broker.groups import (
    CommittedOffset,
    Group,
    GroupError,
    Groups,
    GroupState,
    JoinRequest,
    Member,
    code_of,
)
from connect.demo.broker.messages import ErrorCode
from connect.demo.broker.topics import NODE_ID
from connect.demo.broker.wire import Message

_GROUP_KEY = 0
_NO_OPERATIONS = -(2**31)


class Coordinator:
    """Answers requests that are already decoded, with what is to be encoded."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.groups = Groups()

    async def find_coordinator(self, request: Message) -> Message:
        # Of the codes that end a transactional producer's search at once this is the one that fits best.
        known = request.get("key_type", _GROUP_KEY) == _GROUP_KEY
        return {
            "throttle_time_ms": 0,
            "error_code": ErrorCode.NONE if known else ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
            "error_message": None if known else "This broker has no transactions.",
            "node_id": NODE_ID,
            "host": self._address[0],
            "port": self._address[1],
        }

    # --- membership

    async def join_group(self, request: Message, client_id: str, client_host: str) -> Message:
        session: int = request["session_timeout_ms"]
        join = JoinRequest(
            member_id=request["member_id"],
            client_id=client_id,
            client_host=client_host,
            session_timeout=session / 1000,
            rebalance_timeout=int(request.get("rebalance_timeout_ms", session)) / 1000,
            protocol_type=request["protocol_type"],
            protocols=tuple((p["name"], p["metadata"]) for p in request["protocols"]),
        )
        try:
            joined = await self.groups.ensure(request["group_id"]).join(join)
        except GroupError as error:
            return {
                "throttle_time_ms": 0,
                "error_code": error.code,
                "generation_id": -1,
                "protocol_name": "",
                "leader": "",
                "member_id": request["member_id"],
                "members": [],
            }
        return {
            "throttle_time_ms": 0,
            "error_code": ErrorCode.NONE,
            "generation_id": joined.generation,
            "protocol_name": joined.protocol,
            "leader": joined.leader,
            "member_id": joined.member_id,
            "members": [{"member_id": i, "group_instance_id": None, "metadata": m} for i, m in joined.members],
        }

    async def sync_group(self, request: Message) -> Message:
        assignments = {a["member_id"]: a["assignment"] for a in request["assignments"]}
        code, assignment = ErrorCode.NONE, b""
        try:
            group = self.groups.ensure(request["group_id"])
            assignment = await group.sync(request["member_id"], request["generation_id"], assignments)
        except GroupError as error:
            code = error.code
        return {"throttle_time_ms": 0, "error_code": code, "assignment": assignment}

    async def heartbeat(self, request: Message) -> Message:
        group = self.groups.ensure(request["group_id"])
        code = code_of(lambda: group.heartbeat(request["member_id"], request["generation_id"]))
        return {"throttle_time_ms": 0, "error_code": code}

    async def leave_group(self, request: Message) -> Message:
        group = self.groups.ensure(request["group_id"])
        if "member_id" in request:
            code = code_of(lambda: group.leave(request["member_id"]))
            return {"throttle_time_ms": 0, "error_code": code}
        members = [m | {"error_code": code_of(lambda m=m: group.leave(m["member_id"]))} for m in request["members"]]  # type: ignore[misc]
        return {"throttle_time_ms": 0, "error_code": ErrorCode.NONE, "members": members}

    # --- committed offsets

    async def offset_commit(self, request: Message) -> Message:
        offsets = {
            (t["name"], p["index"]): CommittedOffset(p["offset"], p.get("leader_epoch", -1), p["metadata"])
            for t in request["topics"]
            for p in t["partitions"]
        }
        group = self.groups.ensure(request["group_id"])
        code = code_of(lambda: group.commit(request["member_id"], request["generation_id"], offsets))
        return {"throttle_time_ms": 0, "topics": _codes(request["topics"], code)}

    async def offset_fetch(self, request: Message) -> Message:
        group = self.groups.get(request["group_id"])
        offsets = group.offsets if group else {}
        wanted = request["topics"]
        if wanted is None:
            names = dict.fromkeys(topic for topic, _ in offsets)
            wanted = [{"name": name, "partitions": [p for topic, p in offsets if topic == name]} for name in names]
        absent = CommittedOffset(-1, -1, "")
        topics = [
            {
                "name": topic["name"],
                "partitions": [
                    _committed(index, offsets.get((topic["name"], index), absent)) for index in topic["partitions"]
                ],
            }
            for topic in wanted
        ]
        return {"throttle_time_ms": 0, "topics": topics, "error_code": ErrorCode.NONE}

    async def offset_delete(self, request: Message) -> Message:
        group = self.groups.get(request["group_id"])
        code = ErrorCode.NONE
        if group is None:
            code = ErrorCode.GROUP_ID_NOT_FOUND
        elif group.members:
            code = ErrorCode.NON_EMPTY_GROUP
        else:
            for topic in request["topics"]:
                for partition in topic["partitions"]:
                    group.offsets.pop((topic["name"], partition["index"]), None)
        topics = [] if code else _codes(request["topics"], code)
        return {"error_code": code, "throttle_time_ms": 0, "topics": topics}

    # --- administration

    async def list_groups(self) -> Message:
        groups = [{"group_id": g.name, "protocol_type": g.protocol_type} for g in self.groups]
        return {"throttle_time_ms": 0, "error_code": ErrorCode.NONE, "groups": groups}

    async def describe_groups(self, request: Message) -> Message:
        return {"throttle_time_ms": 0, "groups": [_describe(name, self.groups.get(name)) for name in request["groups"]]}

    async def delete_groups(self, request: Message) -> Message:
        results = [
            {"group_id": name, "error_code": code_of(lambda name=name: self.groups.delete(name))}  # type: ignore[misc]
            for name in request["groups"]
        ]
        return {"throttle_time_ms": 0, "results": results}


def _codes(topics: list[Message], code: ErrorCode) -> list[Message]:
    return [
        {"name": t["name"], "partitions": [{"index": p["index"], "error_code": code} for p in t["partitions"]]}
        for t in topics
    ]


def _committed(index: int, committed: CommittedOffset) -> Message:
    return {
        "index": index,
        "offset": committed.offset,
        "leader_epoch": committed.leader_epoch,
        "metadata": committed.metadata,
        "error_code": ErrorCode.NONE,
    }


def _describe(name: str, group: Group | None) -> Message:
    stable = group is not None and group.state is GroupState.STABLE
    members = group.members if group else {}
    return {
        "error_code": ErrorCode.NONE,
        "group_id": name,
        "group_state": group.state.value if group else "Dead",
        "protocol_type": group.protocol_type if group else "",
        "protocol_data": group.protocol if group and stable else "",
        "members": [_describe_member(i, m, group.protocol if group and stable else "") for i, m in members.items()],
        "authorized_operations": _NO_OPERATIONS,
    }


def _describe_member(member_id: str, member: Member, protocol: str) -> Message:
    return {
        "member_id": member_id,
        "group_instance_id": None,
        "client_id": member.request.client_id,
        "client_host": member.request.client_host,
        "metadata": member.metadata(protocol),
        "assignment": member.assignment if protocol else b"",
    }
