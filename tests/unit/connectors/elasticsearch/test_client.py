"""The door over real HTTP, to a server in this process."""

from __future__ import annotations

import base64
import gzip
import logging
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors.elasticsearch.client import HttpDoor, RequestFailed
from connectors.elasticsearch.settings import Settings


class Recorder(ThreadingHTTPServer):
    """Remembers requests; answers what it is told, after ``delay`` seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections: set[Any] = set()
        self.answer = b'{"ok":true}'
        self.release = threading.Event()
        self.release.set()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Recorder

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers, body))
        self.server.connections.add(self.client_address)
        self.server.release.wait(5)
        self.send_response(200)
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("content-length", str(len(self.server.answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.server.answer)

    do_GET = do_POST = do_HEAD = _handle  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Recorder]:
    with Recorder() as recorder:
        thread = threading.Thread(target=recorder.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield recorder
        recorder.release.set()
        recorder.shutdown()


def door(url: str, **config: str) -> HttpDoor:
    properties = {"connection.url": url, **{key.replace("_", "."): value for key, value in config.items()}}
    return HttpDoor(Settings.read(properties).connection)


def test_an_answer_is_status_headers_and_bytes(server: Recorder) -> None:
    """Names of headers in lower case."""
    answer = door(server.url).request("GET", "/x")
    assert (answer.status, answer.json()) == (200, {"ok": True})
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    assert server.seen[0][:2] == ("GET", "/x")


def test_bodies_are_json(server: Recorder) -> None:
    """And go out as they are."""
    door(server.url).request("POST", "/_bulk", b'{"a":1}\n')
    _, _, headers, body = server.seen[0]
    assert headers["content-type"] == "application/json"
    assert body == b'{"a":1}\n'


def test_bodies_can_be_compressed(server: Recorder) -> None:
    """connection.compression."""
    door(server.url, connection_compression="true").request("POST", "/_bulk", b"x" * 1000)
    _, _, headers, body = server.seen[0]
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == b"x" * 1000
    assert len(body) < 100


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            {"connection_username": "u", "connection_password": "p"},
            "Basic " + base64.b64encode(b"u:p").decode(),
        ),
        ({"connection_api_key": "id:key"}, "ApiKey " + base64.b64encode(b"id:key").decode()),
        ({"connection_api_key": "aWQ6a2V5"}, "ApiKey aWQ6a2V5"),
    ],
)
def test_credentials(server: Recorder, config: dict[str, str], expected: str) -> None:
    """Basic authentication, or an API key in either form."""
    door(server.url, **config).request("GET", "/")
    assert server.seen[0][2]["authorization"] == expected


def test_requests_go_round_the_nodes(server: Recorder) -> None:
    """A node that doesn't answer rests, the others serve."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}"
        both = door(f"{dead},{server.url}")
        with pytest.raises(RequestFailed, match="Connection refused"):
            both.request("GET", "/")
        for _ in range(3):
            assert both.request("GET", "/").ok


def test_an_answer_that_takes_too_long(server: Recorder) -> None:
    """read.timeout.ms ends the wait."""
    server.release.clear()
    with pytest.raises(RequestFailed, match="timed out"):
        door(server.url, read_timeout_ms="50").request("GET", "/")


def test_a_path_in_the_address_comes_first(server: Recorder) -> None:
    """For clusters behind a gateway."""
    door(f"{server.url}/es/").request("GET", "/_bulk")
    assert server.seen[0][1] == "/es/_bulk"


def test_requests_can_go_through_a_proxy(server: Recorder) -> None:
    """The proxy sees whole addresses and its own credentials."""
    port = str(server.server_port)
    through = door(
        "http://es.invalid:9200",
        proxy_host="127.0.0.1",
        proxy_port=port,
        proxy_username="u",
        proxy_password="p",
    )
    assert through.request("GET", "/_bulk").ok
    method, path, headers, _ = server.seen[0]
    assert (method, path) == ("GET", "http://es.invalid:9200/_bulk")
    assert headers["proxy-authorization"] == "Basic " + base64.b64encode(b"u:p").decode()


def test_idle_connections_are_not_used_again(server: Recorder) -> None:
    """After max.connection.idle.time.ms a new one is made."""
    kept = door(server.url)
    kept.request("GET", "/")
    kept.request("GET", "/")
    assert len(server.connections) == 1
    fresh = door(server.url, max_connection_idle_time_ms="0")
    fresh.request("GET", "/")
    fresh.request("GET", "/")
    assert len(server.connections) == 3
    kept.close()
    fresh.close()


def test_bodies_are_not_prepared_for_a_log_that_nobody_reads(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Unless the transport's logger is set to DEBUG, a request leaves no trace there."""
    written: list[object] = []
    monkeypatch.setattr("elastic_transport.BaseNode._log_request", lambda *_, **details: written.append(details))
    with caplog.at_level(logging.INFO):
        door(server.url).request("POST", "/_bulk", b"x")
    assert written == []
    with caplog.at_level(logging.DEBUG, logger="elastic_transport.node"):
        door(server.url).request("POST", "/_bulk", b"x")
    assert len(written) == 1
