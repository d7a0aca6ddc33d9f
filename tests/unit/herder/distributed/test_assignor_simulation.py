"""Random events: nothing runs twice in a stable group, everything runs in the end, and evenly."""

from __future__ import annotations

import os
import random

import pytest

from connect.herder.distributed.protocol import NOTHING, Work
from connect.runtime.ids import ConnectorTaskId
from tests.unit.herder.distributed.test_assignor import Group

EVENTS = 20_000 if os.environ.get("CONNECT_SOAK") else 150
MAX_MEMBERS, MAX_CONNECTORS, MAX_TASKS = 9, 12, 7


class Simulation:
    """A group to which things happen; a member that was away for a while may claim what it had."""

    def __init__(self, seed: int, max_delay: int) -> None:
        self.random = random.Random(seed)
        self.group = Group(max_delay)
        self.counter = 0
        self.join()

    def join(self) -> None:
        self.counter += 1
        self.group.join(f"w{self.counter}")

    def leave(self) -> None:
        if len(self.group.held) > 1:
            self.group.leave(self.random.choice(sorted(self.group.held)))

    def bounce(self) -> None:
        """A worker that was thrown out returns under a new id with the work it had."""
        if len(self.group.held) > 1:
            member = self.random.choice(sorted(self.group.held))
            held = self.group.held.pop(member)
            for _ in range(self.random.randrange(3)):
                self.play()
            self.counter += 1
            self.group.held[f"w{self.counter}"] = held

    def create(self) -> None:
        self.counter += 1
        self.group.connectors[f"c{self.counter}"] = self.random.randrange(MAX_TASKS)

    def delete(self) -> None:
        if self.group.connectors:
            del self.group.connectors[self.random.choice(sorted(self.group.connectors))]

    def resize(self) -> None:
        if self.group.connectors:
            name = self.random.choice(sorted(self.group.connectors))
            self.group.connectors[name] = self.random.randrange(MAX_TASKS)

    def lose_leader(self) -> None:
        self.group.assignor = type(self.group.assignor)(self.group.assignor._max_delay)

    def play(self) -> bool:
        """A round; whether another one is due at once."""
        before = dict(self.group.held)
        played = self.group.round()
        for member, held in before.items():
            assert not held.common(played.assigned[member]), "given what it holds already"
            assert len(played.revoked[member]) == len(played.revoked[member].common(held)), "asked for what it lacks"
        given = [item for member in played.assigned for item in items(played.assigned[member])]
        assert len(given) == len(set(given)), "given to two at once"
        still_held = {item for member, held in before.items() for item in items(held.minus(played.revoked[member]))}
        assert not still_held & set(given), "given while another one holds it"
        self.group.now += played.delay + self.random.randrange(50)
        return any(played.revoked.values()) or played.delay > 0

    def settle(self) -> None:
        for _ in range(30):
            if not self.play():
                return
        raise AssertionError("the group does not come to rest")

    def check_stable(self) -> None:
        held = [item for member in self.group.held for item in items(self.group.held[member])]
        wanted = {*self.group.connectors}
        wanted_tasks = {ConnectorTaskId(name, n) for name, count in self.group.connectors.items() for n in range(count)}
        assert len(held) == len(set(held)), "something runs twice"
        assert set(held) == wanted | wanted_tasks, "something does not run, or runs without being asked"
        for sizes in (
            [len(work.connectors) for work in self.group.held.values()],
            [len(work.tasks) for work in self.group.held.values()],
        ):
            assert max(sizes) - min(sizes) <= 1, f"uneven: {sizes}"


def items(work: Work) -> list[str | ConnectorTaskId]:
    return [*work.connectors, *work.tasks]


@pytest.mark.soak
@pytest.mark.parametrize("max_delay", [0, 5_000, 300_000])
@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_the_group_comes_to_rest_evenly(seed: int, max_delay: int) -> None:
    simulation = Simulation(seed, max_delay)
    events = [simulation.join, simulation.leave, simulation.bounce, simulation.create, simulation.delete]
    events += [simulation.resize, simulation.resize, simulation.lose_leader]
    for _ in range(EVENTS):
        for _ in range(simulation.random.randrange(1, 4)):
            event = simulation.random.choice(events)
            if event == simulation.join and len(simulation.group.held) >= MAX_MEMBERS:
                event = simulation.leave
            if event == simulation.create and len(simulation.group.connectors) >= MAX_CONNECTORS:
                event = simulation.delete
            event()
            if simulation.random.random() < 0.5:
                simulation.play()
        simulation.settle()
        simulation.check_stable()


def test_a_drained_group_comes_to_rest_without_the_drained() -> None:
    simulation = Simulation(7, 300_000)
    for _ in range(5):
        simulation.join()
        simulation.create()
    simulation.settle()
    for member in sorted(simulation.group.held)[:-1]:
        simulation.group.draining = {member}
        simulation.settle()
        assert simulation.group.held[member] == NOTHING
        simulation.group.leave(member)
        simulation.group.draining = set()
        played = simulation.group.round()
        assert played.delay == 0
        simulation.settle()
        simulation.check_stable()
