"""The group protocol as it was recorded, byte for byte: what workers send when they join, what the leader answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connect.herder.distributed.leadership import Leadership
from connect.herder.distributed.protocol import (
    Assignment,
    Metadata,
    Protocol,
    Work,
    decode_assignment,
    decode_metadata,
    encode_assignment,
    encode_metadata,
)
from connect.runtime.ids import ConnectorTaskId
from connect.storage.cluster_state import ClusterConfigState
from tests.conformance.vectors import CONFORMANCE_DIR

Json = dict[str, Any]

STORIES = ("sessioned", "compatible", "eager", "mixed", "return-within-delay")


def timeline(story: str) -> list[Json]:
    recorded = json.loads((CONFORMANCE_DIR / "group-protocol" / f"{story}.json").read_text())
    return list(recorded["timeline"])


def work(entries: list[Json] | None) -> Work:
    connectors = [entry["connector"] for entry in entries or () if -1 in entry["tasks"]]
    tasks = [ConnectorTaskId(entry["connector"], n) for entry in entries or () for n in entry["tasks"] if n != -1]
    return Work(tuple(connectors), tuple(tasks))


def assignment(recorded: Json) -> Assignment:
    return Assignment(
        recorded["leader"],
        recorded["leaderUrl"],
        recorded["configOffset"],
        work(recorded["assignment"]),
        work(recorded.get("revoked")),
        recorded.get("delay", 0),
        recorded["error"],
    )


def metadata_cases() -> Iterator[Any]:
    for story in STORIES:
        for at, entry in enumerate(timeline(story)):
            for offered in entry.get("protocols", ()):
                yield pytest.param(offered, id=f"{story}-{at}-{offered['name']}")


def assignment_cases() -> Iterator[Any]:
    for story in STORIES:
        for at, entry in enumerate(timeline(story)):
            for told in entry.get("assignments", ()):
                yield pytest.param(told, id=f"{story}-{at}-{told['assignment']['leaderUrl'][-6:-1]}-{told['memberId']}")


@pytest.mark.parametrize("recorded", list(metadata_cases()))
def test_metadata(recorded: Json) -> None:
    told = recorded["metadata"]
    held = told.get("allocation")
    expected = Metadata(told["url"], told["configOffset"], None if held is None else assignment(held))
    data = bytes.fromhex(recorded["metadataHex"])
    assert decode_metadata(data) == expected
    assert encode_metadata(Protocol.of_group(recorded["name"]), expected) == data


@pytest.mark.parametrize("recorded", list(assignment_cases()))
def test_assignment(recorded: Json) -> None:
    data = bytes.fromhex(recorded["assignmentHex"])
    expected = assignment(recorded["assignment"])
    assert decode_assignment(data) == expected
    assert encode_assignment(Protocol(recorded["assignment"]["version"]), expected) == data


class Configs:
    """What the config topic held, from the events of a story: connectors first, their tasks at a later offset."""

    def __init__(self) -> None:
        self._created: list[tuple[str, int]] = []
        self._deleted: list[str] = []
        self.picture = ClusterConfigState()

    def hear(self, event: str) -> None:
        words = event.split()
        if words[0] == "connector" and words[-1] == "created":
            self._created.append((words[1], int(words[3])))
        elif words[0] == "connector":
            self._deleted.append(words[1])

    def read_to(self, offset: int) -> None:
        if offset <= self.picture.offset:
            return
        connectors, counts = dict(self.picture.connector_configs), dict(self.picture.task_counts)
        if self._created and self._created[0][0] in connectors:
            name, tasks = self._created.pop(0)
            counts[name] = tasks
        elif self._created:
            connectors[self._created[0][0]] = {}
        for name in self._deleted:
            del connectors[name], counts[name]
        self._deleted.clear()
        self.picture = ClusterConfigState(offset, connector_configs=connectors, task_counts=counts)


@pytest.mark.parametrize("story", STORIES)
def test_the_leader_assigns_as_java_did(story: str) -> None:
    """Every round of a story, with the members' recorded metadata."""
    configs, joined, clock, completed = Configs(), {}, [0], -1
    leadership = Leadership(5000, lambda: configs.picture, lambda: clock[0])
    rounds = 0
    for entry in timeline(story):
        clock[0] = entry["atMs"]
        if "event" in entry:
            configs.hear(entry["event"])
        elif entry["request"] == "JoinGroup":
            joined[entry["memberId"]] = {offer["name"]: offer for offer in entry["protocols"]}
        elif entry["request"] == "SyncGroup" and entry["assignments"]:
            told = {each["memberId"]: joined[each["memberId"]][entry["protocol"]] for each in entry["assignments"]}
            configs.read_to(max(offer["metadata"]["configOffset"] for offer in told.values()))
            answered = leadership.assign(
                entry["memberId"],
                Protocol.of_group(entry["protocol"]),
                {member: bytes.fromhex(offer["metadataHex"]) for member, offer in told.items()},
                generation=entry["generation"],
                last_completed=completed,
            )
            for each in entry["assignments"]:
                expected, actual = bytes.fromhex(each["assignmentHex"]), answered[each["memberId"]]
                assert decode_assignment(actual) == decode_assignment(expected), entry["generation"]
                assert actual == expected
            completed = entry["generation"]
            rounds += 1
    assert rounds >= 5
