"""Java client properties in librdkafka's terms."""

from __future__ import annotations

import logging

import pytest

from connect.api.errors import ConfigException
from connect.kafka import clients
from connect.kafka.security import parse_jaas
from connect.kafka.translate import Role, is_client_key, translate

SOURCE_PRODUCER = {
    "bootstrap.servers": "a:1, b:2,",
    "client.id": "p",
    "acks": "-1",
    "enable.idempotence": "false",
    "max.in.flight.requests.per.connection": "1",
    "delivery.timeout.ms": "2147483647",
    "max.block.ms": "9223372036854775807",
    "key.serializer": "x.Y",
}


def test_a_source_producer_keeps_its_guarantees() -> None:
    found = translate(Role.PRODUCER, SOURCE_PRODUCER)
    assert found.ignored == []
    wanted = {
        "bootstrap.servers": "a:1,b:2",
        "acks": "all",
        "enable.idempotence": "false",
        "max.in.flight.requests.per.connection": 1,
        "message.timeout.ms": 2147483647,
        "partitioner": "murmur2_random",
    }
    assert wanted.items() <= found.config.items()


@pytest.mark.parametrize(
    ("properties", "idempotent"),
    [
        ({}, "true"),
        ({"acks": "1"}, "false"),
        ({"max.in.flight.requests.per.connection": "6"}, "false"),
        ({"retries": "0"}, "false"),
        ({"enable.idempotence": "FALSE"}, "false"),
        ({"transactional.id": "t"}, "true"),
    ],
)
def test_idempotence_is_on_where_java_has_it_on(properties: dict[str, str], idempotent: str) -> None:
    assert translate(Role.PRODUCER, properties).config["enable.idempotence"] == idempotent


def test_sizes_and_times_get_librdkafkas_names_and_ranges() -> None:
    properties = {
        "buffer.memory": "33554432",
        "linger.ms": "9999999",
        "batch.size": "0",
        "max.request.size": "10",
        "retry.backoff.ms": "0",
        "send.buffer.bytes": "-1",
        "connections.max.idle.ms": "-1",
        "metadata.max.age.ms": "86400000",
        "request.timeout.ms": "400000",
    }
    wanted = {
        "queue.buffering.max.kbytes": 32768,
        "queue.buffering.max.ms": 900000,
        "batch.size": 1,
        "message.max.bytes": 1000,
        "retry.backoff.ms": 1,
        "socket.send.buffer.bytes": 0,
        "connections.max.idle.ms": 0,
        "topic.metadata.refresh.interval.ms": 3600000,
        "socket.timeout.ms": 300000,
    }
    assert wanted.items() <= translate(Role.PRODUCER, properties).config.items()


def test_times_of_a_transactional_producer_fit_into_its_transactions() -> None:
    config = translate(Role.PRODUCER, SOURCE_PRODUCER | {"transactional.id": "t"}).config
    assert (config["message.timeout.ms"], config["socket.timeout.ms"]) == (60000, 30000)
    config = translate(Role.PRODUCER, {"transactional.id": "t", "transaction.timeout.ms": "5000"}).config
    assert (config["message.timeout.ms"], config["socket.timeout.ms"]) == (5000, 4900)


def test_a_consumer_has_javas_defaults() -> None:
    config = translate(Role.CONSUMER, {"client.id": "c", "auto.offset.reset": "none"}).config
    wanted = {
        "isolation.level": "read_uncommitted",
        "auto.offset.reset": "error",
        "allow.auto.create.topics": "true",
        "partition.assignment.strategy": "range",
        "group.id": "c",
    }
    assert wanted.items() <= config.items()
    assert "__consumer_offsets" in config["topic.blacklist"]
    assert "topic.blacklist" not in translate(Role.CONSUMER, {"exclude.internal.topics": "false"}).config


