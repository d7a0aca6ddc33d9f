"""The group decides what runs here, and who may change what."""

from __future__ import annotations

import asyncio

import pytest

from connect.api import NotFoundException
from connect.herder.distributed.herder import DistributedHerder
from connect.herder.distributed.protocol import CONFIG_MISMATCH, NOTHING, Protocol, decode_metadata
from connect.herder.errors import BadRequest, HandledElsewhere, RebalanceNeeded, Unavailable
from connect.runtime.ids import ConnectorTaskId, TargetState
from tests.unit.herder.distributed.parts import OTHER, OTHER_URL, FakeMembership, start_distributed, work
from tests.unit.herder.parts import FakeWorker
from tests.waiting import eventually

CONFIG = {"name": "c", "connector.class": "FileStreamSource", "file": "f", "topic": "t", "tasks.max": "1"}


async def running() -> tuple[DistributedHerder, FakeWorker, FakeMembership]:
    """A leader that runs connector c with its task."""
    herder, worker, group = start_distributed()
    await group.form()
    await herder.create_connector("c", CONFIG, None)
    await group.form(work("c"), offset=offset(herder))
    await eventually(lambda: herder._state().tasks("c"))
    await group.form(work("c-0"), offset=offset(herder))
    await eventually(lambda: states(herder) == ["RUNNING", "RUNNING"])
    worker.taken()
    group.taken()
    return herder, worker, group


def offset(herder: DistributedHerder) -> int:
    return herder._state().offset


def states(herder: DistributedHerder) -> list[str]:
    try:
        status = herder.connector_status("c")
    except NotFoundException:
        return []
    return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]


async def test_nothing_runs_before_the_group_has_formed_and_what_is_created_asks_for_a_round() -> None:
    herder, worker, group = start_distributed()
    assert group.taken() == ["start"]
    await group.form()
    await herder.create_connector("c", CONFIG, None)
    assert group.taken() == ["rejoin"]
    assert worker.taken() == []
    await group.form(work("c"), offset=offset(herder))
    await eventually(lambda: worker.taken() == ["start c"])
    await eventually(lambda: "rejoin" in group.taken())  # its tasks need workers
    await group.form(work("c-0"), offset=offset(herder))
    await eventually(lambda: worker.taken() == ["start task c-0"])
    await herder.stop()
    assert group.taken()[-1] == "stop"


async def test_what_is_revoked_stops_before_the_next_round_is_asked_for() -> None:
    herder, worker, group = await running()
    await group.form(revoked=work("c", "c-0"), offset=offset(herder))
    assert worker.taken()[:2] == ["stop task c-0", "stop c"]
    assert group.taken() == ["rejoin"]
    assert states(herder) == ["UNASSIGNED", "UNASSIGNED"]
    await group.form(offset=offset(herder))
    assert group.taken() == []
    await herder.stop()


async def test_new_task_configurations_stop_the_old_tasks_and_start_after_the_round() -> None:
    herder, worker, group = await running()
    herder._configs.put_task_configs("c", [{"task.class": "T", "part": "new"}])
    assert group.taken() == ["rejoin"]
    await eventually(lambda: worker.taken() == ["stop task c-0"])
    await group.form(offset=offset(herder))
    await eventually(lambda: worker.taken() == ["start task c-0"])
    await herder.stop()


async def test_a_known_connectors_new_configuration_needs_no_round() -> None:
    herder, worker, group = await running()
    herder._configs.put_connector_config("c", {**CONFIG, "file": "g"})
    assert group.taken() == []
    await eventually(lambda: worker.taken()[:2] == ["stop c", "start c"])
    await herder.stop()


async def test_a_worker_that_lost_its_group_stops_everything_and_claims_it_for_a_while() -> None:
    herder, worker, group = await running()
    await group.lose(8.0)
    assert worker.taken() == ["stop task c-0", "stop c"]
    claimed = decode_metadata(group.group.protocols()[0][1])
    assert claimed.held == work("c", "c-0")
    await group.form(offset=offset(herder))
    await eventually(lambda: worker.taken() == ["start c", "start task c-0"])
    await group.lose(1000.0)
    assert decode_metadata(group.group.protocols()[0][1]).allocation is None
    await herder.stop()


async def test_an_eager_group_stops_everything_before_it_forms() -> None:
    herder, worker, group = await running()
    await group.form(work("c", "c-0"), protocol=Protocol.EAGER, offset=offset(herder))
    assert worker.taken() == []
    await group.form(work("c"), protocol=Protocol.EAGER, offset=offset(herder))
    await eventually(lambda: worker.taken() == ["stop task c-0", "stop c", "start c"])
    await herder.stop()


async def test_a_worker_behind_the_leader_starts_nothing() -> None:
    herder, worker, group = await running()
    await group.form(work("d"), offset=offset(herder) + 5)
    assert group.taken() == ["rejoin"]
    await group.form(error=CONFIG_MISMATCH, offset=offset(herder) + 5)
    assert group.taken() == ["rejoin"]
    assert worker.taken() == []
    await herder.stop()


async def test_a_worker_that_can_not_read_the_log_stays_away_longer_and_longer_then_gives_up() -> None:
    herder, worker, group = await running()

    def refresh(_seconds: float) -> None:
        raise TimeoutError

    herder._configs.refresh = refresh  # type: ignore[method-assign]
    await group.form(offset=offset(herder) + 5)
    waits = ["leave for 6 s"]
    for expected in ("7.5", "10", "15", "30"):
        assert not await group.form()
        waits.append(f"leave for {expected} s")
    assert group.taken() == waits
    assert worker.taken() == []
    assert not await group.form()
    assert group.taken() == ["leave for 0 s"]
    assert worker.taken() == ["stop task c-0", "stop c"]
    await herder.stop()


