"""A connector that is stopped or deleted while its task configurations are made or stored ends up without tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from connect.herder.task_writes import TaskWrites
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.fake import FakeKafka
from connect.runtime.ids import TargetState
from connect.storage.internal_topics import config_topic
from connect.storage.kafka_config_store import KafkaConfigBackingStore
from tests.unit.herder.parts import FakeWorker, start_herder

PROPERTIES = {"bootstrap.servers": "fake:9092", "group.id": "g", "config.storage.topic": "configs"}
CONFIG = {"name": "c", "connector.class": "FileStreamSource", "file": "f", "topic": "t", "tasks.max": "1"}


@pytest.fixture
def store() -> Iterator[KafkaConfigBackingStore]:
    kafka = FakeKafka()
    clients = ConnectClients(PROPERTIES, "g")
    store = KafkaConfigBackingStore(kafka, clients, kafka.admin({}), config_topic(PROPERTIES))
    store.start()
    store.put_connector_config("c", CONFIG)
    yield store
    store.stop()


Step = Callable[[TaskWrites], Any]


def put(writes: TaskWrites) -> Any:
    return writes.put("c", [{"part": "0"}])


def stop(writes: TaskWrites) -> Any:
    return writes.stop("c")


def remove(writes: TaskWrites) -> Any:
    return writes.remove("c")


@pytest.mark.parametrize("steps", [(put, stop), (stop, put), (put, remove), (remove, put)])
async def test_whatever_comes_first_no_task_is_left(store: KafkaConfigBackingStore, steps: tuple[Step, ...]) -> None:
    writes = TaskWrites(store)
    await asyncio.gather(*(step(writes) for step in steps))
    store.refresh(10)
    assert store.snapshot().tasks("c") == []
    assert store.snapshot().target_state("c") in (TargetState.STOPPED, None)


async def test_tasks_of_a_connector_that_runs_are_stored(store: KafkaConfigBackingStore) -> None:
    await put(TaskWrites(store))
    assert len(store.snapshot().tasks("c")) == 1


async def test_a_connector_stopped_right_after_its_creation_has_no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def made_slowly(_worker: FakeWorker, _name: str, _max_tasks: int) -> tuple[str, list[Mapping[str, str]]]:
        asked.set()
        await let_go.wait()
        return "T", [{"part": "0"}]

    monkeypatch.setattr(FakeWorker, "task_configs", made_slowly)
    herder, worker = start_herder()
    creating = asyncio.create_task(herder.create_connector("c", CONFIG, None))
    await asked.wait()
    stopping = asyncio.create_task(herder.set_target_state("c", TargetState.STOPPED))
    while herder._state().target_state("c") is not TargetState.STOPPED:
        await asyncio.sleep(0)
    let_go.set()
    await asyncio.gather(creating, stopping)
    assert herder.tasks("c") == []
    assert herder.connector_status("c")["connector"]["state"] == "STOPPED"
    assert not any(call.startswith("start task") for call in worker.taken())
    await herder.stop()
