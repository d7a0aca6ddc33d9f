"""Where the REST server listens, and under which address others reach it."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from connect.api import ConfigException

_LISTENER = re.compile(r"^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)")


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen on; an empty host means all interfaces."""

    scheme: str
    host: str
    port: int


def parse_listeners(properties: Mapping[str, str]) -> list[Listener]:
    """The worker's ``listeners``. Raises ConfigException."""
    text = properties.get("listeners", "http://:8083")
    listeners = []
    for part in text.split(","):
        match = _LISTENER.match(part.strip())
        if match is None:
            raise ConfigException(
                "listeners", text, "Listener doesn't have the right format (protocol://hostname:port)."
            )
        scheme, host, port = match.groups()
        if scheme.lower() not in ("http", "https"):
            raise ConfigException("listeners", text, 'Listener protocol must be either "http" or "https".')
        listeners.append(Listener(scheme.lower(), host, int(port)))
    return listeners


def bind(listener: Listener) -> socket.socket:
    """A socket that listens there. Raises ConfigException that says what to do when the port is taken."""
    host = listener.host or None
    try:
        return socket.create_server(
            (host or "", listener.port), family=socket.AF_INET6 if host and ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        raise ConfigException(
            f"Can't listen on {listener.scheme}://{listener.host}:{listener.port}: {error.strerror}. "
            "Stop what uses the port, or choose another one with 'listeners'."
        ) from None


def advertised_address(properties: Mapping[str, str], listener: Listener, port: int) -> tuple[str, int]:
    """Host and port under which other workers reach this one: its id in the cluster."""
    host = properties.get("rest.advertised.host.name") or listener.host or socket.gethostname()
    return host, int(properties.get("rest.advertised.port") or port)