async def test_a_planned_round_comes_at_its_time() -> None:
    herder, _, group = await running()
    await group.form(offset=offset(herder), delay=5000)
    assert group.taken() == ["rejoin later"]
    await herder.stop()


async def test_a_follower_sends_changes_to_the_leader_but_pauses_by_itself() -> None:
    herder, _, group = await running()
    await group.form(leader=OTHER, offset=offset(herder))
    refused = [
        lambda: herder.create_connector("d", {**CONFIG, "name": "d"}, None),
        lambda: herder.put_connector_config("c", CONFIG),
        lambda: herder.patch_connector_config("c", {"file": "g"}),
        lambda: herder.delete_connector("c"),
        lambda: herder.set_target_state("c", TargetState.STOPPED),
        lambda: herder.restart_connector("c", include_tasks=True),
        lambda: herder.require_leader(),
        lambda: herder.placement(),
        lambda: herder.take_task_configs("c", [], b"", None),
    ]
    for change in refused:
        with pytest.raises(HandledElsewhere) as elsewhere:
            await change()
        assert elsewhere.value.url == OTHER_URL
    with pytest.raises(BadRequest):
        await herder.create_connector("d", {}, None)
    await herder.set_target_state("c", TargetState.PAUSED)
    await eventually(lambda: states(herder)[0] == "PAUSED")
    await herder.stop()


async def test_restarts_happen_where_things_run() -> None:
    herder, worker, group = await running()
    await herder.restart_connector("c")
    await herder.restart_task(ConnectorTaskId("c", 0))
    assert worker.taken() == ["stop c", "start c", "stop task c-0", "start task c-0"]
    with pytest.raises(NotFoundException, match="Unknown task: c-1"):
        await herder.restart_task(ConnectorTaskId("c", 1))
    with pytest.raises(NotFoundException, match="Unknown connector: d"):
        await herder.restart_connector("d")
    await group.form(revoked=work("c"), leader=OTHER, offset=offset(herder))
    with pytest.raises(HandledElsewhere):
        await herder.restart_connector("c")
    group.rejoin_pending = True
    with pytest.raises(RebalanceNeeded, match="stale configuration"):
        await herder.restart_connector("c")
    await herder.stop()


async def test_a_restart_with_flags_goes_through_the_config_topic() -> None:
    herder, worker, _ = await running()
    asked = []
    herder._configs.put_restart_request = asked.append  # type: ignore[method-assign]
    answer = await herder.restart_connector("c", include_tasks=True)
    assert answer is not None
    assert answer["tasks"][0]["state"] == "RESTARTING"
    assert worker.taken() == []
    herder.on_restart_request(asked[0])
    await eventually(lambda: len(worker.calls) == 4)
    assert worker.taken() == ["stop c", "start c", "stop task c-0", "start task c-0"]
    await herder.stop()


async def test_the_leader_removes_the_states_of_what_is_gone() -> None:
    herder, _, group = await running()
    herder._statuses.put_topic = lambda _status: None  # type: ignore[method-assign]
    herder._configs.remove_connector_config("c")
    await group.form(revoked=work("c", "c-0"), offset=offset(herder))
    assert herder._statuses.connectors() == set()
    await herder.stop()


async def test_a_draining_worker_waits_until_its_work_is_elsewhere() -> None:
    herder, worker, group = start_distributed(**{"drain.on.shutdown": "true"})
    await group.form(leader=OTHER)
    herder._configs.put_connector_config("c", CONFIG)
    await group.form(work("c"), leader=OTHER, offset=offset(herder))
    await eventually(lambda: worker.taken() == ["start c"])
    group.taken()

    stopping = asyncio.create_task(herder.stop())
    await eventually(lambda: group.taken() == ["rejoin"])
    assert decode_metadata(group.group.protocols()[0][1]).draining
    await group.form(revoked=work("c"), leader=OTHER, offset=offset(herder))
    assert worker.taken()[0] == "stop c"
    assert not stopping.done()
    await group.form(leader=OTHER, offset=offset(herder))
    await stopping
    assert group.taken() == ["rejoin", "leave", "stop"]


async def test_a_draining_worker_under_a_leader_that_knows_no_drains_lets_go_and_claims_what_does_not_exist() -> None:
    """So that a leader in Java gives its work to the others, at once, and none of it back."""
    herder, worker, group = start_distributed()
    await group.form(leader=OTHER)
    herder._configs.put_connector_config("c", CONFIG)
    await group.form(work("c"), leader=OTHER, offset=offset(herder))
    await eventually(lambda: worker.taken() == ["start c"])
    group.taken()

    draining = asyncio.create_task(herder.drain())
    await eventually(lambda: group.taken() == ["rejoin"])
    await group.form(leader=OTHER, offset=offset(herder))
    assert group.taken() == ["rejoin"]
    assert worker.taken() == []
    first = decode_metadata(group.group.protocols()[0][1]).held
    assert (len(first.connectors), first.connectors[-1], len(first.tasks)) == (3, "c", 1)
    await group.form(revoked=first.minus(work("c")), leader=OTHER, offset=offset(herder))
    assert worker.taken() == ["stop c"]
    assert group.taken()[-1] == "rejoin"
    second = decode_metadata(group.group.protocols()[0][1]).held
    assert (len(second.connectors), len(second.tasks), second.common(first)) == (2, 1, NOTHING)
    await group.form(leader=OTHER, offset=offset(herder), delay=40)
    await draining
    assert [each for each in group.taken() if "rejoin" not in each] == ["leave", "stop"]
    assert worker.taken() == []
    with pytest.raises(Unavailable):
        await herder.require_leader()
    await herder.stop()
