"""The registry's HTTP server."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from connect.demo.registry.api import RawText, answer
from connect.demo.registry.store import RegistryError, Store

_POLL_SECONDS = 0.05
_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int) -> None:
        super().__init__((host, port), _Handler)
        self.store = Store()
        self.lock = threading.Lock()
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection's requests."""
        with self.lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The end of a connection."""
        with self.lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep for later."""
        with self.lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):  # the client was faster
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Read something."""
        self._answer()

    def do_POST(self) -> None:
        """Add or look up a schema."""
        self._answer()

    def do_PUT(self) -> None:
        """Change a level."""
        self._answer()

    def do_DELETE(self) -> None:
        """Delete something."""
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news."""

    def _answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            result = self._ask(content)
            self._send(200, result if isinstance(result, RawText) else json.dumps(result))
        except RegistryError as error:
            self._send(error.status, json.dumps({"error_code": error.code, "message": str(error)}))

    def _ask(self, content: bytes) -> Any:
        parts = urlsplit(self.path)
        try:
            body = json.loads(content) if content else {}
        except ValueError as error:
            raise RegistryError(400, f"Malformed JSON: {error}") from error
        if not isinstance(body, dict):
            raise RegistryError(42201, "The body must be a JSON object")
        with self.server.lock:
            return answer(self.server.store, self.command, parts.path, dict(parse_qsl(parts.query)), body)

    def _send(self, status: int, text: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", _CONTENT_TYPE)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class EmbeddedRegistry:
    """A registry in this process; use as a context manager. ``url`` is what ``schema.registry.url`` wants."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Take the address at once; port 0 means any that is free. Raises OSError where it is taken."""
        self._server = _Server(host, port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        self.url = f"http://{host}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def clear(self) -> None:
        """Forget everything."""
        with self._server.lock:
            self._server.store = Store()

    def stop(self) -> None:
        """End, and forget everything."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
