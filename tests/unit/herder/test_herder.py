"""What is asked for happens: connectors and tasks start, stop, restart, and their states are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connect.api import AlreadyExistsException, NotFoundException
from connect.herder.errors import BadRequest, Forbidden
from connect.herder.herder import Herder
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from tests.unit.herder.parts import FakeWorker, start_herder

CONFIG = {"name": "c", "connector.class": "FileStreamSource", "file": "f", "topic": "t", "tasks.max": "2"}


def states(herder: Herder, connector: str = "c") -> list[str]:
    status = herder.connector_status(connector)
    return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]


async def created(config: dict[str, str] = CONFIG, **options: Any) -> tuple[Herder, FakeWorker]:
    herder, worker = start_herder(**options)
    await herder.create_connector("c", config, None)
    return herder, worker


async def settled(herder: Herder) -> None:
    await herder._runners["c"].settle()


async def test_a_created_connector_runs_with_its_tasks() -> None:
    herder, worker = await created(tasks=2)
    await settled(herder)
    assert worker.taken() == ["start c", "start task c-0", "start task c-1"]
    assert states(herder) == ["RUNNING", "RUNNING", "RUNNING"]
    assert herder.connector_info("c")["tasks"] == [{"connector": "c", "task": 0}, {"connector": "c", "task": 1}]
    assert herder.tasks("c")[0]["config"] == {"part": "0", "task.class": "T"}
    await herder.stop()


async def test_a_connector_can_not_be_created_twice() -> None:
    herder, _ = await created()
    with pytest.raises(AlreadyExistsException, match="Connector c already exists"):
        await herder.create_connector("c", CONFIG, None)
    await herder.stop()


@pytest.mark.parametrize(
    ("config", "message"),
    [({"name": "c"}, "contains no connector type"), ({"connector.class": "Nonsense"}, "Failed to find any class")],
)
async def test_a_config_without_a_known_class_is_refused(config: dict[str, str], message: str) -> None:
    herder, _ = start_herder()
    with pytest.raises(BadRequest, match=message):
        await herder.create_connector("c", config, None)
    assert herder.connectors() == []
    await herder.stop()


async def test_a_changed_config_restarts_connector_and_tasks() -> None:
    herder, worker = await created()
    await settled(herder)
    worker.taken()
    created_now, _ = await herder.put_connector_config("c", {**CONFIG, "file": "g"})
    await settled(herder)
    assert not created_now
    assert worker.taken() == ["stop c", "start c", "stop task c-0", "start task c-0"]
    await herder.stop()


async def test_the_same_config_again_changes_nothing() -> None:
    herder, worker = await created()
    await settled(herder)
    worker.taken()
    await herder.put_connector_config("c", dict(CONFIG))
    await settled(herder)
    assert worker.taken() == []
    await herder.stop()


async def test_fewer_tasks_remove_the_status_of_the_others() -> None:
    herder, worker = await created(tasks=2)
    await settled(herder)
    worker.tasks_per_connector = 1
    herder.on_reconfiguration_requested("c")
    await settled(herder)
    await settled(herder)
    assert states(herder) == ["RUNNING", "RUNNING"]
    await herder.stop()


async def test_pause_stop_and_resume() -> None:
    herder, worker = await created()
    await settled(herder)
    worker.taken()
    await herder.set_target_state("c", TargetState.PAUSED)
    await settled(herder)
    assert worker.taken() == ["stop c", "pause tasks of c"]
    await herder.set_target_state("c", TargetState.STOPPED)
    assert worker.taken() == ["stop task c-0"]
    assert states(herder) == ["STOPPED"]
    await herder.set_target_state("c", TargetState.STARTED)
    await settled(herder)
    await settled(herder)
    assert states(herder) == ["RUNNING", "RUNNING"]
    await herder.stop()


@pytest.mark.parametrize(("initial", "shown"), [(TargetState.PAUSED, "PAUSED"), (TargetState.STOPPED, "STOPPED")])
async def test_a_connector_may_be_created_without_running(initial: TargetState, shown: str) -> None:
    herder, worker = start_herder()
    await herder.create_connector("c", CONFIG, initial)
    await settled(herder)
    assert states(herder) == [shown]
    assert worker.taken() == []
    await herder.stop()


async def test_a_connector_that_can_not_start_is_failed_with_its_trace_and_can_be_restarted() -> None:
    herder, worker = start_herder()
    worker.start_error = "no such host"
    await herder.create_connector("c", CONFIG, None)
    await settled(herder)
    assert herder.connector_status("c")["connector"]["trace"] == "Traceback: no such host"
    worker.start_error = None
    await herder.restart_connector("c")
    await settled(herder)
    assert states(herder) == ["RUNNING", "RUNNING"]
    await herder.stop()


async def test_too_many_tasks_fail_the_connector_unless_that_is_allowed() -> None:
    herder, _ = await created(tasks=3)
    await settled(herder)
    status = herder.connector_status("c")
    assert (status["connector"]["state"], status["tasks"]) == ("FAILED", [])
    assert "has generated 3 tasks, which is greater than 2" in status["connector"]["trace"]
    await herder.put_connector_config("c", {**CONFIG, "tasks.max.enforce": "false"})
    await settled(herder)
    await settled(herder)
    assert states(herder) == ["RUNNING"] * 4
    await herder.stop()


async def test_a_failed_task_stays_failed_until_it_is_restarted() -> None:
    herder, worker = await created()
    await settled(herder)
    herder.on_task_state(ConnectorTaskId("c", 0), State.FAILED, "boom")
    worker.taken()
    await settled(herder)
    assert worker.taken() == []
    assert states(herder) == ["RUNNING", "FAILED"]
    await herder.restart_task(ConnectorTaskId("c", 0))
    assert worker.taken() == ["stop task c-0", "start task c-0"]
    assert states(herder) == ["RUNNING", "RUNNING"]
    await herder.stop()


async def test_only_what_has_failed_is_restarted_when_asked_so() -> None:
    herder, _ = await created(tasks=2)
    await settled(herder)
    herder.on_task_state(ConnectorTaskId("c", 1), State.FAILED, "boom")
    answer = await herder.restart_connector("c", include_tasks=True, only_failed=True)
    assert answer is not None
    assert [answer["connector"]["state"], *(task["state"] for task in answer["tasks"])] == [
        "RUNNING",
        "RUNNING",
        "RESTARTING",
    ]
    await herder.stop()


async def test_a_deleted_connector_is_gone_with_its_states_and_topics() -> None:
    herder, worker = await created()
    await settled(herder)
    herder.on_topics(ConnectorTaskId("c", 0), ["t"])
    worker.taken()
    await herder.delete_connector("c")
    assert set(worker.taken()) == {"stop task c-0", "stop c"}
    assert herder.connectors() == []
    assert herder.topics.of("c") == {"c": {"topics": []}}
    with pytest.raises(NotFoundException, match="No status found for connector c"):
        herder.connector_status("c")
    with pytest.raises(NotFoundException, match="Connector c not found"):
        await herder.delete_connector("c")
    await herder.stop()


async def test_topics_are_listed_and_reset_unless_that_is_switched_off() -> None:
    herder, _ = await created()
    herder.on_topics(ConnectorTaskId("c", 0), ["b", "a"])
    assert herder.topics.of("c") == {"c": {"topics": ["a", "b"]}}
    herder.topics.reset("c")
    assert herder.topics.of("c") == {"c": {"topics": []}}
    await herder.stop()
    closed, _ = start_herder({"topic.tracking.enable": "false"})
    with pytest.raises(Forbidden, match="Topic tracking is disabled"):
        closed.topics.of("c")
    await closed.stop()


async def test_secrets_reach_the_task_but_are_not_stored(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.properties"
    secrets.write_text("password=hunter2\n")
    provider = "org.apache.kafka.common.config.provider.FileConfigProvider"
    variable = f"${{file:{secrets}:password}}"
    herder, worker = start_herder({"config.providers": "file", "config.providers.file.class": provider})

    async def task_configs(name: str, max_tasks: int) -> tuple[str, list[dict[str, str]]]:
        return "T", [{"secret": "hunter2"}]

    worker.task_configs = task_configs  # type: ignore[method-assign]
    await herder.create_connector("c", {**CONFIG, "secret": variable}, None)
    await settled(herder)
    assert "start task c-0 hunter2" in worker.taken()
    assert herder.tasks("c")[0]["config"]["secret"] == variable
    assert herder.connector_config("c")["secret"] == variable
    await herder.stop()


async def test_task_configurations_that_could_not_be_made_are_asked_for_again() -> None:
    herder, worker = start_herder()
    worker.task_config_errors = 1
    await herder.create_connector("c", CONFIG, None)
    await settled(herder)
    await settled(herder)
    assert states(herder) == ["RUNNING", "RUNNING"]
    await herder.stop()


async def test_a_changed_limit_reaches_the_tasks_without_a_restart() -> None:
    herder, worker = start_herder()
    await herder.create_connector("c", {**CONFIG, "name": "c"}, None)
    worker.taken()
    await herder.put_connector_config("c", {**CONFIG, "name": "c", "records.per.second.max": "10"})
    assert worker.taken() == ["adjust tasks of c"]
    await herder.stop()
