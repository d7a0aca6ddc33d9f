"""What a connection, a source and a sink are told, whichever dialect of configuration says it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from connect.api import ConfigException, Password

_PORTS = {"tcp": 1883, "mqtt": 1883, "ssl": 8883, "tls": 8883, "mqtts": 8883, "ws": 80, "wss": 443}
_SECURE = {"ssl", "tls", "mqtts", "wss"}
_DEFAULT_PATH = "/mqtt"


@dataclass(frozen=True, slots=True)
class Server:
    """Where an MQTT server listens."""

    host: str
    port: int
    secure: bool = False
    path: str | None = None
    """Of the WebSocket; None for plain TCP."""

    @classmethod
    def parse(cls, key: str, uri: str) -> Server:
        """Read ``tcp://``, ``ssl://``, ``ws://`` or ``wss://host:port``. Raises ConfigException."""
        scheme, separator, _ = uri.partition("://")
        if not separator:
            scheme, uri = "tcp", f"tcp://{uri}"
        try:
            parts = urlsplit(uri)
            port = parts.port or _PORTS.get(scheme.lower(), 0)
        except ValueError as error:
            raise ConfigException(key, uri, str(error)) from error
        if scheme.lower() not in _PORTS:
            raise ConfigException(key, uri, "The URI must begin with tcp://, ssl://, ws:// or wss://")
        if not parts.hostname:
            raise ConfigException(key, uri, "The URI must name a host")
        path = (parts.path or _DEFAULT_PATH) if scheme.lower() in ("ws", "wss") else None
        return cls(parts.hostname, port, scheme.lower() in _SECURE, path)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = ("wss" if self.secure else "ws") if self.path else "ssl" if self.secure else "tcp"
        return f"{scheme}://{host}:{self.port}{self.path or ''}"


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Files of certificates and keys, each with the key that named it, for messages."""

    trust_key: str = ""
    trust_store: str = ""
    trust_password: str = ""
    identity_key: str = ""
    key_store: str = ""
    key_store_password: str = ""
    key_password: str = ""
    separate_key: str = ""
    """The file of the private key, where ``key_store`` holds the certificate alone."""
    check_host_name: bool = True


@dataclass(frozen=True, slots=True)
class Will:
    """What the server publishes for us when the connection breaks."""

    topic: str
    payload: str
    qos: int
    retained: bool


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach the server, and as whom. All times in seconds; ``retry_seconds`` below 0: without end."""

    servers: tuple[Server, ...]
    client_id: str
    clean: bool = True
    username: str = ""
    password: str = ""
    keep_alive_seconds: int = 60
    connect_seconds: float = 30
    retry_seconds: float = 30
    protocol: str = "auto"
    """``auto``, ``5`` or ``3.1.1``."""
    tls: TlsSettings = TlsSettings()
    will: Will | None = None
    receive_maximum: int = 0
    session_expiry_seconds: int = 0xFFFFFFFF


def text_of(value: Password | str | None) -> str:
    """The text of a password's or a string's key."""
    return value.value if isinstance(value, Password) else value or ""


def client_id(given: str, connector: str, task: int) -> str:
    """The same at every start: the given id, or one made of the connector's name, with the task's number from 1 on."""
    base = given or f"connect-{connector}"
    return f"{base}-{task}" if task else base
