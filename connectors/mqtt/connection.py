"""One connection to an MQTT server, from CONNECT to its end."""

from __future__ import annotations

import select
import time
from collections.abc import Mapping
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from connectors.mqtt.frames import PINGREQ, Arrivals, FrameReader
from connectors.mqtt.settings import ConnectionSettings, Server
from connectors.mqtt.tap import Tap, TappedClient
from connectors.mqtt.tls import tls_context

_UNSUPPORTED_VERSION = 132
_FIRST_FAILURE = 128
_SILENCE = 1.5
"""So many keep-alive intervals without a byte from the server mean that the connection is lost."""


class ConnectFailure(OSError):
    """The server refused the connection or a subscription."""


class VersionRefused(ConnectFailure):
    """The server doesn't speak MQTT 5."""


def prepare(client: Client, settings: ConnectionSettings, server: Server) -> None:
    """Give a paho client what it needs besides protocol and client id. Raises ConfigException."""
    client.connect_timeout = settings.connect_seconds
    if settings.username:
        client.username_pw_set(settings.username, settings.password or None)
    if server.secure:
        client.tls_set_context(tls_context(settings.tls))
    if server.path is not None:
        client.ws_set_options(server.path)
    will = settings.will
    if will is not None:
        client.will_set(will.topic, will.payload, will.qos, will.retained)


def client_arguments(settings: ConnectionSettings, server: Server, version: MQTTProtocolVersion) -> dict[str, Any]:
    """What paho's constructor takes."""
    return {
        "callback_api_version": CallbackAPIVersion.VERSION2,
        "client_id": settings.client_id,
        "clean_session": None if version == MQTTv5 else settings.clean,
        "protocol": version,
        "transport": "tcp" if server.path is None else "websockets",
        "reconnect_on_failure": False,
    }


def connect_arguments(settings: ConnectionSettings, server: Server, version: MQTTProtocolVersion) -> dict[str, Any]:
    """What paho's ``connect`` takes."""
    arguments: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "keepalive": settings.keep_alive_seconds,
    }
    if version != MQTTv5:
        return arguments
    properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    if not settings.clean:
        properties.SessionExpiryInterval = settings.session_expiry_seconds
    if settings.receive_maximum:
        properties.ReceiveMaximum = settings.receive_maximum
    return {**arguments, "clean_start": settings.clean, "properties": properties}


class Connection:
    """Connected and subscribed once the constructor returns; only for one thread at a time.

    ``session_present``: the server remembers this client, and sends again what was not acknowledged.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        server: Server,
        version: MQTTProtocolVersion,
        filters: Mapping[str, int],
        retain_handling: int,
    ) -> None:
        """Filters with the QoS of each. Raises OSError, VersionRefused, ConfigException."""
        self.session_present = False
        self._settings = settings
        self._filters = filters
        self._keep_alive: float = settings.keep_alive_seconds
        self._connected: ReasonCode | None = None
        self._granted: list[ReasonCode] | None = None
        self._waiting = Arrivals()
        arguments = client_arguments(settings, server, version)
        self._client = TappedClient(lambda: FrameReader(has_properties=version == MQTTv5), **arguments)
        prepare(self._client, settings, server)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        try:
            self._client.connect(**connect_arguments(settings, server, version))
            self._await_connack()
            if filters:
                self._subscribe(version, retain_handling)
        except BaseException:
            self.abandon()
            raise

    # What paho tells

    def _on_connect(self, _client: Client, _data: Any, flags: ConnectFlags, code: ReasonCode, more: Any) -> None:
        self._connected = code
        self.session_present = flags.session_present
        self._keep_alive = getattr(more, "ServerKeepAlive", self._keep_alive)

    def _on_subscribe(self, _client: Client, _data: Any, _id: int, codes: list[ReasonCode], _more: Any) -> None:
        self._granted = codes

    # The beginning

    def _await_connack(self) -> None:
        deadline = time.monotonic() + self._settings.connect_seconds
        while self._connected is None:
            self._step(deadline, "no CONNACK")
        code = self._connected
        if code.value == _UNSUPPORTED_VERSION:
            raise VersionRefused(f"the server refused the connection: {code}")
        if code.is_failure:
            raise ConnectFailure(f"the server refused the connection: {code}")

    def _subscribe(self, version: MQTTProtocolVersion, retain_handling: int) -> None:
        wanted: Any = list(self._filters.items())
        if version == MQTTv5:
            wanted = [
                (name, SubscribeOptions(qos=qos, retainHandling=0 if name.startswith("$share/") else retain_handling))
                for name, qos in self._filters.items()
            ]
        self._client.subscribe(wanted)
        deadline = time.monotonic() + self._settings.connect_seconds
        while self._granted is None:
            self._step(deadline, "no SUBACK")
        for name, code in zip(self._filters, self._granted, strict=False):
            if code.value >= _FIRST_FAILURE:
                raise ConnectFailure(f"the server refused the subscription to {name}: {code}")

    @property
    def lower_grants(self) -> list[tuple[str, int]]:
        """Filters for which the server grants a lower QoS than wanted, with that QoS."""
        pairs = zip(self._filters.items(), self._granted or (), strict=False)
        return [(name, code.value) for (name, wanted), code in pairs if code.value < wanted]

    def _step(self, deadline: float, missing: str) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{missing} within {self._settings.connect_seconds:g} s")
        arrivals = self._read(left)
        for mine, more in (
            (self._waiting.topics, arrivals.topics),
            (self._waiting.payloads, arrivals.payloads),
            (self._waiting.flags, arrivals.flags),
            (self._waiting.ids, arrivals.ids),
            (self._waiting.releases, arrivals.releases),
        ):
            mine.extend(more)  # type: ignore[arg-type]

    # The life

    def receive(self, seconds: float) -> Arrivals:
        """The next messages, waiting so long for the first. Raises OSError when the connection is lost."""
        if self._waiting or self._waiting.releases:
            waiting, self._waiting = self._waiting, Arrivals()
            return waiting
        arrivals = self._read(seconds)
        self.keep_alive()
        silence = time.monotonic() - self._tap.received_at
        if self._keep_alive and silence > self._keep_alive * _SILENCE:
            raise TimeoutError(f"nothing came from the server for {silence:.0f} s")
        return arrivals

    def _read(self, seconds: float) -> Arrivals:
        tap = self._tap
        if not tap.has_more:
            poller = select.poll()
            poller.register(tap.fileno(), select.POLLIN | (select.POLLOUT if tap.wants_to_send else 0))
            poller.poll(seconds * 1000)
        tap.flush()
        arrivals = tap.pull()
        while tap.has_packets:
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._connected is not None and self._connected.is_failure:
                    break  # paho closes the connection after a refusal, which says more than that
                raise ConnectionResetError("the server ended the connection")
        return arrivals

    @property
    def _tap(self) -> Tap:
        assert self._client.tap is not None
        return self._client.tap

    def send(self, packets: bytes) -> None:
        """Send packets, now or when the network takes them. Raises OSError."""
        self._tap.send(packets)

    def keep_alive(self) -> None:
        """Tell the server that we live, when it is time. Raises OSError."""
        if self._keep_alive and time.monotonic() - self._tap.sent_at > self._keep_alive / 2:
            self._tap.send(PINGREQ)

    def close(self) -> None:
        """Say goodbye; a will is then not published."""
        self._client.disconnect()
        self.abandon()

    def abandon(self) -> None:
        """Close the socket without a word."""
        if self._client.tap is not None:
            self._client.tap.close()


VERSIONS = {"5": MQTTv5, "3.1.1": MQTTv311}
