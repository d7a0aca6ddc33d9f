"""Rounds of the incremental assignor as Kafka Connect plays them, and of the eager one."""

from __future__ import annotations

from connect.herder.distributed.assignor import IncrementalAssignor, Round, assign_eagerly
from connect.herder.distributed.protocol import NOTHING, Work
from connect.runtime.ids import ConnectorTaskId

MAX_DELAY = 300_000


def tasks(text: str) -> tuple[ConnectorTaskId, ...]:
    parts = [item.split("-") for item in text.split(",") if "-" in item]
    return tuple(ConnectorTaskId(name, int(number)) for name, number in parts)


def work(text: str = "") -> Work:
    """``A,A-0`` is connector A and its first task."""
    return Work(tuple(item for item in text.split(",") if item and "-" not in item), tasks(text))


def names(found: Work) -> str:
    return ",".join([*found.connectors, *map(str, found.tasks)])


class Group:
    """Members that do as they are told; connectors by name with their number of tasks."""

    def __init__(self, max_delay: int = MAX_DELAY, **connectors: int) -> None:
        self.connectors = connectors
        self.assignor = IncrementalAssignor(max_delay)
        self.held: dict[str, Work] = {}
        self.draining: set[str] = set()
        self.now = 1_000_000
        self.generation = 0

    def join(self, *members: str) -> None:
        self.held.update(dict.fromkeys(members, NOTHING))

    def leave(self, member: str) -> None:
        del self.held[member]

    def round(self) -> Round:
        configured = Work(
            tuple(sorted(self.connectors)),
            tuple(ConnectorTaskId(name, n) for name in sorted(self.connectors) for n in range(self.connectors[name])),
        )
        completed, self.generation = self.generation or -1, self.generation + 1
        held = {member: self.held[member] for member in sorted(self.held)}
        played = self.assignor.assign(
            held,
            configured,
            last_completed=completed,
            generation=self.generation,
            now=self.now,
            draining=self.draining,
        )
        for member, before in held.items():
            self.held[member] = before.minus(played.revoked[member]).plus(played.assigned[member])
        return played

    def play(self) -> dict[str, str]:
        """A round, in short: ``+`` what a member gets, ``-`` what it gives, ``d`` the delay."""
        played = self.round()
        told = {}
        for member in sorted(self.held):
            plus, minus = names(played.assigned[member]), names(played.revoked[member])
            told[member] = " ".join(part for part in (f"+{plus}" if plus else "", f"-{minus}" if minus else "") if part)
        return {member: text for member, text in told.items() if text} | {"d": str(played.delay)}


def test_work_moves_to_workers_that_join_and_waits_for_one_that_left() -> None:
    group = Group(A=4, B=4)
    group.join("w1")
    assert group.play() == {"w1": "+A,B,A-0,A-1,A-2,A-3,B-0,B-1,B-2,B-3", "d": "0"}
    group.join("w2")
    assert group.play() == {"w1": "-A,A-0,A-1,A-2,A-3", "d": "0"}
    assert group.play() == {"w2": "+A,A-0,A-1,A-2,A-3", "d": "0"}
    group.join("w3")
    assert group.play() == {"w1": "-B-0", "w2": "-A-0", "d": "0"}
    assert group.play() == {"w3": "+A-0,B-0", "d": "0"}
    group.leave("w3")
    assert group.play() == {"d": "300000"}
    group.now += 100_000
    assert group.play() == {"d": "200000"}
    group.connectors["C"] = 2
    assert group.play() == {"w1": "+C,C-0", "w2": "+C-1", "d": "200000"}
    group.now += 200_000
    assert group.play() == {"w1": "+A-0", "w2": "+B-0", "d": "0"}


def test_a_worker_that_comes_in_time_gets_the_waiting_work() -> None:
    group = Group(A=4, B=4)
    group.join("w1", "w2")
    assert group.play() == {"w1": "+A,A-0,A-2,B-0,B-2", "w2": "+B,A-1,A-3,B-1,B-3", "d": "0"}
    group.leave("w2")
    assert group.play() == {"d": "300000"}
    group.now += 60_000
    group.join("w2b")
    assert group.play() == {"d": "240000"}
    group.now += 240_000
    assert group.play() == {"w2b": "+B,A-1,A-3,B-1,B-3", "d": "0"}


