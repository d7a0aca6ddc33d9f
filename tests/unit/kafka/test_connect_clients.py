"""The settings of each client, derived as Kafka Connect derives them."""

from __future__ import annotations

import pytest

from connect.kafka.connect_clients import ConnectClients
from connect.runtime.ids import ConnectorTaskId

WORKER = {
    "bootstrap.servers": "k:1",
    "group.id": "g",
    "offset.storage.topic": "offsets",
    "key.converter": "x.Y",
    "retry.backoff.ms": "7",
    "producer.linger.ms": "3",
    "producer.acks": "1",
    "consumer.max.poll.records": "9",
    "admin.request.timeout.ms": "5",
}
TASK = ConnectorTaskId("c", 2)


@pytest.fixture
def clients() -> ConnectClients:
    return ConnectClients(WORKER, "g")


def test_a_source_producer_takes_defaults_then_worker_then_connector(clients: ConnectClients) -> None:
    found = clients.source_producer(TASK, {"producer.override.linger.ms": "4", "producer.override.client.id": "mine"})
    wanted = {
        "bootstrap.servers": "k:1",
        "client.id": "mine",
        "acks": "1",
        "linger.ms": "4",
        "enable.idempotence": "false",
        "max.in.flight.requests.per.connection": "1",
        "delivery.timeout.ms": "2147483647",
        "max.block.ms": "9223372036854775807",
    }
    assert wanted.items() <= found.items()
    assert "retry.backoff.ms" not in found


def test_a_sink_consumer_is_in_its_connectors_group(clients: ConnectClients) -> None:
    found = clients.sink_consumer(TASK, {})
    wanted = {
        "bootstrap.servers": "k:1",
        "client.id": "connector-consumer-c-2",
        "group.id": "connect-c",
        "enable.auto.commit": "false",
        "auto.offset.reset": "earliest",
        "max.poll.records": "9",
    }
    assert wanted.items() <= found.items()
    assert clients.sink_group_id("c", {"consumer.override.group.id": "own"}) == "own"


def test_an_exactly_once_producer_is_transactional_whatever_is_configured(
    clients: ConnectClients, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"producer.override.transactional.id": "mine", "producer.override.enable.idempotence": "no"}
    found = clients.exactly_once_producer(TASK, config)
    assert (found["transactional.id"], found["enable.idempotence"]) == ("g-c-2", "true")
    assert "transactional.id=mine is replaced with g-c-2" in caplog.text
    assert "enable.idempotence=no is replaced with true" in caplog.text


def test_clients_are_named_after_their_owner(clients: ConnectClients) -> None:
    ids = [
        clients.source_producer(TASK, {}),
        clients.dead_letter_producer(TASK, {}),
        clients.dead_letter_admin({}),
        clients.task_admin(TASK, {}),
        clients.connector_admin("c", {}),
        clients.offsets_producer("c", {}),
        clients.offsets_consumer("c", {}),
        clients.offsets_consumer("c", {}, TASK),
        clients.shared_admin(),
        clients.topic_producer("configs"),
        clients.topic_consumer("statuses"),
        clients.config_leader_producer(),
    ]
    assert [each["client.id"] for each in ids] == [
        "connector-producer-c-2",
        "connector-dlq-producer-c-2",
        "connector-dlq-adminclient-",
        "connector-adminclient-c-2",
        "connector-worker-adminclient-c",
        "connector-offset-producer-c",
        "connector-consumer-c",
        "connector-consumer-c-2",
        "g-shared-admin",
        "g-configs",
        "g-statuses",
        "g-configs-leader",
    ]


def test_the_workers_client_id_is_part_of_its_own_clients_names() -> None:
    assert ConnectClients({"client.id": "w"}, "g").shared_admin()["client.id"] == "g-w-shared-admin"
    assert ConnectClients({}).shared_admin()["client.id"] == "connect-shared-admin"


def test_an_admin_client_takes_the_workers_client_settings_and_no_others(clients: ConnectClients) -> None:
    found = clients.task_admin(TASK, {"admin.override.retry.backoff.ms": "8"})
    assert (found["retry.backoff.ms"], found["request.timeout.ms"]) == ("8", "5")
    assert not {"key.converter", "offset.storage.topic", "producer.acks"} & found.keys()


@pytest.mark.parametrize("kind", ["configs", "offsets"])
def test_internal_topics_are_written_safely(clients: ConnectClients, kind: str) -> None:
    found = clients.topic_producer(kind)
    wanted = {
        "acks": "all",
        "enable.idempotence": "false",
        "max.in.flight.requests.per.connection": "1",
        "delivery.timeout.ms": "2147483647",
        "retry.backoff.ms": "7",
        "linger.ms": "0",
    }
    assert wanted.items() <= found.items()


def test_the_status_store_retries_by_itself(clients: ConnectClients) -> None:
    found = clients.topic_producer("statuses")
    assert found["retries"] == "0"
    assert "delivery.timeout.ms" not in found


def test_the_leader_writes_transactions(clients: ConnectClients) -> None:
    found = clients.config_leader_producer()
    wanted = {"transactional.id": "connect-cluster-g", "enable.idempotence": "true", "acks": "all"}
    assert wanted.items() <= found.items()


def test_only_committed_records_are_read_when_exactly_once_is_on() -> None:
    clients = ConnectClients(WORKER, "g", exactly_once=True)
    assert clients.topic_consumer("configs")["isolation.level"] == "read_committed"
    assert clients.topic_consumer("offsets")["isolation.level"] == "read_committed"
    assert "isolation.level" not in clients.topic_consumer("statuses")
    override = {"consumer.override.isolation.level": "read_uncommitted"}
    assert clients.offsets_consumer("c", override)["isolation.level"] == "read_committed"


def test_a_connectors_offsets_are_read_committed_by_default(clients: ConnectClients) -> None:
    assert clients.offsets_consumer("c", {})["isolation.level"] == "read_committed"
    override = {"consumer.override.isolation.level": "read_uncommitted"}
    assert clients.offsets_consumer("c", override)["isolation.level"] == "read_uncommitted"
