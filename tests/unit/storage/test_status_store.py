"""States of connectors and tasks, on a cluster in memory and without Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import KafkaError
from connect.kafka.fake import FakeKafka
from connect.runtime.ids import ConnectorTaskId, State
from connect.storage import kafka_status_store
from connect.storage.internal_topics import status_topic
from connect.storage.kafka_status_store import KafkaStatusBackingStore
from connect.storage.status import ConnectorStatus, TaskStatus, TopicStatus
from connect.storage.status_store import MemoryStatusBackingStore, StatusBackingStore
from tests.waiting import wait_until

WORKER = {"bootstrap.servers": "fake:9092", "group.id": "g", "status.storage.topic": "statuses"}
TASK = ConnectorTaskId("a-b", 3)


def make_store(kafka: FakeKafka) -> KafkaStatusBackingStore:
    return KafkaStatusBackingStore(kafka, ConnectClients(WORKER, "g"), kafka.admin({}), status_topic(WORKER))


@pytest.fixture
def kafka() -> FakeKafka:
    return FakeKafka()


@pytest.fixture
def store(kafka: FakeKafka) -> Iterator[KafkaStatusBackingStore]:
    store = make_store(kafka)
    store.start()
    yield store
    store.stop()


@pytest.fixture(params=["kafka", "memory"])
def any_store(request: pytest.FixtureRequest) -> Iterator[StatusBackingStore]:
    store: StatusBackingStore = make_store(FakeKafka()) if request.param == "kafka" else MemoryStatusBackingStore()
    store.start()
    yield store
    store.stop()


def running(worker: str = "me:1", generation: int = 1, state: State = State.RUNNING) -> TaskStatus:
    return TaskStatus(TASK, state, worker, generation)


def test_states_are_kept_by_connector_and_task(any_store: StatusBackingStore) -> None:
    connector = ConnectorStatus("a-b", State.FAILED, "me:1", 2, "Traceback ü", "1.0")
    any_store.put(connector)
    any_store.put(running())
    any_store.put(TaskStatus(ConnectorTaskId("a-b", 0), State.PAUSED, "me:1", 1))
    any_store.flush(5)
    assert any_store.connector_status("a-b") == connector
    assert any_store.task_status(TASK) == running()
    assert [status.task.task for status in any_store.task_statuses("a-b")] == [0, 3]
    assert any_store.connectors() == {"a-b"}


def test_destroyed_removes_a_state(any_store: StatusBackingStore) -> None:
    any_store.put(running())
    any_store.put(running(state=State.DESTROYED))
    any_store.flush(5)
    assert any_store.task_status(TASK) is None
    assert any_store.connectors() == set()


def test_a_destroyed_connector_takes_its_tasks_along(any_store: StatusBackingStore) -> None:
    any_store.put(running())
    any_store.put(ConnectorStatus("a-b", State.DESTROYED, "me:1", 1))
    any_store.flush(5)
    assert any_store.task_statuses("a-b") == []


def test_topics_in_use_are_kept_by_connector(any_store: StatusBackingStore) -> None:
    topic = TopicStatus.now("t", TASK)
    any_store.put_topic(topic)
    any_store.flush(5)
    assert any_store.topic_statuses("a-b") == [topic]
    assert any_store.topic_status("a-b", "t") == topic
    any_store.delete_topic("a-b", "t")
    any_store.flush(5)
    assert any_store.topic_statuses("a-b") == []


def test_records_are_those_of_java(kafka: FakeKafka, store: KafkaStatusBackingStore) -> None:
    store.put(running())
    store.put_topic(TopicStatus("t", "a-b", 3, 99))
    store.flush(5)
    assert sorted(kafka.records("statuses")) == [
        (
            b"status-task-a-b-3",
            b'{"state":"RUNNING","trace":null,"worker_id":"me:1","generation":1,"version":null}',
        ),
        (
            b"status-topic-t:connector-a-b",
            b'{"topic":{"name":"t","connector":"a-b","task":3,"discoverTimestamp":99}}',
        ),
    ]


def test_a_safe_write_gives_way_to_a_newer_state_of_another_worker(store: KafkaStatusBackingStore) -> None:
    store.put(running("other:1", 5))
    store.flush(5)
    store.put_safe(running("me:1", 4, State.FAILED))
    store.flush(5)
    assert store.task_status(TASK) == running("other:1", 5)
    store.put_safe(running("me:1", 5, State.FAILED))
    store.flush(5)
    assert store.task_status(TASK) == running("me:1", 5, State.FAILED)


def test_the_farewell_of_an_earlier_owner_is_ignored(store: KafkaStatusBackingStore) -> None:
    store.put(running("new:1", 5))
    store.put(running("old:1", 4, State.UNASSIGNED))
    store.flush(5)
    assert store.task_status(TASK) == running("new:1", 5)


def test_a_write_that_failed_for_the_moment_is_repeated(
    kafka: FakeKafka, store: KafkaStatusBackingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_status_store, "RETRY_SECONDS", 0.001)
    kafka.fail("produce", KafkaError.NOT_ENOUGH_REPLICAS, times=3)
    store.put(running())
    wait_until(lambda: store.task_status(TASK) == running())


def test_a_repetition_gives_way_to_a_newer_generation(
    kafka: FakeKafka, store: KafkaStatusBackingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_status_store, "RETRY_SECONDS", 0.05)
    kafka.fail("produce", KafkaError.NOT_ENOUGH_REPLICAS)
    store.put(running())
    store.put(ConnectorStatus("x", State.RUNNING, "me:1", 2))
    wait_until(lambda: not store._retries)
    store.flush(5)
    assert store.task_status(TASK) is None


def test_a_write_that_cannot_work_is_logged(
    kafka: FakeKafka, store: KafkaStatusBackingStore, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.fail("produce", KafkaError.TOPIC_AUTHORIZATION_FAILED)
    store.put(running())
    store.flush(5)
    assert "Status record 'status-task-a-b-3' can't be written" in caplog.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status-connector-c", "{"),
        ("status-connector-c", "[]"),
        ("status-connector-", '{"state":"RUNNING","worker_id":"w","generation":1}'),
        ("status-connector-c", '{"state":"SLEEPING","worker_id":"w","generation":1}'),
        ("status-connector-c", '{"state":"RUNNING","worker_id":"w","generation":"1"}'),
        ("status-task-c", '{"state":"RUNNING","worker_id":"w","generation":1}'),
        ("status-task-c-x", '{"state":"RUNNING","worker_id":"w","generation":1}'),
        ("status-topic-t", '{"topic":{"name":"t","connector":"c","task":1,"discoverTimestamp":1}}'),
        ("status-topic-t:connector-c", '{"topic":{"name":"t"}}'),
        ("other", "{}"),
    ],
)
def test_what_is_not_understood_is_ignored(
    kafka: FakeKafka, store: KafkaStatusBackingStore, key: str, value: str
) -> None:
    kafka.append("statuses", value.encode(), key.encode())
    store.flush(5)
    assert store.connectors() == set()
    assert store.topic_statuses("c") == []


def test_records_of_older_workers_have_no_version(kafka: FakeKafka, store: KafkaStatusBackingStore) -> None:
    value = {"state": "RUNNING", "trace": None, "worker_id": "w:1", "generation": 1}
    kafka.append("statuses", json.dumps(value).encode(), b"status-connector-c")
    store.flush(5)
    assert store.connector_status("c") == ConnectorStatus("c", State.RUNNING, "w:1", 1)