def test_without_a_delay_lost_work_moves_at_once_and_deletions_rebalance() -> None:
    group = Group(0, A=4, B=4)
    group.join("w1", "w2")
    group.play()
    group.leave("w2")
    assert group.play() == {"w1": "+B,A-1,A-3,B-1,B-3", "d": "0"}
    group.join("w3")
    assert group.play() == {"w1": "-A,A-0,A-1,A-2,A-3", "d": "0"}
    assert group.play() == {"w3": "+A,A-0,A-1,A-2,A-3", "d": "0"}
    del group.connectors["B"]
    assert group.play() == {"w1": "-B,B-0,B-1,B-2,B-3", "w3": "-A-0,A-1", "d": "0"}
    assert group.play() == {"w1": "+A-0,A-1", "d": "0"}
    group.connectors["A"] = 2
    assert group.play() == {"w1": "-A-0", "w3": "-A-2,A-3", "d": "0"}
    assert group.play() == {"w3": "+A-0", "d": "0"}
    group.connectors["A"] = 5
    assert group.play() == {"w1": "+A-2,A-4", "w3": "+A-3", "d": "0"}


def test_what_two_workers_claim_is_taken_from_both() -> None:
    group = Group(A=2)
    group.join("w1")
    group.play()
    group.held["w2"] = work("A,A-0")
    assert group.play() == {"w1": "-A,A-0", "w2": "-A,A-0", "d": "0"}
    assert group.play() == {"w1": "+A", "w2": "+A-0", "d": "0"}


def test_work_that_has_just_moved_stays_for_a_moment() -> None:
    group = Group(A=12)
    group.join("w1")
    group.play()
    group.join("w2")
    assert group.play() == {"w1": "-A-0,A-1,A-2,A-3,A-4,A-5", "d": "0"}
    group.join("w3")
    assert group.play() == {"w2": "+A-0,A-2,A-4", "w3": "+A-1,A-3,A-5", "d": "40"}
    group.join("w4")
    assert group.play() == {"d": "40"}
    assert group.play() == {"w1": "-A-6,A-7,A-8", "d": "0"}
    assert group.play() == {"w4": "+A-6,A-7,A-8", "d": "0"}


def test_a_new_leader_knows_nothing_of_what_was_lost() -> None:
    group = Group(A=4)
    group.join("w1", "w2")
    group.play()
    group.leave("w2")
    group.assignor = IncrementalAssignor(MAX_DELAY)
    assert group.play() == {"w1": "+A-1,A-3", "d": "0"}


def test_a_draining_worker_gives_all_away_and_leaves_no_hole() -> None:
    group = Group(A=4, B=2)
    group.join("w1", "w2", "w3")
    group.play()
    group.draining = {"w2"}
    assert group.play()["w2"].startswith("-")
    group.play()
    assert group.held["w2"] == NOTHING
    assert sorted(map(len, group.held.values())) == [0, 4, 4]
    group.leave("w2")
    assert group.play() == {"d": "0"}


def test_the_last_worker_may_drain_too() -> None:
    group = Group(A=1)
    group.join("w1")
    group.play()
    group.draining = {"w1"}
    assert group.play() == {"w1": "-A,A-0", "d": "0"}
    assert group.play() == {"d": "0"}
    group.join("w2")
    assert group.play() == {"w2": "+A,A-0", "d": "0"}


def test_the_eager_assignor_deals_everything_round() -> None:
    dealt = assign_eagerly(["w2", "w1"], work("B,A,B-0,A-0,A-1"))
    assert {member: names(found) for member, found in dealt.items()} == {"w1": "A,A-0,B-0", "w2": "B,A-1"}


def test_a_worker_with_least_stays_in_front_of_those_that_have_as_many_after_a_turn() -> None:
    group = Group(0, A=5)
    group.held = {"w1": work("A,A-0"), "w2": work("A-1"), "w3": NOTHING, "w4": work("A-2")}
    assert group.play() == {"w3": "+A-3,A-4", "d": "0"}


def test_new_work_is_dealt_before_work_of_a_worker_that_has_gone() -> None:
    group = Group(0, B=2)
    group.join("w1", "w2")
    assert group.play() == {"w1": "+B,B-0", "w2": "+B-1", "d": "0"}
    group.leave("w2")
    group.join("w3")
    group.connectors["C"] = 1
    assert group.play() == {"w3": "+C,C-0,B-1", "d": "0"}
