"""Where the REST server listens, and under which address others reach it."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from connect.api import ConfigException

DEFAULT = "http://:8083"
_LISTENER = re.compile(r"^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)")


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen on; an empty host means all interfaces."""

    scheme: str
    host: str
    port: int

    def bind(self) -> socket.socket:
        """A socket that listens there. Raises ConfigException that says what to do when the port is taken."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            return socket.create_server((self.host, self.port), family=family, backlog=128)
        except OSError as error:
            raise ConfigException(
                f"Can't listen on {self.scheme}://{self.host}:{self.port}: {error.strerror}. "
                "Stop what uses the port, or choose another one with 'listeners'."
            ) from None


@dataclass(frozen=True, slots=True)
class BoundListener:
    """A listener whose socket is open; nothing is answered before the server starts."""

    listener: Listener
    socket: socket.socket

    @property
    def port(self) -> int:
        """The port that it got."""
        return int(self.socket.getsockname()[1])


def parse_listeners(text: str, key: str = "listeners") -> list[Listener]:
    """The listeners of a comma-separated list of URLs. Raises ConfigException."""
    listeners = []
    for part in text.split(","):
        match = _LISTENER.match(part.strip())
        if match is None:
            raise ConfigException(key, text, "Listener doesn't have the right format (protocol://hostname:port).")
        scheme, host, port = match.groups()
        if scheme.lower() not in ("http", "https"):
            raise ConfigException(key, text, 'Listener protocol must be either "http" or "https".')
        listeners.append(Listener(scheme.lower(), host, int(port)))
    return listeners


@dataclass(frozen=True, slots=True)
class Listeners:
    """The open sockets of a worker. ``admin`` is None when the admin resources are served with the others."""

    main: tuple[BoundListener, ...]
    admin: tuple[BoundListener, ...] | None

    @classmethod
    def open(cls, properties: Mapping[str, str]) -> Listeners:
        """Open all. Raises ConfigException."""
        main = parse_listeners(properties.get("listeners", DEFAULT))
        admin_text = properties.get("admin.listeners")
        admin = None if admin_text is None else parse_listeners(admin_text, "admin.listeners") if admin_text else []
        opened = [BoundListener(listener, listener.bind()) for listener in main]
        if admin is None:
            return cls(tuple(opened), None)
        already = {bound.listener: bound for bound in opened if bound.listener.port != 0}
        return cls(
            tuple(opened),
            tuple(already.get(listener) or BoundListener(listener, listener.bind()) for listener in admin),
        )

    def advertised(self, properties: Mapping[str, str]) -> tuple[str, str, int]:
        """Scheme, host and port under which other workers reach this one; host and port are the worker's id."""
        scheme = (properties.get("rest.advertised.listener") or self._usual_scheme()).lower()
        bound = next((each for each in self.main if each.listener.scheme == scheme), self.main[0])
        host = properties.get("rest.advertised.host.name") or bound.listener.host or socket.gethostname()
        return scheme, host, int(properties.get("rest.advertised.port") or bound.port)

    def _usual_scheme(self) -> str:
        schemes = {bound.listener.scheme for bound in self.main}
        return "http" if "http" in schemes else "https"
