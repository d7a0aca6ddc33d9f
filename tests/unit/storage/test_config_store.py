"""The config store on a cluster in memory, and without Kafka."""

from __future__ import annotations

import json
from collections.abc import Iterator
from unittest.mock import Mock

import pytest

from connect.api.errors import ConfigException, ConnectException, IllegalWorkerStateException
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import KafkaError
from connect.kafka.fake import FakeKafka
from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.storage.cluster_state import RestartRequest, SessionKey
from connect.storage.config_store import ConfigBackingStore, MemoryConfigBackingStore, PrivilegedWriteException
from connect.storage.internal_topics import config_topic
from connect.storage.kafka_config_store import KafkaConfigBackingStore

WORKER = {"bootstrap.servers": "fake:9092", "group.id": "g", "config.storage.topic": "configs"}


def make_store(kafka: FakeKafka, *, fenceable: bool = False) -> KafkaConfigBackingStore:
    clients = ConnectClients(WORKER, "g", exactly_once=fenceable)
    return KafkaConfigBackingStore(kafka, clients, kafka.admin({}), config_topic(WORKER), fenceable=fenceable)


@pytest.fixture
def kafka() -> FakeKafka:
    return FakeKafka()


@pytest.fixture
def store(kafka: FakeKafka) -> Iterator[KafkaConfigBackingStore]:
    store = make_store(kafka)
    store.set_listener(Mock())
    store.start()
    yield store
    store.stop()


def written(kafka: FakeKafka) -> list[tuple[str, object]]:
    pairs = kafka.records("configs")
    return [((key or b"").decode(), None if value is None else json.loads(value)) for key, value in pairs]


@pytest.fixture(params=["kafka", "memory"])
def any_store(request: pytest.FixtureRequest) -> Iterator[ConfigBackingStore]:
    store: ConfigBackingStore = make_store(FakeKafka()) if request.param == "kafka" else MemoryConfigBackingStore()
    store.set_listener(Mock())
    store.start()
    yield store
    store.stop()


def test_what_is_written_is_seen_at_once(any_store: ConfigBackingStore) -> None:
    any_store.put_connector_config("c", {"a": "1"}, TargetState.PAUSED)
    any_store.put_task_configs("c", [{"t": "0"}, {"t": "1"}])
    state = any_store.snapshot()
    assert state.connector_config("c") == {"a": "1"}
    assert state.target_state("c") is TargetState.PAUSED
    assert state.all_task_configs("c") == {ConnectorTaskId("c", 0): {"t": "0"}, ConnectorTaskId("c", 1): {"t": "1"}}
    any_store.remove_task_configs("c")
    assert any_store.snapshot().tasks("c") == []
    any_store.remove_connector_config("c")
    assert not any_store.contains("c")


def test_an_initial_state_is_written_before_its_connector(kafka: FakeKafka, store: KafkaConfigBackingStore) -> None:
    store.put_connector_config("c", {"a": "1"}, TargetState.STOPPED)
    assert written(kafka) == [
        ("target-state-c", {"state": "PAUSED", "state.v2": "STOPPED"}),
        ("connector-c", {"properties": {"a": "1"}}),
    ]


def test_a_deletion_is_two_tombstones(kafka: FakeKafka, store: KafkaConfigBackingStore) -> None:
    store.put_connector_config("c", {})
    store.remove_connector_config("c")
    assert written(kafka)[1:] == [("connector-c", None), ("target-state-c", None)]


def test_tasks_are_committed_after_they_were_written(kafka: FakeKafka, store: KafkaConfigBackingStore) -> None:
    store.put_connector_config("c", {})
    store.put_task_configs("c", [{"t": "0"}])
    assert written(kafka)[1:] == [("task-c-0", {"properties": {"t": "0"}}), ("commit-c", {"tasks": 1})]


def test_the_next_worker_reads_what_this_one_wrote(kafka: FakeKafka, store: KafkaConfigBackingStore) -> None:
    store.put_connector_config("c", {"a": "1"})
    store.put_task_configs("c", [{"t": "0"}])
    store.put_session_key(SessionKey(b"k", "HmacSHA256", 1))
    store.put_task_count_record("c", 1)
    store.refresh(5)
    kafka.compact("configs")
    other = make_store(kafka)
    listener = Mock()
    other.set_listener(listener)
    other.start()
    assert other.snapshot() == store.snapshot()
    assert listener.mock_calls == []
    other.stop()


