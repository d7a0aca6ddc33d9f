"""A search server that only answers: every bulk request is fine, nothing is kept but the number of documents.

Each line pair of a bulk body counts as one; ``GET /_benchmark/count`` tells how many there were so far.

Run as a process of its own, so that a benchmark sees the connector alone: ``python -m benchmarks.bulk_endpoint PORT``.
"""

from __future__ import annotations

import asyncio
import sys

_ROOT = b'{"version":{"number":"8.19.0"},"tagline":"You Know, for Search"}'
_BULK = b'{"took":1,"errors":false,"items":[]}'
_MAPPED = b'{"index":{"mappings":{"properties":{}}}}'


_COUNT_PATH = b"/_benchmark/count"
_lines_seen = 0


class Endpoint(asyncio.Protocol):
    """Reads requests and answers them; a body is skipped, not kept."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = bytearray()
        self._body_left = 0
        self._answer = b""

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if self._body_left:
            taken = min(self._body_left, len(data))
            _count_lines(data[:taken])
            self._body_left -= taken
            data = data[taken:]
            if self._body_left:
                return
            self._send()
        if data:
            self._head += data
            self._read_head()

    def _read_head(self) -> None:
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return
        head, rest = bytes(self._head[:end]), bytes(self._head[end + 4 :])
        self._head.clear()
        method, path = head.split(b" ", 2)[:2]
        self._answer = _BULK if path.startswith(b"/_bulk") else _MAPPED if b"_mapping" in path else _ROOT
        if path == _COUNT_PATH:
            self._answer = b"%d" % (_lines_seen // 2)
        if method == b"HEAD":
            self._answer = b""
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        self._body_left = int(lengths[0].split(b":")[1]) if lengths else 0
        if not self._body_left:
            self._send()
        if rest:
            self.data_received(rest)

    def _send(self) -> None:
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(self._answer)
        self._transport.write(head + self._answer)


def _count_lines(data: bytes) -> None:
    global _lines_seen  # one count for all connections of this process
    _lines_seen += data.count(b"\n")


async def serve(port: int) -> None:
    """Answer until the process is ended; says ``ready`` on standard output."""
    server = await asyncio.get_running_loop().create_server(Endpoint, "127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
