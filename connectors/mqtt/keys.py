"""The keys of the Confluent dialect that source and sink share, those that Java doesn't have, and checks on values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import NO_DEFAULT, ConfigException, ConfigType, Importance, Key
from connect.api.validators import LambdaValidator, Range, ValidString
from connectors.mqtt.settings import ConnectionSettings, Server, TlsSettings, Will, text_of

_STRING, _INT, _LONG, _BOOLEAN = ConfigType.STRING, ConfigType.INT, ConfigType.LONG, ConfigType.BOOLEAN
_LIST, _PASSWORD = ConfigType.LIST, ConfigType.PASSWORD
HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW
QOS = Range(0, 2)
PROTOCOLS = ("auto", "5", "3.1.1")
MOST_OUTSTANDING = 65_535
_LONGEST_TOPIC = 65_535


def check_filter(name: str, text: str) -> None:
    """Raise ConfigException unless the text is an MQTT topic filter."""
    levels = text.split("/")
    if not text or len(text.encode()) > _LONGEST_TOPIC or "\0" in text:
        raise ConfigException(name, text, "A topic filter has 1 to 65535 bytes and no NUL")
    if "#" in "/".join(levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        raise ConfigException(name, text, "# may only be the whole last level of a topic filter")
    if any("+" in level and level != "+" for level in levels):
        raise ConfigException(name, text, "+ must be a whole level of a topic filter")
    if levels[0] == "$share" and (len(levels) < 3 or not levels[1] or not "/".join(levels[2:])):
        raise ConfigException(name, text, "A shared subscription is written $share/<group>/<filter>")


def _check_filters(name: str, value: Any) -> None:
    if not value:
        raise ConfigException(name, value, "At least one topic filter is needed")
    for text in value:
        check_filter(name, text)


def _check_servers(name: str, value: Any) -> None:
    if not value:
        raise ConfigException(name, value, "At least one server URI is needed")
    for uri in value:
        Server.parse(name, uri)


def _check_topic_name(name: str, value: Any) -> None:
    if value and re.search(r"[+#\0]", value):
        raise ConfigException(name, value, "A topic that is published to has no wildcards")


FILTERS = LambdaValidator(_check_filters, "topic filters, with + and #")
SERVERS = LambdaValidator(_check_servers, "tcp://, ssl://, ws:// or wss://host:port")
TOPIC_NAME = LambdaValidator(_check_topic_name, "a topic without wildcards")

CONNECTION_KEYS = (
    Key(
        "mqtt.server.uri",
        _LIST,
        NO_DEFAULT,
        "Servers, tried in order: tcp://, ssl://, ws:// or wss://host:port.",
        HIGH,
        SERVERS,
    ),
    Key("mqtt.username", _STRING, "", "The user, where the server asks for one.", HIGH),
    Key("mqtt.password", _PASSWORD, "", "The user's password.", HIGH),
    Key("mqtt.connect.timeout.seconds", _INT, 30, "How long one attempt to connect may take.", LOW, Range(1)),
    Key(
        "mqtt.keepalive.interval.seconds",
        _INT,
        60,
        "The server hears of us at least so often; after one and a half times as long without a word from it, the "
        "connection counts as lost.",
        LOW,
        Range(1),
    ),
    Key(
        "max.retry.time.ms",
        _LONG,
        30_000,
        "How long to try to connect, at the start and after a connection was lost, before the task fails; "
        "-1: without end.",
        LOW,
        Range(-1),
    ),
)

TLS_KEYS = (
    Key(
        "mqtt.ssl.trust.store.path",
        _STRING,
        "",
        "File with the authorities to trust (PEM, JKS or PKCS12); unset: the system's.",
        MEDIUM,
    ),
    Key("mqtt.ssl.trust.store.password", _PASSWORD, "", "Password of that file.", MEDIUM),
    Key(
        "mqtt.ssl.key.store.path",
        _STRING,
        "",
        "File with own certificate and key (PEM or PKCS12), where the server asks for one.",
        MEDIUM,
    ),
    Key("mqtt.ssl.key.store.password", _PASSWORD, "", "Password of that file.", MEDIUM),
    Key("mqtt.ssl.key.password", _PASSWORD, "", "Password of the private key.", MEDIUM),
    Key(
        "mqtt.ssl.endpoint.identification.algorithm",
        _STRING,
        "https",
        "https: the certificate must be made out to the server's host name; empty: it needn't.",
        LOW,
        ValidString("https", ""),
    ),
)

OWN_KEYS = (
    Key(
        "mqtt.client.id",
        _STRING,
        "",
        "The client id of the first task; further tasks add -1, -2, … Unset: random for a clean session, otherwise "
        "connect- and the connector's name.",
        MEDIUM,
    ),
    Key(
        "mqtt.protocol.version",
        _STRING,
        "auto",
        "5, 3.1.1, or auto: 5, and 3.1.1 where the server refuses that.",
        LOW,
        ValidString(*PROTOCOLS),
    ),
    Key("mqtt.will.topic", _STRING, "", "Where the server announces that the task is gone.", LOW, TOPIC_NAME),
    Key("mqtt.will.payload", _STRING, "", "What it then says.", LOW),
    Key("mqtt.will.qos", _INT, 0, "QoS of that message.", LOW, QOS),
    Key("mqtt.will.retained", _BOOLEAN, False, "Whether the server keeps that message.", LOW),
)


def connection_settings(values: Mapping[str, Any], client_id: str, **more: Any) -> ConnectionSettings:
    """The connection that parsed values of these keys describe. Raises ConfigException."""
    retry = values["max.retry.time.ms"]
    will = values["mqtt.will.topic"]
    return ConnectionSettings(
        servers=parse_servers("mqtt.server.uri", values["mqtt.server.uri"]),
        client_id=client_id,
        username=values["mqtt.username"],
        password=text_of(values["mqtt.password"]),
        keep_alive_seconds=values["mqtt.keepalive.interval.seconds"],
        connect_seconds=values["mqtt.connect.timeout.seconds"],
        retry_seconds=-1 if retry < 0 else retry / 1000,
        protocol=values["mqtt.protocol.version"],
        tls=_tls_settings(values),
        will=Will(will, values["mqtt.will.payload"], values["mqtt.will.qos"], values["mqtt.will.retained"])
        if will
        else None,
        **more,
    )


def parse_servers(key: str, uris: Sequence[str]) -> tuple[Server, ...]:
    """All servers of a list. Raises ConfigException."""
    return tuple(Server.parse(key, uri) for uri in uris)


def _tls_settings(values: Mapping[str, Any]) -> TlsSettings:
    return TlsSettings(
        trust_key="mqtt.ssl.trust.store.path",
        trust_store=values["mqtt.ssl.trust.store.path"],
        trust_password=text_of(values["mqtt.ssl.trust.store.password"]),
        identity_key="mqtt.ssl.key.store.path",
        key_store=values["mqtt.ssl.key.store.path"],
        key_store_password=text_of(values["mqtt.ssl.key.store.password"]),
        key_password=text_of(values["mqtt.ssl.key.password"]),
        check_host_name=values["mqtt.ssl.endpoint.identification.algorithm"] == "https",
    )
