"""MqttSinkConnector with Confluent's keys."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from connect.api import ConfigDef, ConfigType, ConfigValue, Key, SinkConnector, SinkTask
from connect.api.validators import LambdaValidator
from connectors.mqtt.keys import CONNECTION_KEYS, HIGH, LOW, MEDIUM, OWN_KEYS, QOS, TLS_KEYS, connection_settings
from connectors.mqtt.settings import client_id
from connectors.mqtt.sink_task import MqttSinkTask, SinkSettings
from connectors.mqtt.subscriber import TASK_NUMBER
from connectors.mqtt.values import target


def _check_target(name: str, value: Any) -> None:
    target(name, value or "")


CONFIG = ConfigDef(
    *CONNECTION_KEYS,
    Key("mqtt.qos", ConfigType.INT, 0, "The QoS of the messages.", HIGH, QOS),
    Key(
        "mqtt.retained.enabled",
        ConfigType.BOOLEAN,
        True,
        "Whether the server keeps the last message of each topic for new subscribers.",
        MEDIUM,
    ),
    Key(
        "mqtt.publish.timeout.ms",
        ConfigType.LONG,
        30_000,
        "How long to wait for the server's confirmation before the task fails; 0 or -1: for ever.",
        LOW,
    ),
    *TLS_KEYS,
    *OWN_KEYS,
    Key(
        "mqtt.topic",
        ConfigType.STRING,
        "${topic}",
        "The MQTT topic; ${topic} is the Kafka topic, ${key} the record's key, ${key.name} and ${value.name} are "
        "fields of key and value (dots lead into nested ones).",
        HIGH,
        LambdaValidator(_check_target, "a topic, perhaps with ${topic}, ${key}, ${value.name}"),
    ),
)


class MqttSinkConnector(SinkConnector):
    """Publishes every record's value as an MQTT message, to the topic named like the Kafka topic or as configured.

    Values must be bytes or text; a null is an empty message, which clears a retained one. Offsets are committed when
    the server has confirmed the messages: each record is published at least once (QoS 1 and 2).
    """

    CONFIG = CONFIG
    EXAMPLE = {
        "name": "commands",
        "config": {
            "topics": "commands",
            "mqtt.server.uri": "tcp://localhost:1883",
            "mqtt.qos": "1",
            "mqtt.retained.enabled": "false",
            "mqtt.topic": "devices/${key}/commands",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        },
    }

    def start(self, config: Mapping[str, str]) -> None:
        CONFIG.parse(config)
        self._config = dict(config)

    def task_class(self) -> type[SinkTask]:
        return ConfluentMqttSinkTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [{**self._config, TASK_NUMBER: str(number)} for number in range(max_tasks)]

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        return CONFIG.validate(config)


class ConfluentMqttSinkTask(MqttSinkTask):
    """Reads the task's settings out of Confluent's keys."""

    JAVA_CLASS = "io.confluent.connect.mqtt.MqttSinkTask"

    def read_settings(self, config: Mapping[str, str]) -> SinkSettings:
        values = CONFIG.parse(config)
        given, milliseconds = values["mqtt.client.id"], values["mqtt.publish.timeout.ms"]
        name = client_id(given, "", int(config[TASK_NUMBER])) if given else f"connect-{uuid.uuid4()}"
        return SinkSettings(
            connection=connection_settings(values, name),
            targets={"": target("mqtt.topic", values["mqtt.topic"])},
            qos=values["mqtt.qos"],
            retained=values["mqtt.retained.enabled"],
            publish_seconds=milliseconds / 1000 if milliseconds > 0 else None,
        )