@pytest.mark.parametrize(
    ("java", "ours"),
    [
        ("org.apache.kafka.clients.consumer.RoundRobinAssignor", "roundrobin"),
        ("org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "cooperative-sticky"),
        (
            "org.apache.kafka.clients.consumer.RangeAssignor, CooperativeStickyAssignor",
            "range",
        ),
    ],
)
def test_assignors_are_named_by_class(java: str, ours: str) -> None:
    config = translate(Role.CONSUMER, {"partition.assignment.strategy": java}).config
    assert config["partition.assignment.strategy"] == ours


@pytest.mark.parametrize(
    ("role", "key", "value"),
    [
        (Role.CONSUMER, "partition.assignment.strategy", "org.apache.kafka.clients.consumer.StickyAssignor"),
        (Role.CONSUMER, "auto.offset.reset", "by_duration:PT1H"),
        (Role.PRODUCER, "acks", "2"),
        (Role.PRODUCER, "linger.ms", "soon"),
    ],
)
def test_values_that_cannot_work_are_refused(role: Role, key: str, value: str) -> None:
    with pytest.raises(ConfigException, match=f"Invalid value {value} for configuration {key}"):
        translate(role, {key: value})


def test_a_members_poll_interval_covers_its_session() -> None:
    config = translate(Role.CONSUMER, {"session.timeout.ms": "45000", "max.poll.interval.ms": "1000"}).config
    assert config["max.poll.interval.ms"] == 45000


def test_the_new_group_protocol_has_no_assignors() -> None:
    config = translate(Role.CONSUMER, {"group.protocol": "CONSUMER"}).config
    assert config["group.protocol"] == "consumer"
    assert "partition.assignment.strategy" not in config


def test_a_compression_level_belongs_to_its_codec() -> None:
    properties = {"compression.type": "zstd", "compression.zstd.level": "7", "compression.gzip.level": "1"}
    config = translate(Role.PRODUCER, properties).config
    assert (config["compression.codec"], config["compression.level"]) == ("zstd", 7)


def test_keys_without_counterpart_are_named_once(caplog: pytest.LogCaptureFixture) -> None:
    properties = SOURCE_PRODUCER | {
        "bootstrap.servers": "127.0.0.1:1",
        "interceptor.classes": "a.B",
        "partitioner.class": "a.B",
        "metric.reporters": "",
        "ssl.engine.factory.class": "x.Y",
        "my.key": "1",
    }
    with caplog.at_level(logging.WARNING):
        clients.producer(properties).close()
    (warning,) = [record.getMessage() for record in caplog.records if record.name == clients.__name__]
    assert warning == (
        "p: these client settings have no counterpart in this worker and are ignored: interceptor.classes, my.key,"
        " partitioner.class, ssl.engine.factory.class"
    )


def test_keys_of_librdkafka_can_be_given_directly() -> None:
    config = translate(Role.PRODUCER, {"linger.ms": "1", "librdkafka.queue.buffering.max.ms": "7"}).config
    assert config["queue.buffering.max.ms"] == "7"


def test_what_librdkafka_refuses_is_a_configuration_error() -> None:
    with pytest.raises(ConfigException, match=r"compression\.codec"):
        clients.producer({"compression.type": "rar"})


@pytest.mark.parametrize("key", ["acks", "ssl.truststore.location", "sasl.jaas.config", "security.protocol"])
def test_client_keys_are_told_from_the_workers(key: str) -> None:
    assert is_client_key(key)
    assert not is_client_key("offset.storage.topic")


def test_jaas_options_may_be_quoted_or_bare() -> None:
    text = """org.x.PlainLoginModule required username="a\\"b;c" password='p = q' flag=true ;"""
    assert parse_jaas(text) == (
        "org.x.PlainLoginModule",
        {"username": 'a"b;c', "password": "p = q", "flag": "true"},
    )


def test_user_and_password_come_from_the_login_module() -> None:
    properties = {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": 'org.x.ScramLoginModule required username="u" password="p";',
        "ssl.endpoint.identification.algorithm": "",
    }
    wanted = {
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "u",
        "sasl.password": "p",
        "ssl.endpoint.identification.algorithm": "none",
    }
    found = translate(Role.ADMIN, properties)
    assert wanted.items() <= found.config.items()
    assert found.ignored == []
    clients.admin(properties)


def test_oauth_asks_the_token_endpoint() -> None:
    properties = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.token.endpoint.url": "https://id.example/token",
        "sasl.login.callback.handler.class": "org.x.OAuthBearerLoginCallbackHandler",
        "sasl.jaas.config": 'org.x.Module required clientId="i" clientSecret="s" extension_cluster="c";',
    }
    wanted = {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "https://id.example/token",
        "sasl.oauthbearer.client.id": "i",
        "sasl.oauthbearer.client.secret": "s",
        "sasl.oauthbearer.extensions": "cluster=c",
    }
    found = translate(Role.ADMIN, properties)
    assert wanted.items() <= found.config.items()
    assert found.ignored == []


def test_unsecured_tokens_are_for_tests() -> None:
    properties = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.jaas.config": 'org.x.Module required unsecuredLoginStringClaim_sub="alice";',
    }
    config = translate(Role.ADMIN, properties).config
    assert config["sasl.oauthbearer.config"] == "principalClaimName=sub principal=alice"


@pytest.mark.parametrize("mechanism", ["PLAIN", "OAUTHBEARER", "MAGIC"])
def test_a_login_that_cannot_work_is_refused(mechanism: str) -> None:
    with pytest.raises(ConfigException):
        translate(Role.ADMIN, {"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism})


def test_pem_may_stand_on_one_line() -> None:
    pem = "-----BEGIN CERTIFICATE----- AAAA BBBB -----END CERTIFICATE-----"
    properties = {"security.protocol": "SSL", "ssl.truststore.type": "PEM", "ssl.truststore.certificates": pem}
    config = translate(Role.ADMIN, properties).config
    assert config["ssl.ca.pem"] == "-----BEGIN CERTIFICATE-----\nAAAA\nBBBB\n-----END CERTIFICATE-----\n"
