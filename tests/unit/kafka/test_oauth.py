"""Tokens come from an OpenID provider for the client's credentials, and are used until they are nearly too old."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from connect.api import ConnectException
from connect.kafka.oauth import TokenProvider


class Provider(BaseHTTPRequestHandler):
    """Gives tokens that are good for ``seconds``, and notes what it was asked."""

    asked: list[tuple[str, str]]
    seconds = 3600

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append((self.headers["Authorization"], form))
        status = 200 if "secret" in base64.b64decode(self.headers["Authorization"].split()[1]).decode() else 401
        body = json.dumps({"access_token": f"token-{len(self.asked)}", "expires_in": self.seconds}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def provider() -> Iterator[HTTPServer]:
    Provider.asked, Provider.seconds = [], 3600
    with HTTPServer(("127.0.0.1", 0), Provider) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def tokens(provider: HTTPServer, secret: str = "secret") -> TokenProvider:
    return TokenProvider(
        {
            "sasl.oauthbearer.token.endpoint.url": f"http://127.0.0.1:{provider.server_port}/token",
            "sasl.oauthbearer.client.id": "me",
            "sasl.oauthbearer.client.secret": secret,
            "sasl.oauthbearer.scope": "kafka",
            "sasl.oauthbearer.extensions": "a=1,b=2",
        }
    )


def test_a_token_is_fetched_with_the_clients_credentials_and_kept(provider: HTTPServer) -> None:
    found = tokens(provider)
    assert [found.token(), found.token()] == ["token-1", "token-1"]
    login = base64.b64encode(b"me:secret").decode()
    assert Provider.asked == [(f"Basic {login}", "grant_type=client_credentials&scope=kafka")]
    assert found.extensions() == {"a": "1", "b": "2"}


def test_a_token_that_is_too_old_is_replaced(provider: HTTPServer) -> None:
    Provider.seconds = 0
    found = tokens(provider)
    assert [found.token(), found.token()] == ["token-1", "token-2"]


def test_a_refusal_says_who_has_refused(provider: HTTPServer) -> None:
    with pytest.raises(ConnectException, match="/token gives no token for OAUTHBEARER"):
        tokens(provider, "wrong").token()
