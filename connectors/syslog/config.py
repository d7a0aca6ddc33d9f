"""The keys of ``io.confluent.connect.syslog.SyslogSourceConnector``."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from connect.api import NO_DEFAULT, ConfigDef, ConfigException, ConfigType, Importance
from connect.api.validators import CaseInsensitiveValidString, Range
from connectors.syslog.dates import Dates, zone_of
from connectors.syslog.framing import Framing
from connectors.syslog.keys import OWN, PORT, REPORT, ZONE, keys, networks_of, queueing_of
from connectors.syslog.names import HostNames
from connectors.syslog.parser import Parser
from connectors.syslog.settings import Listening, TaskSettings, TcpLimits, Transport
from connectors.syslog.tls import pem_context, self_signed_context
from connectors.syslog.values import MessageValues

_Type, _High, _Medium, _Low = ConfigType, Importance.HIGH, Importance.MEDIUM, Importance.LOW
_NO_MEANING = "Accepted for Java's sake; has no meaning here."
_EXTENSION_FIELD = "extension_field"

CONFIG: ConfigDef = (
    keys(
        "General",
        ("topic", _Type.STRING, "syslog", _High, "The topic to write to."),
        ("topic.prefix", _Type.STRING, "", _Low, "The topic's older name; counts when topic isn't set."),
        (
            "syslog.timestamp.field",
            _Type.STRING,
            "date",
            _Medium,
            "date: values have a date; timestamp: they have timestamp and receivedDate, as newer versions of Java's.",
            CaseInsensitiveValidString("date", "timestamp"),
        ),
    )
    | keys(
        "Listener",
        ("syslog.port", _Type.INT, NO_DEFAULT, _High, "The port to listen on.", PORT),
        (
            "syslog.listener",
            _Type.STRING,
            "UDP",
            _High,
            "What to listen for: UDP, TCP or TCPSSL.",
            CaseInsensitiveValidString(*(transport.value for transport in Transport)),
        ),
        (
            "syslog.listen.address",
            _Type.STRING,
            "0.0.0.0",  # noqa: S104  # as in Java
            _Medium,
            "The address to listen on; :: for all of IPv6 and IPv4.",
        ),
        ("socket.backlog.size", _Type.INT, 1000, _Low, "Connections that wait to be accepted.", Range(1)),
        (
            "socket.rcvbuf.bytes",
            _Type.INT,
            256_000,
            _Medium,
            "Receive buffer of a socket. A larger one takes larger bursts of datagrams; the system may limit it.",
            Range(1),
        ),
        ("syslog.tcp.max.frame.size", _Type.INT, 10_000, _Medium, "The longest message on TCP, in bytes.", Range(1)),
        (
            "syslog.tcp.idle.timeout.secs",
            _Type.INT,
            600,
            _Medium,
            "After how many seconds of silence a connection is closed; 0: never.",
            Range(0),
        ),
        ("syslog.max.connections", _Type.INT, 1000, _Medium, "More connections than this are refused.", Range(1)),
        (
            "syslog.use.length.as.delimiter",
            _Type.BOOLEAN,
            False,
            _Medium,
            "true: messages on TCP stand after their length, as with syslog.framing=octet-count.",
        ),
        ("syslog.reverse.dns.remote.ip", _Type.BOOLEAN, False, _Low, "Give senders' host names as remoteAddress."),
        ("syslog.reverse.dns.cache.ms", _Type.LONG, 60_000, _Low, "How long a host name stays known.", Range(0)),
    )
    | keys(
        "Queue",
        ("syslog.queue.max.size", _Type.INT, 50_000, _Low, "How many messages wait for Kafka at most.", Range(1)),
        ("syslog.queue.batch.size", _Type.INT, 1000, _Low, "How many messages one poll returns at most.", Range(1)),
        ("syslog.backoff.millis", _Type.INT, 100, _Low, "How long a poll waits for a message.", Range(10)),
        ("syslog.write.timeout.millis", _Type.INT, 60_000, _Low, _NO_MEANING + " A full queue pauses reading."),
    )
    | keys(
        "TLS",
        ("syslog.ssl.cert.chain.path", _Type.STRING, "", _Medium, "File with the certificate chain, PEM."),
        ("syslog.ssl.key.path", _Type.STRING, "", _Medium, "File with the certificate's key, PEM."),
        ("syslog.ssl.key.password", _Type.PASSWORD, "", _Medium, "Password of the key."),
        ("syslog.ssl.self.signed.certificate.enable", _Type.BOOLEAN, False, _Low, "Make a certificate at the start."),
        ("syslog.ssl.client.auth.enable", _Type.BOOLEAN, False, _Medium, "Demand a certificate of each sender."),
        (
            "syslog.ssl.root.ca.cert.chain.path",
            _Type.STRING,
            "",
            _Medium,
            "File with the certificates of those who issue senders' certificates, PEM.",
        ),
        ("syslog.ssl.provider", _Type.STRING, "OPENSSL", _Low, _NO_MEANING),
    )
    | keys(
        "Parsing",
        ("syslog.time.zone", _Type.STRING, "UTC", _Medium, "Zone of dates that don't name one.", ZONE),
        (
            "syslog.date.time.formatter.pattern",
            _Type.STRING,
            "",
            _Low,
            "A Java date pattern, in place of the built-in ones, for messages that don't follow RFC 5424.",
        ),
        (
            "cef.timestamp.mode",
            _Type.STRING,
            "header",
            _Low,
            "Where the time of a CEF event is: header, or extension_field.",
            CaseInsensitiveValidString("header", _EXTENSION_FIELD),
        ),
        ("cef.timestamp.mode.extension_field.key", _Type.STRING, "", _Low, "Key of that field, such as rt."),
    )
    | keys(
        "Accepted",
        ("netty.event.group.type", _Type.STRING, "NIO", _Low, _NO_MEANING),
        ("netty.worker.threads", _Type.INT, 16, _Low, _NO_MEANING),
        ("netty.trace.enabled", _Type.BOOLEAN, False, _Low, _NO_MEANING),
        ("netty.trace.addresses", _Type.LIST, "", _Low, _NO_MEANING),
        ("confluent.license", _Type.PASSWORD, "", _Low, _NO_MEANING),
        ("confluent.topic.bootstrap.servers", _Type.LIST, "", _Low, _NO_MEANING),
        ("confluent.topic", _Type.STRING, "_confluent-command", _Low, _NO_MEANING),
        ("confluent.topic.replication.factor", _Type.INT, 3, _Low, _NO_MEANING),
    )
    | OWN
)


def task_settings(config: Mapping[str, str], spool_name: str) -> TaskSettings:
    """What a task needs to know. Raises ConfigException."""
    settings = CONFIG.parse(config)
    topic = settings["topic"] if config.get("topic") else settings["topic.prefix"] or settings["topic"]
    dates = Dates(
        zone_of("syslog.time.zone", settings["syslog.time.zone"]), settings["syslog.date.time.formatter.pattern"]
    )
    names = (
        HostNames(settings["syslog.reverse.dns.cache.ms"] / 1000) if settings["syslog.reverse.dns.remote.ip"] else None
    )
    return TaskSettings(
        topic=topic,
        listening=_listening(settings),
        queueing=queueing_of(settings, settings["syslog.queue.max.size"], spool_name),
        batch_size=settings["syslog.queue.batch.size"],
        wait_seconds=settings["syslog.backoff.millis"] / 1000,
        dates=dates,
        parser=Parser(dates, _cef_time_key(settings)),
        values=MessageValues(timestamp_form=settings["syslog.timestamp.field"].lower() == "timestamp"),
        names=names,
        report_oversized=settings["syslog.oversize.policy"] == REPORT,
    )


def _cef_time_key(settings: Mapping[str, Any]) -> str:
    if settings["cef.timestamp.mode"].lower() != _EXTENSION_FIELD:
        return ""
    name = "cef.timestamp.mode.extension_field.key"
    key: str = settings[name]
    if not key:
        raise ConfigException(name, key, "Must be set when cef.timestamp.mode is extension_field")
    return key


def _listening(settings: Mapping[str, Any]) -> Listening:
    transport = Transport(settings["syslog.listener"].upper())
    if transport is Transport.TCPSSL:
        _check_tls(settings)
    framing = Framing(settings["syslog.framing"])
    if framing is Framing.AUTO and settings["syslog.use.length.as.delimiter"]:
        framing = Framing.OCTET_COUNT
    return Listening(
        transport,
        settings["syslog.listen.address"],
        settings["syslog.port"],
        backlog=settings["socket.backlog.size"],
        receive_buffer=settings["socket.rcvbuf.bytes"],
        share_port=settings["syslog.reuse.port"],
        framing=framing,
        limits=TcpLimits(
            settings["syslog.tcp.max.frame.size"],
            settings["syslog.tcp.idle.timeout.secs"],
            settings["syslog.max.connections"],
        ),
        networks=networks_of("syslog.allowed.networks", settings["syslog.allowed.networks"]),
        make_context=(lambda: tls_context(settings)) if transport is Transport.TCPSSL else None,
    )


def _check_tls(settings: Mapping[str, Any]) -> None:
    """Files are looked at when the task starts, which may be on another worker."""
    if not settings["syslog.ssl.self.signed.certificate.enable"]:
        for name in ("syslog.ssl.cert.chain.path", "syslog.ssl.key.path"):
            if not settings[name]:
                raise ConfigException(name, settings[name], "TCPSSL needs a certificate chain and its key")
    name = "syslog.ssl.root.ca.cert.chain.path"
    if settings["syslog.ssl.client.auth.enable"] and not settings[name]:
        raise ConfigException(name, settings[name], "Client certificates need the certificate of who issues them")


def tls_context(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """The TLS context of parsed settings. Raises ConfigException."""
    client_ca, demand = settings["syslog.ssl.root.ca.cert.chain.path"], settings["syslog.ssl.client.auth.enable"]
    chain = settings["syslog.ssl.cert.chain.path"]
    if settings["syslog.ssl.self.signed.certificate.enable"] and not chain:
        return self_signed_context(client_ca, demand_client=demand)
    password = str(settings["syslog.ssl.key.password"].value or "")
    return pem_context(chain, settings["syslog.ssl.key.path"], password, client_ca, demand_client=demand)
