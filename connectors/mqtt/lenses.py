"""The source and sink connectors of Lenses (Stream Reactor), whose keys hold simple KCQL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    ConfigValue,
    Key,
    Schema,
    SchemaBuilder,
    SinkConnector,
    SinkTask,
    SourceTask,
)
from connect.api.config_def import NO_DEFAULT
from connect.api.schema import STRING_SCHEMA
from connect.api.validators import CaseInsensitiveValidString, LambdaValidator
from connectors.mqtt import kcql
from connectors.mqtt.frames import Arrivals
from connectors.mqtt.keys import HIGH, LOW, MEDIUM, QOS, check_filter, parse_servers
from connectors.mqtt.settings import ConnectionSettings, TlsSettings, client_id, text_of
from connectors.mqtt.sink_task import MqttSinkTask, SinkSettings
from connectors.mqtt.source_task import MqttSourceTask, SourceSettings
from connectors.mqtt.subscriber import CONNECTOR, SHARE, TASK_FILTERS, TASK_NUMBER, MqttSubscriber
from connectors.mqtt.topics import Route, check_target
from connectors.mqtt.values import Target, target

_KCQL, _HOSTS = "connect.mqtt.kcql", "connect.mqtt.hosts"
_STRING, _INT, _BOOLEAN = ConfigType.STRING, ConfigType.INT, ConfigType.BOOLEAN
_WINDOW = 10_000
_RETRY_SECONDS = 30.0
_WHOLE_TOPIC = "$"


def _check_hosts(name: str, value: Any) -> None:
    parse_servers(name, _hosts(value))


def _hosts(value: str | None) -> list[str]:
    hosts = [each.strip() for each in (value or "").split(",") if each.strip()]
    if not hosts:
        raise ConfigException(_HOSTS, value, "At least one server URI is needed")
    return hosts


def _check_source(name: str, value: Any) -> None:
    for statement in kcql.parse(name, value or ""):
        check_filter(name, statement.source)
        if statement.target != _WHOLE_TOPIC:
            check_target(name, statement.target)
        _is_text(name, statement)


def _check_sink(name: str, value: Any) -> None:
    for statement in kcql.parse(name, value or ""):
        _sink_target(name, statement)


def _is_text(name: str, statement: kcql.Statement) -> bool:
    """Whether a converter makes text; only those that don't look into the payload are known."""
    short = statement.converter.rpartition(".")[2]
    if short not in ("", "BytesConverter", "StringConverter"):
        raise ConfigException(name, statement.converter, "Only BytesConverter and StringConverter are known here")
    return short == "StringConverter"


