"""The keys that both families of syslog connectors have here, beyond what the original ones know."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key
from connect.api.validators import LambdaValidator, Range, ValidString
from connectors.syslog.dates import zone_of
from connectors.syslog.framing import Framing
from connectors.syslog.settings import Network, Queueing

_Type, _High, _Medium, _Low = ConfigType, Importance.HIGH, Importance.MEDIUM, Importance.LOW

TRUNCATE, REPORT = "truncate", "report"


def keys(group: str, *rows: tuple[Any, ...]) -> ConfigDef:
    """A definition from rows of ``(name, type, default, importance, documentation[, validator])``."""
    return ConfigDef(
        *(
            Key(name, kind, default, doc, importance, rest[0] if rest else None, group=group)
            for name, kind, default, importance, doc, *rest in rows
        )
    )


def networks_of(name: str, texts: list[str]) -> tuple[Network, ...]:
    """Networks or single addresses. Raises ConfigException."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError as error:
            raise ConfigException(name, text, "Must be an address or a network such as 10.0.0.0/8") from error
    return tuple(found)


def _is_folder(name: str, value: Any) -> None:
    if value and not Path(value).is_absolute():
        raise ConfigException(name, value, "Must be an absolute path")


def _check_networks(name: str, value: Any) -> None:
    networks_of(name, value or [])


def _check_zone(name: str, value: Any) -> None:
    zone_of(name, value)


PORT = Range(1, 65535)
ZONE = LambdaValidator(_check_zone, "a time zone")
_NETWORKS = LambdaValidator(_check_networks, "addresses or networks")
_FOLDER = LambdaValidator(_is_folder, "an absolute path")

OWN = keys(
    "Here only",
    (
        "syslog.framing",
        _Type.STRING,
        Framing.AUTO.value,
        _Medium,
        (
            "Where a message ends on TCP: octet-count (its length stands before it), lf (a line break), nul, or auto, "
            "which looks at the first bytes of each connection."
        ),
        ValidString(*(framing.value for framing in Framing)),
    ),
    (
        "syslog.oversize.policy",
        _Type.STRING,
        TRUNCATE,
        _Medium,
        (
            "What becomes of a TCP message that is too long: truncate keeps its beginning; report hands its beginning "
            "to the error handling, where errors.tolerance decides between failure, log and dead letter queue."
        ),
        ValidString(TRUNCATE, REPORT),
    ),
    (
        "syslog.allowed.networks",
        _Type.LIST,
        "",
        _Medium,
        "Addresses and networks that may send; everybody when empty.",
        _NETWORKS,
    ),
    (
        "syslog.queue.max.bytes",
        _Type.LONG,
        32 << 20,
        _Medium,
        "How many bytes of messages wait in memory for Kafka at most, before reading from the network pauses.",
        Range(1),
    ),
    (
        "syslog.reuse.port",
        _Type.BOOLEAN,
        False,
        _Medium,
        (
            "Start tasks.max tasks that share the port where they run on the same worker (SO_REUSEPORT); the kernel "
            "spreads senders over them. Otherwise there is one task."
        ),
    ),
    (
        "syslog.spool.directory",
        _Type.STRING,
        "",
        _Medium,
        (
            "A local folder in which messages are kept until Kafka has them. They then survive an outage of Kafka, a "
            "stop and a crash of the task; empty: they wait in memory only."
        ),
        _FOLDER,
    ),
    (
        "syslog.spool.max.bytes",
        _Type.LONG,
        1 << 30,
        _Medium,
        "How large the spool of a task becomes before reading from the network pauses.",
        Range(1 << 20),
    ),
)


def queueing_of(settings: Mapping[str, Any], messages: int, spool_name: str) -> Queueing:
    """The parsed keys about what waits for Kafka."""
    folder = settings["syslog.spool.directory"]
    return Queueing(
        messages=messages,
        memory=settings["syslog.queue.max.bytes"],
        spool=Path(folder) / spool_name if folder else None,
        spool_bytes=settings["syslog.spool.max.bytes"],
    )
