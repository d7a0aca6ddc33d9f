from __future__ import annotations

from collections.abc import Mapping

import pytest

from connectors.mqtt.lenses import LensesMqttSinkConnector, LensesMqttSourceConnector
from connectors.mqtt.sink import MqttSinkConnector
from connectors.mqtt.source import ConfluentMqttSourceTask, MqttSourceConnector

# As found in public examples; host names and secrets replaced.
CORPUS = [
    {
        "mqtt.server.uri": "tcp://127.0.0.1:32790",
        "mqtt.topics": "temperature",
        "kafka.topic": "data_mqtt",
        "mqtt.qos": "2",
        "mqtt.username": "",
        "mqtt.password": "",
    },
    {
        "mqtt.server.uri": "tcp://broker:1883",
        "mqtt.topics": "owntracks/#",
        "kafka.topics": "mqtt.",
        "confluent.topic.bootstrap.servers": "kafka-1:39092",
        "confluent.topic.replication.factor": "1",
    },
]
WRONG = [
    ("mqtt.server.uri", "http://h:1"),
    ("mqtt.server.uri", ""),
    ("mqtt.topics", "a/#/b"),
    ("mqtt.qos", "3"),
    ("kafka.topic", "a/b"),
    ("mqtt.keepalive.interval.seconds", "0"),
    ("mqtt.protocol.version", "4"),
    ("mqtt.topic.mapping", "a"),
]


def errors(found: object) -> dict[str, list[str]]:
    return {value.name: value.errors for value in found if value.errors}  # type: ignore[attr-defined]


@pytest.mark.parametrize("config", CORPUS)
def test_configurations_of_the_wild_are_valid(config: Mapping[str, str]) -> None:
    assert errors(MqttSourceConnector.validate(config)) == {}
    connector = MqttSourceConnector()
    connector.start(config)
    [task] = connector.task_configs(3)
    settings = ConfluentMqttSourceTask().read_settings(task)
    assert settings.connection.client_id == ""
    assert list(settings.filters) == [config["mqtt.topics"]]
    assert settings.routes[-1].target == config.get("kafka.topic", "mqtt")


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_what_is_wrong_is_said_at_its_key(key: str, value: str) -> None:
    assert list(errors(MqttSourceConnector.validate({**CORPUS[0], key: value}))) == [key]


def test_a_persistent_session_has_the_same_id_at_every_start() -> None:
    connector = MqttSourceConnector()
    shared = {"mqtt.shared.group": "g", "mqtt.clean.session.enabled": "false", "name": "c"}
    connector.start({**CORPUS[0], **shared})
    tasks = [ConfluentMqttSourceTask().read_settings(each) for each in connector.task_configs(2)]
    assert [task.connection.client_id for task in tasks] == ["connect-c", "connect-c-1"]
    assert [list(task.filters) for task in tasks] == [["$share/g/temperature"]] * 2


def test_the_other_classes_take_their_examples() -> None:
    for each in (MqttSinkConnector, LensesMqttSourceConnector, LensesMqttSinkConnector):
        config = each.EXAMPLE["config"]
        assert isinstance(config, dict)
        assert errors(each.validate(config)) == {}