SHARED_KEYS = (
    Key(_HOSTS, _STRING, NO_DEFAULT, "Servers, tried in order, with commas.", HIGH, LambdaValidator(_check_hosts, "")),
    Key("connect.mqtt.username", _STRING, None, "The user.", HIGH),
    Key("connect.mqtt.password", ConfigType.PASSWORD, None, "The user's password.", HIGH),
    Key("connect.mqtt.service.quality", _INT, NO_DEFAULT, "The QoS of subscriptions or messages.", MEDIUM, QOS),
    Key("connect.mqtt.timeout", _INT, 3000, "How long one attempt to connect may take, in ms.", LOW),
    Key("connect.mqtt.clean", _BOOLEAN, True, "false: the server keeps the session while the task is away.", LOW),
    Key("connect.mqtt.keep.alive", _INT, 5000, "The server hears of us at least so often, in ms.", LOW),
    Key("connect.mqtt.client.id", _STRING, None, "The client id of the first task; others add -1, -2, …", LOW),
    Key("connect.mqtt.ssl.ca.cert", _STRING, None, "File with the authorities to trust (PEM).", MEDIUM),
    Key("connect.mqtt.ssl.cert", _STRING, None, "File with own certificate (PEM).", MEDIUM),
    Key("connect.mqtt.ssl.key", _STRING, None, "File with own private key (PEM).", MEDIUM),
    Key("connect.progress.enabled", _BOOLEAN, False, "Accepted; see the task's metrics.", MEDIUM),
    Key("connect.mqtt.converter.throw.on.error", _BOOLEAN, False, "Accepted.", HIGH),
    Key("connect.converter.avro.schemas", _STRING, "", "Accepted.", HIGH),
)
_SOURCE_CONFIG = ConfigDef(
    *SHARED_KEYS,
    Key(
        _KCQL,
        _STRING,
        NO_DEFAULT,
        "INSERT INTO topic SELECT * FROM filter [WITHCONVERTER=class]; several with semicolons. The topic $ is the "
        "MQTT topic with _ for /.",
        HIGH,
        LambdaValidator(_check_source, "KCQL"),
    ),
    Key("connect.mqtt.polling.timeout", _INT, 1000, "How long a poll waits for a message, in ms.", LOW),
    Key("connect.mqtt.share.replicate", _BOOLEAN, False, "Accepted: all tasks take part in shared ones.", LOW),
    Key("connect.mqtt.log.message", _BOOLEAN, False, "Accepted.", MEDIUM),
    Key("connect.mqtt.process.duplicates", _BOOLEAN, False, "Accepted: no message is ever dropped for its flag.", LOW),
)
_SINK_CONFIG = ConfigDef(
    *SHARED_KEYS,
    Key(
        _KCQL,
        _STRING,
        NO_DEFAULT,
        "INSERT INTO mqtt/topic SELECT * FROM topic [WITHTARGET=field]; the target _key is the record's key, _topic "
        "the Kafka topic.",
        HIGH,
        LambdaValidator(_check_sink, "KCQL"),
    ),
    Key("connect.mqtt.retained.messages", _BOOLEAN, False, "Whether the server keeps the last message.", MEDIUM),
    Key(
        "connect.mqtt.error.policy",
        _STRING,
        "THROW",
        "Accepted; errors.tolerance says what becomes of bad records.",
        HIGH,
        CaseInsensitiveValidString("NOOP", "THROW", "RETRY"),
    ),
    Key("connect.mqtt.retry.interval", _INT, 60_000, "Accepted.", MEDIUM),
    Key("connect.mqtt.max.retries", _INT, 20, "Accepted.", MEDIUM),
)


