"""MqttSourceConnector with Confluent's keys."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    Key,
    SourceTask,
)
from connect.api.config_def import NO_DEFAULT
from connect.api.validators import LambdaValidator, Range, ValidString
from connectors.mqtt.keys import (
    CONNECTION_KEYS,
    FILTERS,
    HIGH,
    LOW,
    MEDIUM,
    MOST_OUTSTANDING,
    OWN_KEYS,
    QOS,
    TLS_KEYS,
    connection_settings,
)
from connectors.mqtt.settings import client_id
from connectors.mqtt.source_task import MqttSourceTask, SourceSettings
from connectors.mqtt.subscriber import CONNECTOR, SHARE, TASK_FILTERS, TASK_NUMBER, MqttSubscriber
from connectors.mqtt.topics import Route, check_target

log = logging.getLogger(__name__)

_STRING, _INT, _LIST = ConfigType.STRING, ConfigType.INT, ConfigType.LIST


def _check_routes(name: str, value: Any) -> None:
    for text in value or ():
        Route.parse(name, text)


def _check_group(name: str, value: Any) -> None:
    if any(char in (value or "") for char in "/+#"):
        raise ConfigException(name, value, "The name of a group has no /, + or #")


CONFIG = ConfigDef(
    *CONNECTION_KEYS,
    Key("mqtt.topics", _LIST, NO_DEFAULT, "What to subscribe to: topic filters with + and #.", HIGH, FILTERS),
    Key(
        "kafka.topic",
        _STRING,
        "mqtt",
        "The Kafka topic for all messages. May contain ${topic}, the MQTT topic with _ for / and whatever else Kafka "
        "doesn't allow, and ${1}, ${2}, …: its levels.",
        HIGH,
        LambdaValidator(check_target, "a Kafka topic, perhaps with ${topic} or ${1}"),
    ),
    Key("mqtt.qos", _INT, 0, "The QoS of the subscriptions.", HIGH, QOS),
    Key(
        "mqtt.clean.session.enabled",
        ConfigType.BOOLEAN,
        True,
        "false: the server keeps subscriptions and messages of QoS 1 and 2 while the task is away; the client id is "
        "then the same at every start.",
        HIGH,
    ),
    *TLS_KEYS,
    Key(
        "records.buffer.queue.size",
        _INT,
        50_000,
        "Accepted; what waits for Kafka is limited by mqtt.receive.maximum and by the producer's buffer.",
        LOW,
        Range(1),
    ),
    Key("records.buffer.queue.max.batch.size", _INT, 4096, "Records in one batch at most.", LOW, Range(1)),
    Key("records.buffer.queue.empty.timeout", _INT, 100, "How long a poll waits for a message, in ms.", LOW, Range(1)),
    Key(
        "records.buffer.queue.full.timeout",
        _INT,
        60_000,
        "Accepted; there is no queue that could be full: the network is read no faster than Kafka takes records.",
        LOW,
        Range(1),
    ),
    *OWN_KEYS,
    Key(
        "mqtt.topic.mapping",
        _LIST,
        [],
        "Other Kafka topics for some messages: filter=topic, …; the first that matches counts. Placeholders as in "
        "kafka.topic.",
        MEDIUM,
        LambdaValidator(_check_routes, "filter=topic, …"),
    ),
    Key(
        "mqtt.payload.format",
        _STRING,
        "bytes",
        "bytes, or string: the payload as UTF-8 text.",
        MEDIUM,
        ValidString("bytes", "string"),
    ),
    Key(
        "mqtt.retained.messages",
        _STRING,
        "all",
        "Messages that the server had kept: all (again after every connect with a clean session), new (only with a "
        "subscription that the server didn't know; MQTT 5), or none.",
        MEDIUM,
        ValidString("all", "new", "none"),
    ),
    Key(
        "mqtt.shared.group",
        _STRING,
        "",
        "With a name all tasks share every filter as the subscription $share/<name>/<filter>, and the server divides "
        "the messages among them. Unset: the filters are divided among the tasks.",
        MEDIUM,
        LambdaValidator(_check_group, "a name without /, + and #"),
    ),
    Key(
        "mqtt.receive.maximum",
        _INT,
        10_000,
        "How many messages of QoS 1 and 2 may be on their way to Kafka. MQTT 5 tells the server; with 3.1.1 it has a "
        "limit of its own (Mosquitto's max_inflight_messages: 20).",
        MEDIUM,
        Range(1, MOST_OUTSTANDING),
    ),
    Key(
        "mqtt.session.expiry.seconds",
        ConfigType.LONG,
        0xFFFFFFFF,
        "How long the server keeps a session that isn't clean (MQTT 5).",
        LOW,
        Range(0, 0xFFFFFFFF),
    ),
)


class MqttSourceConnector(MqttSubscriber):
    """Subscribes to MQTT topics; every message becomes a record with the MQTT topic as its key.

    Messages of QoS 1 and 2 are acknowledged to the server only when Kafka has their records, so that with
    ``mqtt.clean.session.enabled=false`` none is lost, and some may come twice. Values are the payload's bytes.
    """

    CONFIG = CONFIG
    EXAMPLE = {
        "name": "temperatures",
        "config": {
            "mqtt.server.uri": "tcp://localhost:1883",
            "mqtt.topics": "sensors/+/temperature",
            "mqtt.qos": "1",
            "mqtt.clean.session.enabled": "false",
            "kafka.topic": "temperatures",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter",
        },
    }

    def start(self, config: Mapping[str, str]) -> None:
        self.config = dict(config)
        values = CONFIG.parse(config)
        if "kafka.topics" in config and "kafka.topic" not in config:
            log.warning(
                "The key is named kafka.topic, without s: all records go to the topic %s", values["kafka.topic"]
            )
        self.filters = values["mqtt.topics"]
        group = values["mqtt.shared.group"]
        if group:
            self.filters = [name if name.startswith(SHARE) else f"{SHARE}{group}/{name}" for name in self.filters]

    def task_class(self) -> type[SourceTask]:
        return ConfluentMqttSourceTask


class ConfluentMqttSourceTask(MqttSourceTask):
    """Reads the task's settings out of Confluent's keys."""

    JAVA_CLASS = "io.confluent.connect.mqtt.MqttSourceTask"

    def read_settings(self, config: Mapping[str, str]) -> SourceSettings:
        values = CONFIG.parse(config)
        number, clean = int(config[TASK_NUMBER]), values["mqtt.clean.session.enabled"]
        given = values["mqtt.client.id"]
        most = values["mqtt.receive.maximum"]
        connection = connection_settings(
            values,
            "" if clean and not given else client_id(given, config.get(CONNECTOR, "mqtt"), number),
            clean=clean,
            receive_maximum=most,
            session_expiry_seconds=values["mqtt.session.expiry.seconds"],
        )
        routes = [Route.parse("mqtt.topic.mapping", text) for text in values["mqtt.topic.mapping"]]
        return SourceSettings(
            connection=connection,
            filters=dict.fromkeys(config[TASK_FILTERS].split("\n"), values["mqtt.qos"]),
            routes=[*routes, Route("#", values["kafka.topic"])],
            batch_size=values["records.buffer.queue.max.batch.size"],
            idle_seconds=values["records.buffer.queue.empty.timeout"] / 1000,
            most_outstanding=most,
            retained=values["mqtt.retained.messages"],
            text=values["mqtt.payload.format"] == "string",
        )
