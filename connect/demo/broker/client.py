"""The little that the demo itself asks a broker: is it there, and how many records does a topic hold."""

from __future__ import annotations

import socket
import struct

from connect.demo.broker.log import LATEST
from connect.demo.broker.messages import BY_NAME, REQUEST_HEADER, RESPONSE_HEADER
from connect.demo.broker.wire import Message, Reader

_SIZE = struct.Struct(">i")


class BrokerClient:
    """One connection. Every call is one request and its answer; raises OSError when the broker is away."""

    def __init__(self, host: str, port: int, timeout: float = 5.0) -> None:
        self._socket = socket.create_connection((host, port), timeout)
        self._correlation = 0

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> BrokerClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, name: str, version: int, request: Message) -> Message:
        api = BY_NAME[name]
        self._correlation += 1
        header = {
            "api_key": api.key,
            "api_version": version,
            "correlation_id": self._correlation,
            "client_id": "connect-demo",
        }
        frame = REQUEST_HEADER.encode(header, 0) + api.request.encode(request, version)
        self._socket.sendall(_SIZE.pack(len(frame)) + frame)
        (size,) = _SIZE.unpack(self._receive(_SIZE.size))
        reader = Reader(self._receive(size))
        RESPONSE_HEADER.read(reader, 0)
        return api.response.read(reader, version)

    def _receive(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the broker closed the connection")
            data += piece
        return bytes(data)

    def topics(self) -> dict[str, int]:
        """The topics there are, with their number of partitions."""
        answer = self.ask("metadata", 4, {"topics": None, "allow_auto_topic_creation": False})
        return {topic["name"]: len(topic["partitions"]) for topic in answer["topics"]}

    def record_count(self, topic: str) -> int:
        """The records of a topic, over all partitions; 0 when there is no such topic."""
        wanted = [{"index": index, "timestamp": LATEST} for index in range(self.topics().get(topic, 0))]
        request = {"replica_id": -1, "topics": [{"name": topic, "partitions": wanted}]}
        answer = self.ask("list_offsets", 1, request)
        return sum(max(p["offset"], 0) for t in answer["topics"] for p in t["partitions"])
