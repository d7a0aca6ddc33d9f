"""The keys of the community plugin's three connectors."""

from __future__ import annotations

import codecs
import ssl
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connect.api import NO_DEFAULT, ConfigDef, ConfigException, ConfigType, Importance
from connect.api.validators import LambdaValidator, NonEmptyString, Range
from connectors.syslog.community_values import SyslogValues
from connectors.syslog.dates import Dates, zone_of
from connectors.syslog.framing import Framing
from connectors.syslog.keys import OWN, PORT, REPORT, ZONE, keys, networks_of, queueing_of
from connectors.syslog.names import HostNames
from connectors.syslog.parser import Parser
from connectors.syslog.settings import Listening, TaskSettings, TcpLimits, Transport
from connectors.syslog.tls import StoreKeys, store_context

_Type, _High, _Medium, _Low = ConfigType, Importance.HIGH, Importance.MEDIUM, Importance.LOW
_LONGEST_MESSAGE, _MANY = 64 << 10, 10_000
_BLOCK, _REJECT = 0, 1


def _check_charset(name: str, value: Any) -> None:
    try:
        codecs.lookup(value)
    except LookupError as error:
        raise ConfigException(name, value, "Unknown charset") from error


COMMON: ConfigDef = (
    keys(
        "General",
        ("kafka.topic", _Type.STRING, NO_DEFAULT, _High, "The topic to write to."),
        ("syslog.port", _Type.INT, NO_DEFAULT, _High, "The port to listen on.", PORT),
        ("syslog.host", _Type.STRING, "", _High, "The address to listen on; all of IPv6 and IPv4 when empty."),
        (
            "syslog.charset",
            _Type.STRING,
            "UTF-8",
            _Low,
            "The charset of messages.",
            LambdaValidator(_check_charset, "a charset"),
        ),
        (
            "syslog.structured.data",
            _Type.BOOLEAN,
            False,
            _Low,
            "Accepted for Java's sake: whether a message follows RFC 5424 is told message by message.",
        ),
        ("syslog.time.zone", _Type.STRING, "UTC", _Low, "Zone of dates that don't name one.", ZONE),
        ("syslog.reverse.dns.remote.ip", _Type.BOOLEAN, False, _Low, "Give senders' host names as hostname."),
        ("syslog.reverse.dns.cache.ms", _Type.LONG, 60_000, _Low, "How long a host name stays known.", Range(0)),
        ("batch.size", _Type.INT, 5000, _Low, "How many messages one poll returns at most.", Range(1)),
        ("backoff.ms", _Type.INT, 100, _Low, "How long a poll waits for a message.", Range(10)),
        ("socket.rcvbuf.bytes", _Type.INT, 256_000, _Low, "Receive buffer of a socket.", Range(1)),
    )
    | OWN
)

TCP: ConfigDef = COMMON | keys(
    "TCP",
    ("syslog.backlog", _Type.INT, 50, _Low, "Connections that wait to be accepted.", Range(1)),
    ("syslog.timeout", _Type.INT, 0, _Low, "After how many ms of silence a connection is closed; 0: never.", Range(0)),
    ("syslog.max.active.sockets", _Type.INT, 0, _Low, "Most connections at a time; 0: 10000.", Range(0)),
    (
        "syslog.max.active.sockets.behavior",
        _Type.INT,
        _BLOCK,
        _Low,
        "What happens to more of them: 0, they wait; 1, they are closed.",
        Range(_BLOCK, _REJECT),
    ),
    ("syslog.max.message.size", _Type.INT, _LONGEST_MESSAGE, _Low, "The longest message, in bytes.", Range(1)),
)

SSL_TCP: ConfigDef = TCP | keys(
    "TLS",
    (
        "syslog.keystore",
        _Type.STRING,
        NO_DEFAULT,
        _High,
        "File with certificate and key (PKCS12 or PEM).",
        NonEmptyString(),
    ),
    ("syslog.keystore.password", _Type.PASSWORD, "", _High, "Its password."),
    (
        "syslog.truststore",
        _Type.STRING,
        "",
        _High,
        "File with the certificates of those who issue senders' certificates (JKS, PKCS12 or PEM); demands them.",
    ),
    ("syslog.truststore.password", _Type.PASSWORD, "", _High, "Its password."),
)


def task_settings(transport: Transport, definition: ConfigDef, config: Mapping[str, str], spool: str) -> TaskSettings:
    """What a task needs to know. Raises ConfigException."""
    settings = definition.parse(config)
    dates = Dates(zone_of("syslog.time.zone", settings["syslog.time.zone"]))
    resolve = settings["syslog.reverse.dns.remote.ip"]
    return TaskSettings(
        topic=settings["kafka.topic"],
        listening=_listening(transport, settings),
        queueing=queueing_of(settings, max(50_000, 2 * settings["batch.size"]), spool),
        batch_size=settings["batch.size"],
        wait_seconds=settings["backoff.ms"] / 1000,
        dates=dates,
        parser=Parser(dates),
        values=SyslogValues(settings["syslog.charset"], host_names=resolve),
        names=HostNames(settings["syslog.reverse.dns.cache.ms"] / 1000) if resolve else None,
        report_oversized=settings["syslog.oversize.policy"] == REPORT,
        charset=settings["syslog.charset"],
    )


def _listening(transport: Transport, settings: Mapping[str, Any]) -> Listening:
    listening = Listening(
        transport,
        settings["syslog.host"],
        settings["syslog.port"],
        receive_buffer=settings["socket.rcvbuf.bytes"],
        share_port=settings["syslog.reuse.port"],
        framing=Framing(settings["syslog.framing"]),
        networks=networks_of("syslog.allowed.networks", settings["syslog.allowed.networks"]),
    )
    if transport is Transport.UDP:
        return listening
    limits = TcpLimits(
        settings["syslog.max.message.size"],
        settings["syslog.timeout"] / 1000,
        settings["syslog.max.active.sockets"] or _MANY,
        settings["syslog.max.active.sockets.behavior"] == _REJECT,
    )
    make_context = (lambda: tls_context(settings)) if transport is Transport.TCPSSL else None
    return replace(listening, backlog=settings["syslog.backlog"], limits=limits, make_context=make_context)


def tls_context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """The TLS context of parsed settings. Raises ConfigException."""
    stores = (
        StoreKeys(name, settings[name], str(settings[f"{name}.password"].value or ""))
        for name in ("syslog.keystore", "syslog.truststore")
    )
    return store_context(*stores)
