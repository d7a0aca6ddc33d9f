"""Fencing rounds: who is fenced off, what is noted, and what ends a round."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping

import pytest

from connect.herder.distributed.fencing import ZombieFencing
from connect.herder.distributed.privileges import WritePrivileges
from connect.herder.errors import Conflict, RebalanceNeeded
from connect.runtime.ids import ConnectorTaskId
from connect.storage.config_records import Record, commit_tasks, task_config, task_count
from connect.storage.config_store import MemoryConfigBackingStore


class Store(MemoryConfigBackingStore):
    """Keeps task count records as the topic's store does, and forgets its privileges when told so."""

    def __init__(self) -> None:
        super().__init__()
        self.claims = 0
        self.fenced_off = False

    def put_task_count_record(self, connector: str, count: int) -> None:
        self.take(task_count(connector, count))

    def take(self, record: Record) -> None:
        self._fold.apply(self._fold.snapshot().offset, *record)

    def claim_write_privileges(self) -> None:
        self.claims += 1
        self.fenced_off = False

    @property
    def may_write(self) -> bool:
        return not self.fenced_off


class Rounds:
    """A leader's rounds; ``fenced`` notes what was fenced off, ``go`` lets that end."""

    def __init__(self) -> None:
        self.store = Store()
        self.store.put_connector_config("c", {"name": "c"})
        self.fenced: list[tuple[str, int]] = []
        self.began, self.go = threading.Event(), threading.Event()
        self.go.set()
        self.fencing = ZombieFencing(self.store, self._fence, lambda config: {}, self._claim, 1.0)

    def _fence(self, connector: str, _config: Mapping[str, str], count: int) -> None:
        self.fenced.append((connector, count))
        self.began.set()
        assert self.go.wait(5)

    async def _claim(self) -> None:
        self.store.claim_write_privileges()

    def tasks(self, count: int) -> None:
        """New task configurations."""
        for number in range(count):
            self.store.take(task_config(ConnectorTaskId("c", number), {"n": str(count)}))
        self.store.take(commit_tasks("c", count))

    @property
    def noted(self) -> int | None:
        return self.store.snapshot().task_count_record("c")


async def test_the_first_time_nothing_is_fenced_off_but_the_count_is_noted() -> None:
    rounds = Rounds()
    rounds.tasks(3)
    await rounds.fencing.fence("c")
    assert (rounds.fenced, rounds.noted, rounds.store.claims) == ([], 3, 1)
    await rounds.fencing.fence("c")
    assert rounds.store.claims == 1  # done for these tasks


async def test_all_tasks_share_a_round_that_fences_off_as_many_as_there_were() -> None:
    rounds = Rounds()
    rounds.tasks(3)
    await rounds.fencing.fence("c")
    rounds.tasks(2)
    await asyncio.gather(rounds.fencing.fence("c"), rounds.fencing.fence("c"))
    assert (rounds.fenced, rounds.noted) == ([("c", 3)], 2)


async def test_a_single_task_fences_off_its_predecessor_by_itself() -> None:
    rounds = Rounds()
    for _ in range(2):
        rounds.tasks(1)
        await rounds.fencing.fence("c")
    assert (rounds.fenced, rounds.noted) == ([], 1)


@pytest.mark.parametrize("told", [True, False])
async def test_new_task_configurations_end_a_round(told: bool) -> None:
    """At once when the listener tells of them, else when the round looks again."""
    rounds = Rounds()
    rounds.tasks(3)
    await rounds.fencing.fence("c")
    rounds.tasks(2)
    rounds.go.clear()
    waiting = asyncio.ensure_future(rounds.fencing.fence("c"))
    await asyncio.to_thread(rounds.began.wait)
    rounds.tasks(4)
    if told:
        rounds.fencing.on_new_tasks({"c"})
    else:
        rounds.go.set()
    with pytest.raises(Conflict, match=r"new (set of task configs was|task configurations were) generated"):
        await waiting
    rounds.go.set()
    assert rounds.noted == 3
    await rounds.fencing.fence("c")
    assert rounds.noted == 4


async def test_a_leader_claims_the_config_topic_once_and_again_after_a_failure() -> None:
    store, leads = Store(), [True]
    privileges = WritePrivileges(store, lambda: leads[0])
    await privileges.claim()
    await privileges.ensure()
    assert store.claims == 1
    store.fenced_off = True
    await privileges.ensure()
    assert store.claims == 2
    privileges.lose()
    leads[0] = False
    with pytest.raises(RebalanceNeeded):
        await privileges.ensure()
    await privileges.claim()  # logged only
    assert store.claims == 2
