"""A worker joins its group and moves records with each kind of login, on a broker that asks for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation, ResourceType

from tests.integration.cluster.group_of_workers import WorkerGroup, create, read_topic, states
from tests.integration.cluster.secured import NEW_TOPIC, SecuredBroker, expect_lines, jaas, prefixed, secured_broker
from tests.waiting import wait_until

TOPIC, GROUP, CLUSTER = ResourceType.TOPIC, ResourceType.GROUP, ResourceType.BROKER
TRANSACTION = ResourceType.TRANSACTIONAL_ID
READ, WRITE, CREATE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.CREATE, AclOperation.DESCRIBE


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("tls")) as broker:
        yield broker


@pytest.mark.parametrize(
    ("login", "keystore", "truststore"),
    [
        ("NONE", "", "PKCS12"),
        ("MUTUAL", "PEM", "JKS"),
        ("MUTUAL", "PKCS12", "PEM"),
        ("MUTUAL", "JKS", "PKCS12"),
        ("PLAIN", "", "PEM"),
        ("SCRAM-SHA-256", "", ""),
        ("SCRAM-SHA-512", "", ""),
        ("OAUTHBEARER", "", ""),
    ],
)
def test_a_worker_joins_and_works(
    secured: SecuredBroker, tmp_path: Path, login: str, keystore: str, truststore: str
) -> None:
    expect_lines(secured, tmp_path, secured.settings(login, keystore=keystore, truststore=truststore))


def test_each_role_has_a_login_of_its_own(secured: SecuredBroker, tmp_path: Path) -> None:
    """Nobody but the worker itself may do more than its role needs: topics are made by ``admin.``, offsets and records
    written by ``producer.`` in transactions, read by ``consumer.``; one connector writes as somebody else."""
    roles = {
        **prefixed("producer.", secured.settings("PLAIN", user="producer", truststore="JKS")),
        **prefixed("consumer.", secured.settings("SCRAM-SHA-256", user="consumer")),
        **prefixed("admin.", secured.settings("OAUTHBEARER", user="admin")),
    }
    settings = secured.settings("MUTUAL", keystore="JKS", truststore="JKS")
    properties = {**settings, **roles, "exactly.once.source.support": "enabled"}
    with WorkerGroup(settings["bootstrap.servers"], tmp_path, properties) as group:
        _allow_roles(secured, group)
        worker = group.add()
        lines = group.source("lines", **NEW_TOPIC, **{"offsets.storage.topic": f"{group.prefix}-offsets"})
        lines.write(3)
        override = {"producer.override.sasl.jaas.config": jaas("PLAIN", "other")}
        secured.allow("other", TOPIC, f"{group.prefix}-special", WRITE, DESCRIBE)
        secured.allow("other", TOPIC, group.properties["offset.storage.topic"], WRITE, DESCRIBE)
        secured.allow("other", TRANSACTION, group.properties["group.id"], WRITE, DESCRIBE)
        special = group.source("special", **NEW_TOPIC, **override)
        special.write(2)
        plain = secured.plain_address
        wait_until(lambda: worker.get("/connectors/lines/offsets")["offsets"])
        _write(plain, lines.topic, b"no JSON")
        sink = tmp_path / "sink.txt"
        create(worker, "sink", _sink_config(lines.topic, sink, f"{group.prefix}-refused"))
        group.bootstrap_servers = plain
        wait_until(lambda: group.numbers(special) == special.once)
        wait_until(lambda: sink.exists() and Counter(map(int, sink.read_text().split())) == lines.once)
        wait_until(lambda: read_topic(plain, f"{group.prefix}-refused") == [b"no JSON"])
        assert [states(worker, name) for name in ("lines", "special", "sink")] == [["RUNNING", "RUNNING"]] * 3


def _allow_roles(secured: SecuredBroker, group: WorkerGroup) -> None:
    cluster, offsets = group.properties["group.id"], group.properties["offset.storage.topic"]
    for name in ("lines", "offsets", "refused"):
        secured.allow("producer", TOPIC, f"{group.prefix}-{name}", WRITE, DESCRIBE)
    secured.allow("producer", TRANSACTION, cluster, WRITE, DESCRIBE)
    secured.allow("producer", TOPIC, offsets, WRITE, DESCRIBE)
    secured.allow("consumer", TOPIC, group.prefix, READ, DESCRIBE)
    secured.allow("consumer", TOPIC, offsets, READ, DESCRIBE)
    secured.allow("consumer", GROUP, "connect-sink", READ)
    secured.allow("admin", TOPIC, group.prefix, CREATE, DESCRIBE, AclOperation.DESCRIBE_CONFIGS)
    secured.allow("admin", TRANSACTION, cluster, WRITE, DESCRIBE)


def _sink_config(topic: str, file: Path, refused: str) -> dict[str, str]:
    return {
        "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "topics": topic,
        "file": str(file),
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": refused,
        "errors.deadletterqueue.topic.replication.factor": "1",
    }


def _write(bootstrap_servers: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers})
    producer.produce(topic, value)
    assert producer.flush(30) == 0
