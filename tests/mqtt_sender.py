"""Sends MQTT messages as fast as a server takes them, for tests and benchmarks: paho would be what is measured."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Self

_PAUSE_SECONDS = 0.005


def packet(first: int, body: bytes) -> bytes:
    """A packet: its first byte, its length and its body."""
    length, rest = bytearray(), len(body)
    while True:
        rest, low = divmod(rest, 128)
        length.append(low | (128 if rest else 0))
        if not rest:
            return bytes((first, *length)) + body


def publish(topic: str, payload: bytes, qos: int = 0, message_id: int = 0, **flags: bool) -> bytes:
    """A message's packet; ``retained`` and ``duplicate`` set its flags, ``properties`` gives it MQTT 5's empty ones."""
    first = 0x30 | qos << 1 | flags.get("retained", False) | flags.get("duplicate", False) << 3
    name = topic.encode()
    middle = message_id.to_bytes(2, "big") if qos else b""
    end = b"\0" if flags.get("properties") else b""
    return packet(first, len(name).to_bytes(2, "big") + name + middle + end + payload)


class Sender:
    """A client of MQTT 3.1.1 that only publishes; what the server has acknowledged is in ``acknowledged``."""

    def __init__(self, port: int, client_id: str) -> None:
        name = client_id.encode()
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(packet(0x10, b"\0\4MQTT\4\2\0\0" + len(name).to_bytes(2, "big") + name))
        assert self._socket.recv(4) == b"\x20\x02\x00\x00"
        self.sent = self.acknowledged = 0
        self._next = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Count PUBACK and PUBCOMP, answer PUBREC; all have four bytes."""
        rest = b""
        while data := self._receive():
            rest += data
            whole = len(rest) // 4 * 4
            answers = bytearray()
            for start in range(0, whole, 4):
                if rest[start] == 0x50:
                    answers += b"\x62\x02" + rest[start + 2 : start + 4]
                else:
                    self.acknowledged += 1
            rest = rest[whole:]
            if answers:
                self._socket.sendall(answers)

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except OSError:
            return b""

    def send(self, messages: Iterable[tuple[str, bytes]], qos: int, per_second: float = 0) -> None:
        """Send messages, at that rate or as fast as possible; at most 5000 of QoS 1, or 20 of QoS 2, are under way."""
        most = (0, 5000, 20)[qos]  # of QoS 2 Mosquitto takes as many as it would send
        began, packets = time.monotonic(), bytearray()
        for sent, (topic, payload) in enumerate(messages, 1):
            self._next = self._next % 65_000 + 1
            packets += publish(topic, payload, qos, self._next)
            self.sent += 1
            if len(packets) > 16_384 or (per_second and sent % 50 == 0) or qos == 2:
                self._send(packets, lambda: qos == 0 or self.sent - self.acknowledged <= most)
                packets.clear()
                ahead = sent / per_second - (time.monotonic() - began) if per_second else 0
                if ahead > 0:
                    time.sleep(ahead)
        self._send(packets, lambda: True)

    def _send(self, packets: bytearray, may: Callable[[], bool]) -> None:
        while not may():
            time.sleep(_PAUSE_SECONDS)
        self._socket.sendall(packets)

    def close(self) -> None:
        """Close the connection once the server has read what was sent."""
        self._socket.shutdown(socket.SHUT_WR)
        self._reader.join(10)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()
