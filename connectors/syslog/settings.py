"""What the network side of a source needs to know, whichever of the two families of settings it came from."""

from __future__ import annotations

import enum
import ipaddress
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from connect.api import Schema
from connectors.syslog.arrivals import Arrivals
from connectors.syslog.dates import Dates
from connectors.syslog.framing import Framing
from connectors.syslog.message import Message
from connectors.syslog.names import HostNames
from connectors.syslog.parser import Parser

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Transport(enum.Enum):
    """What is listened for."""

    UDP = "UDP"
    TCP = "TCP"
    TCPSSL = "TCPSSL"


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """Bounds on what senders may take. Seconds of 0: no bound."""

    longest_message: int = 10_000
    idle_seconds: float = 600
    connections: int = 1000
    refuse_more: bool = True
    """Whether connections beyond the limit are closed; else they wait until others have ended."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A listener. ``make_context`` gives the TLS context; it raises ConfigException."""

    transport: Transport
    address: str
    port: int
    backlog: int = 1000
    receive_buffer: int = 256_000
    share_port: bool = False
    framing: Framing = Framing.AUTO
    limits: TcpLimits = field(default_factory=TcpLimits)
    networks: tuple[Network, ...] = ()
    make_context: Callable[[], ssl.SSLContext] | None = None

    def allows(self, address: str) -> bool:
        """Whether that address may send."""
        if not self.networks:
            return True
        found = ipaddress.ip_address(address.partition("%")[0])
        return any(found.version == network.version and found in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Queueing:
    """How much waits for Kafka: in memory, or on disk where there is a folder."""

    messages: int = 50_000
    memory: int = 32 << 20
    spool: Path | None = None
    spool_bytes: int = 1 << 30


class Values(Protocol):
    """Makes keys and values out of messages."""

    key_schema: Schema
    value_schema: Schema

    def keys(self, messages: Sequence[Message], arrivals: Arrivals) -> list[Any]:
        """One per message."""

    def rows(self, messages: Sequence[Message], arrivals: Arrivals, millis: Sequence[int]) -> list[Any]:
        """One per message, at those times."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """All that a task needs to know."""

    topic: str
    listening: Listening
    queueing: Queueing
    batch_size: int
    wait_seconds: float
    dates: Dates
    parser: Parser
    values: Values
    names: HostNames | None
    report_oversized: bool
    charset: str = "UTF-8"
