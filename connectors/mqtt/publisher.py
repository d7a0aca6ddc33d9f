"""Publishes messages and knows when the server has them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from connect.api import ConnectException
from connectors.mqtt.connection import VERSIONS, client_arguments, connect_arguments, prepare
from connectors.mqtt.settings import ConnectionSettings, Server

log = logging.getLogger(__name__)

_MOST_UNDER_WAY = 10_000
_AT_ONCE = 100
_RETRY_SECONDS = 0.5
_REFUSED_VERSION = 132


class Publisher:
    """One client of paho's with its own thread, which connects again by itself and sends again what was not confirmed.

    All methods are called by the task's thread.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._client: Client | None = None
        self._waiting: deque[MQTTMessageInfo] = deque()
        self._answered = threading.Event()
        self._pausing = threading.Event()  # never set: a way to sleep
        self._code: ReasonCode | None = None
        self._refusal = ""
        self._version = VERSIONS["5" if settings.protocol == "auto" else settings.protocol]

    def connect(self) -> None:
        """Connect to the first server that answers. Raises ConnectException after ``retry_seconds``."""
        most, began = self._settings.retry_seconds, time.monotonic()
        while not any(self._try(server) for server in self._settings.servers):
            if 0 <= most <= time.monotonic() - began:
                raise ConnectException(f"Could not connect to the MQTT server within {most:g} s: {self._refusal}")
            self._pausing.wait(_RETRY_SECONDS)

    def _try(self, server: Server) -> bool:
        client = Client(**client_arguments(self._settings, server, self._version) | {"reconnect_on_failure": True})
        prepare(client, self._settings, server)
        client.max_inflight_messages_set(_AT_ONCE)
        client.reconnect_delay_set(1, 10)
        client.on_connect = self._on_connect
        self._answered.clear()
        self._code = None
        try:
            client.connect(**connect_arguments(self._settings, server, self._version))
        except OSError as error:
            self._refusal = str(error)
            log.warning("Could not connect to %s: %s", server, error)
            return False
        client.loop_start()
        self._answered.wait(self._settings.connect_seconds)
        if self._code is not None and not self._code.is_failure:
            log.info("Connected to %s", server)
            self._client = client
            return True
        client.loop_stop()
        client.disconnect()
        if self._code is not None and self._code.value == _REFUSED_VERSION and self._settings.protocol == "auto":
            self._version = VERSIONS["3.1.1"]
        self._refusal = "no answer" if self._code is None else str(self._code)
        log.warning("%s refused the connection: %s", server, self._refusal)
        return False

    def _on_connect(self, _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _more: Any) -> None:
        self._code = code
        self._answered.set()

    def publish(self, topic: str, payload: bytes, qos: int, retained: bool, seconds: float | None) -> None:
        """Send a message, waiting so long while too many are under way. Raises ConnectException, ValueError."""
        assert self._client is not None
        if len(self._waiting) >= _MOST_UNDER_WAY:
            self.wait(seconds, left=_MOST_UNDER_WAY // 2)
        deadline = None if seconds is None else time.monotonic() + seconds
        message = self._client.publish(topic, payload, qos, retained)
        while message.rc == MQTTErrorCode.MQTT_ERR_NO_CONN and not qos:
            if deadline is not None and time.monotonic() > deadline:
                raise ConnectException(f"There was no connection to the MQTT server for {seconds:g} s")
            self._pausing.wait(_RETRY_SECONDS / 10)
            message = self._client.publish(topic, payload, qos, retained)
        message.rc = MQTTErrorCode.MQTT_ERR_SUCCESS  # without a connection, paho keeps QoS 1 and 2 for the next one
        self._waiting.append(message)

    def wait(self, seconds: float | None, left: int = 0) -> None:
        """Wait until the server has all messages but ``left``. Raises ConnectException after so many seconds."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while len(self._waiting) > left:
            first = self._waiting[0]
            try:
                first.wait_for_publish(None if deadline is None else max(0.001, deadline - time.monotonic()))
                confirmed = first.is_published()
            except RuntimeError as error:  # QoS 0, on its way when the connection broke
                log.warning("A message of QoS 0 was lost: %s", error)
                confirmed = True
            if not confirmed:
                raise ConnectException(
                    f"The MQTT server did not confirm {len(self._waiting)} messages within {seconds:g} s"
                )
            self._waiting.popleft()

    def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None