def test_other_workers_hear_of_everything(kafka: FakeKafka, store: KafkaConfigBackingStore) -> None:
    other = make_store(kafka)
    listener = Mock()
    other.set_listener(listener)
    other.start()
    store.put_connector_config("c", {})
    store.put_target_state("c", TargetState.PAUSED)
    request = RestartRequest("c", only_failed=True, include_tasks=True)
    store.put_restart_request(request)
    store.put_logger_level("a.b", "DEBUG")
    other.refresh(5)
    assert [name for name, _, _ in listener.mock_calls] == [
        "on_connector_config_update",
        "on_connector_target_state_change",
        "on_restart_request",
        "on_logging_level_update",
    ]
    listener.on_restart_request.assert_called_once_with(request)
    other.stop()


def test_a_failed_write_says_what_it_was(kafka: FakeKafka, store: KafkaConfigBackingStore) -> None:
    kafka.fail("produce", KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(ConnectException, match=r"^Error writing connector configuration to Kafka$"):
        store.put_connector_config("c", {})


def test_several_partitions_are_refused(kafka: FakeKafka) -> None:
    kafka.create_topic("configs", 2, {"cleanup.policy": "compact"})
    with pytest.raises(ConfigException) as caught:
        make_store(kafka).start()
    assert str(caught.value) == (
        "Topic 'configs' supplied via the 'config.storage.topic' property is required to have a single partition in"
        " order to guarantee consistency of connector configurations, but found 2 partitions."
    )


def test_a_leader_claims_before_it_writes(kafka: FakeKafka) -> None:
    store = make_store(kafka, fenceable=True)
    store.start()
    with pytest.raises(IllegalWorkerStateException, match="without claiming write privileges first"):
        store.put_connector_config("c", {})
    store.claim_write_privileges()
    store.put_connector_config("c", {})
    assert store.contains("c")
    store.stop()


def test_a_former_leader_is_fenced_off(kafka: FakeKafka) -> None:
    old, new = make_store(kafka, fenceable=True), make_store(kafka, fenceable=True)
    for store in (old, new):
        store.start()
        store.claim_write_privileges()
    new.put_connector_config("c", {})
    with pytest.raises(PrivilegedWriteException, match="Error removing connector configuration from Kafka"):
        old.remove_connector_config("c")
    old.refresh(5)
    assert old.contains("c")
    old.claim_write_privileges()
    old.remove_connector_config("c")
    assert not old.contains("c")
    for store in (old, new):
        store.stop()


@pytest.mark.parametrize("fenceable", [False, True])
def test_more_tasks_than_the_producer_can_queue_are_written_all_the_same(kafka: FakeKafka, fenceable: bool) -> None:
    kafka.queue_limit = 3
    store = make_store(kafka, fenceable=fenceable)
    store.start()
    store.claim_write_privileges()
    store.put_connector_config("c", {})
    store.put_task_configs("c", [{"t": str(number)} for number in range(10)])
    assert len(store.snapshot().tasks("c")) == 10
    store.stop()


def test_any_worker_may_pause_a_connector(kafka: FakeKafka) -> None:
    store = make_store(kafka, fenceable=True)
    store.start()
    store.put_target_state("c", TargetState.PAUSED)
    store.refresh(5)
    assert store.snapshot().target_state("c") is TargetState.PAUSED
    store.stop()


def test_topic_settings_come_from_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    worker = WORKER | {
        "config.storage.partitions": "5",
        "config.storage.cleanup.policy": "delete",
        "config.storage.segment.bytes": "1000",
        "config.storage.replication.factor": "-1",
    }
    topic = config_topic(worker)
    assert (topic.name, topic.partitions, topic.replication_factor) == ("configs", 1, -1)
    assert topic.configs == {"segment.bytes": "1000"}
    assert "always 1" in caplog.text
    assert "always compact" in caplog.text


@pytest.mark.parametrize("value", ["0", "-2", "many"])
def test_a_bad_replication_factor_is_refused(value: str) -> None:
    with pytest.raises(ConfigException, match=r"config\.storage\.replication\.factor"):
        config_topic(WORKER | {"config.storage.replication.factor": value})


def test_a_missing_topic_is_named() -> None:
    with pytest.raises(ConfigException, match="Must specify topic for connector configuration"):
        config_topic({})
