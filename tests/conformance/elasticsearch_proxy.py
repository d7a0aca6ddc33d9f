"""A proxy in front of a search server: records what passes, and answers, delays or closes by rule."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]

_NOT_FORWARDED = ("host", "connection", "accept-encoding")
_KEPT_HEADERS = ("content-type", "authorization", "content-encoding")


@dataclass
class Passed:
    """A request that came by: ``status`` is what the client was answered, or ``closed``."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int | str

    def bulk(self) -> list[Any]:
        """The lines of a bulk request."""
        return [json.loads(line) for line in self.body.decode().split("\n") if line]


@dataclass
class Rule:
    """A fault: see the recorded scenarios for the members. ``times`` counts down, -1 = always."""

    fault: Json
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.fault.get("times", -1)

    def applies(self, method: str, path: str) -> bool:
        wanted = self.fault
        return (
            self.left != 0
            and wanted.get("method", method) == method
            and re.search(wanted.get("pathMatches", ""), path) is not None
        )


class FaultProxy:
    """Use as a context manager; ``url`` is where clients connect. Rules may be changed at any time."""

    def __init__(self, target: str, faults: list[Json] | None = None) -> None:
        self._target = urlsplit(target)
        self.rules = [Rule(fault) for fault in faults or []]
        self.passed: list[Passed] = []
        self.last = time.monotonic()
        self.running = 0
        self.lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_method(self) -> None:
                proxy.handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep quiet."""

        for method in ("GET", "PUT", "POST", "HEAD", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.handle_method)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def expect_more(self) -> None:
        """Count idleness from now."""
        with self.lock:
            self.last = time.monotonic()

    def set_faults(self, *faults: Json) -> None:
        """Other rules from now on."""
        with self.lock:
            self.rules = [Rule(fault) for fault in faults]

    def is_idle(self, seconds: float) -> bool:
        """True when nothing came by for that long."""
        with self.lock:
            return self.running == 0 and time.monotonic() - self.last >= seconds

    def handle(self, client: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.running += 1
        try:
            self._handle(client)
        finally:
            with self.lock:
                self.running -= 1
                self.last = time.monotonic()

    def _handle(self, client: BaseHTTPRequestHandler) -> None:
        raw = client.rfile.read(int(client.headers.get("content-length") or 0))
        body = gzip.decompress(raw) if client.headers.get("content-encoding") == "gzip" else raw
        split = urlsplit(client.path)
        headers = {name: client.headers[name] for name in _KEPT_HEADERS if name in client.headers}
        passed = Passed(client.command, split.path, dict(parse_qsl(split.query)), headers, body, 0)
        fault = self._fault(passed)
        if fault.get("close"):
            self._remember(passed, "closed")
            client.close_connection = True
            client.connection.close()
            return
        threading.Event().wait(fault.get("delayMs", 0) / 1000)
        status, answer = self._answer(fault, passed, raw, client)
        self._remember(passed, status)
        _send(client, status, answer)

    def _fault(self, passed: Passed) -> Json:
        with self.lock:
            for rule in self.rules:
                if rule.applies(passed.method, passed.path):
                    rule.left -= 1
                    return rule.fault
        return {}

    def _remember(self, passed: Passed, status: int | str) -> None:
        passed.status = status
        with self.lock:
            self.passed.append(passed)

    def _answer(self, fault: Json, passed: Passed, raw: bytes, client: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        if "status" in fault:
            injected = {"error": {"type": "x", "reason": "injected"}, "status": fault["status"]}
            return fault["status"], json.dumps(fault.get("body", injected)).encode()
        if "itemError" in fault:
            return 200, json.dumps(failed_items(passed, fault["itemError"])).encode()
        connection = http.client.HTTPConnection(self._target.hostname or "", self._target.port, timeout=30)
        try:
            kept = {name: value for name, value in client.headers.items() if name.lower() not in _NOT_FORWARDED}
            connection.request(passed.method, client.path, raw or None, kept)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            return 502, b""
        finally:
            connection.close()


def failed_items(passed: Passed, error: Json) -> Json:
    """The answer to a bulk request of which every item failed that way."""
    items = []
    for line in passed.bulk():
        for action in ("index", "create", "update", "delete"):
            if action in line and isinstance(line[action], dict) and "_index" in line[action]:
                reason = {"type": error["type"], "reason": error["reason"]}
                items.append({action: {**line[action], "status": error["status"], "error": reason}})
    return {"took": 1, "errors": True, "items": items}


def _send(client: BaseHTTPRequestHandler, status: int, answer: bytes) -> None:
    try:
        client.send_response(status)
        client.send_header("content-type", "application/json")
        client.send_header("content-length", str(len(answer)))
        client.end_headers()
        if client.command != "HEAD":
            client.wfile.write(answer)
    except OSError:
        client.close_connection = True