def _connection(values: Mapping[str, Any], name: str, **more: Any) -> ConnectionSettings:
    tls = TlsSettings(
        trust_key="connect.mqtt.ssl.ca.cert",
        trust_store=values["connect.mqtt.ssl.ca.cert"] or "",
        identity_key="connect.mqtt.ssl.cert",
        key_store=values["connect.mqtt.ssl.cert"] or "",
        separate_key=values["connect.mqtt.ssl.key"] or "",
    )
    return ConnectionSettings(
        servers=parse_servers(_HOSTS, _hosts(values[_HOSTS])),
        client_id=name,
        username=values["connect.mqtt.username"] or "",
        password=text_of(values["connect.mqtt.password"]),
        keep_alive_seconds=max(1, values["connect.mqtt.keep.alive"] // 1000),
        connect_seconds=max(0.1, values["connect.mqtt.timeout"] / 1000),
        retry_seconds=_RETRY_SECONDS,
        tls=tls,
        **more,
    )


class LensesMqttSourceConnector(MqttSubscriber):
    """Subscribes to MQTT topics as KCQL says; every message becomes a record whose key is a Struct of topic and id.

    Messages of QoS 1 and 2 are acknowledged to the server only when Kafka has their records. Of the converters those
    that leave the payload as it is are known: BytesConverter (the default) and StringConverter.
    """

    CONFIG = _SOURCE_CONFIG
    EXAMPLE = {
        "name": "temperatures",
        "config": {
            _HOSTS: "tcp://localhost:1883",
            _KCQL: "INSERT INTO temperatures SELECT * FROM `sensors/+/temperature`",
            "connect.mqtt.service.quality": "1",
            "connect.mqtt.client.id": "temperatures",
            "connect.mqtt.clean": "false",
        },
    }

    def start(self, config: Mapping[str, str]) -> None:
        values = _SOURCE_CONFIG.parse(config)
        self.config = dict(config)
        self.filters = list(dict.fromkeys(each.source for each in kcql.parse(_KCQL, values[_KCQL])))

    def task_class(self) -> type[SourceTask]:
        return LensesMqttSourceTask


class LensesMqttSourceTask(MqttSourceTask):
    """Reads the task's settings out of Lenses' keys."""

    KEY_SCHEMA: Schema = (
        SchemaBuilder.struct()
        .name("io.lenses.streamreactor.common.converters.MsgKey")
        .field("topic", STRING_SCHEMA)
        .field("id", STRING_SCHEMA)
        .build()
    )

    def keys(self, arrivals: Arrivals) -> list[Any]:
        return list(zip(arrivals.topics, map(str, arrivals.ids), strict=True))

    def read_settings(self, config: Mapping[str, str]) -> SourceSettings:
        values = _SOURCE_CONFIG.parse(config)
        statements = kcql.parse(_KCQL, values[_KCQL])
        given, clean = values["connect.mqtt.client.id"] or "", values["connect.mqtt.clean"]
        name = client_id(given, config.get(CONNECTOR, "mqtt"), int(config[TASK_NUMBER])) if given or not clean else ""
        kinds = {_is_text(_KCQL, statement) for statement in statements}
        if len(kinds) > 1:
            raise ConfigException(_KCQL, values[_KCQL], "All statements must have the same kind of converter")
        return SourceSettings(
            connection=_connection(values, name, clean=clean, receive_maximum=_WINDOW),
            filters=dict.fromkeys(config[TASK_FILTERS].split("\n"), values["connect.mqtt.service.quality"]),
            routes=[_route(statement) for statement in statements],
            idle_seconds=max(0.001, values["connect.mqtt.polling.timeout"] / 1000),
            most_outstanding=_WINDOW,
            text=kinds == {True},
            headers=False,
        )


def _route(statement: kcql.Statement) -> Route:
    pattern = statement.source
    if pattern.startswith(SHARE):
        pattern = pattern.split("/", 2)[2]
    return Route(pattern, statement.target)


class LensesMqttSinkConnector(SinkConnector):
    """Publishes every record as an MQTT message to the topic that KCQL says: a constant, a field, the key or the topic.

    Bytes and text are published as they are, everything else as JSON. Offsets are committed when the server has
    confirmed the messages.
    """

    CONFIG = _SINK_CONFIG
    EXAMPLE = {
        "name": "commands",
        "config": {
            "topics": "commands",
            _HOSTS: "tcp://localhost:1883",
            _KCQL: "INSERT INTO `devices/all` SELECT * FROM commands",
            "connect.mqtt.service.quality": "1",
        },
    }

    def start(self, config: Mapping[str, str]) -> None:
        _SINK_CONFIG.parse(config)
        self._config = dict(config)

    def task_class(self) -> type[SinkTask]:
        return LensesMqttSinkTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [{**self._config, TASK_NUMBER: str(number)} for number in range(max_tasks)]

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        return _SINK_CONFIG.validate(config)


class LensesMqttSinkTask(MqttSinkTask):
    """Reads the task's settings out of Lenses' keys."""

    def read_settings(self, config: Mapping[str, str]) -> SinkSettings:
        values = _SINK_CONFIG.parse(config)
        given = values["connect.mqtt.client.id"]
        name = client_id(given, "", int(config[TASK_NUMBER])) if given else f"connect-{uuid.uuid4()}"
        return SinkSettings(
            connection=_connection(values, name),
            targets={each.source: _sink_target(_KCQL, each) for each in kcql.parse(_KCQL, values[_KCQL])},
            qos=values["connect.mqtt.service.quality"],
            retained=values["connect.mqtt.retained.messages"],
            json=True,
        )


def _sink_target(name: str, statement: kcql.Statement) -> Target:
    if statement.field:
        return target(name, f"${{value.{statement.field}}}")
    return target(name, {"_key": "${key}", "_topic": "${topic}"}.get(statement.target, statement.target))
