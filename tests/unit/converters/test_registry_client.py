"""The registry's client: what it sends, whom it asks, how often, and what it makes of odd answers."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from connect.api import ConfigException, DataException, RetriableException, Schema, Type
from connect.api.errors import java_class_name
from converters.avro import AvroConverter
from tests.certificates import Party, make_party

TEXT = Schema(Type.STRING)
WRITTEN = b"\x00\x00\x00\x00\x07\x02x"


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Script:
    """A server that answers with a list of (status, body) pairs, the last one for ever."""

    def __init__(self, *answers: tuple[int, Any], context: ssl.SSLContext | None = None) -> None:
        self.answers = list(answers)
        self.requests: list[Request] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                script.requests.append(Request(self.path, dict(self.headers.items()), body))
                status, answer = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer.encode() if isinstance(answer, str) else json.dumps(answer).encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Script]]:
    scripts: list[Script] = []

    def start(*answers: tuple[int, Any], **options: Any) -> Script:
        scripts.append(Script(*(answers or ((200, {"id": 7}),)), **options))
        return scripts[-1]

    yield start
    for script in scripts:
        script.close()


def write(url: str, **settings: Any) -> bytes | None:
    converter = AvroConverter()
    config = {"schema.registry.url": url, "retries.wait.ms": "1", "retries.max.wait.ms": "2", **settings}
    converter.configure(config, is_key=False)
    try:
        return converter.from_connect_data("t", TEXT, "x")
    finally:
        converter.close()


Serve = Callable[..., Script]
BACKEND = (500, {"error_code": 50001, "message": "Error in the backend"})


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_trouble_of_the_registry_is_waited_out(status: int, serve: Serve) -> None:
    script = serve((status, {"error_code": status, "message": "busy"}), (status, "<html>"), (200, {"id": 7}))
    assert write(script.url) == WRITTEN
    assert len(script.requests) == 3


def test_after_all_repetitions_the_record_may_be_tried_again(serve: Serve) -> None:
    script = serve(BACKEND)
    with pytest.raises(RetriableException, match="Failed to serialize Avro data from topic t :") as raised:
        write(script.url, **{"max.retries": "2"})
    assert len(script.requests) == 3
    assert "Error in the backend; error code: 50001" in str(raised.value.__cause__.__cause__)


def test_the_next_address_is_asked_where_one_fails(serve: Serve) -> None:
    bad, good = serve(BACKEND), serve()
    assert write(f"http://127.0.0.1:1,{bad.url},{good.url}", **{"max.retries": "0"}) == WRITTEN
    assert [len(bad.requests), len(good.requests)] == [1, 1]


def test_a_refusal_is_final(serve: Serve) -> None:
    script = serve((422, {"error_code": 42201, "message": "Invalid schema"}))
    with pytest.raises(DataException):
        write(f"{script.url},{script.url}")
    assert len(script.requests) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_being_locked_out_is_a_matter_of_configuration(status: int, serve: Serve) -> None:
    script = serve((status, "nothing to see"))
    with pytest.raises(ConfigException, match="Failed to access Avro data from topic t"):
        write(script.url)


@pytest.mark.parametrize("answer", ["<html>welcome</html>", "{}", "[]", '{"id":"seven"}', ""])
def test_garbage_is_an_honest_failure(answer: str, serve: Serve) -> None:
    script = serve((200, answer))
    with pytest.raises(DataException, match="Failed to serialize Avro data from topic t:") as raised:
        write(script.url)
    assert "schema registry" in str(raised.value.__cause__)


def test_garbage_once_is_asked_for_again(serve: Serve) -> None:
    assert write(serve((200, "<html>"), (200, {"id": 7})).url) == WRITTEN


def test_a_slow_registry_is_a_reason_to_try_again() -> None:
    with Silent() as silent, pytest.raises(RetriableException):
        write(silent.url, **{"http.read.timeout.ms": "50", "max.retries": "0"})


class Silent:
    """Takes connections and says nothing."""

    def __enter__(self) -> Silent:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def test_nobody_there_is_a_network_exception() -> None:
    with pytest.raises(RetriableException, match="topic t: Connection refused") as raised:
        write("http://127.0.0.1:1", **{"max.retries": "0"})
    assert java_class_name(raised.value) == "org.apache.kafka.common.errors.NetworkException"


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "u:p"}, basic("u:p")),
        (
            {"basic.auth.credentials.source": "USER_INFO", "schema.registry.basic.auth.user.info": "old:p"},
            basic("old:p"),
        ),
        (
            {
                "basic.auth.credentials.source": "SASL_INHERIT",
                "sasl.jaas.config": "x.PlainLoginModule required username=\"a\" password='b c';",
            },
            basic("a:b c"),
        ),
        ({"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "tok"}, "Bearer tok"),
    ],
)
def test_credentials_are_sent(settings: dict[str, str], expected: str | None, serve: Serve) -> None:
    script = serve()
    write(script.url, **settings)
    assert script.requests[0].headers.get("Authorization") == expected


def test_credentials_of_the_address_are_sent(serve: Serve) -> None:
    script = serve()
    write(script.url.replace("//", "//us%40er:pa%3Ass@"))
    assert script.requests[0].headers["Authorization"] == basic("us@er:pa:ss")


def test_a_token_is_fetched_once_and_sent_with_its_companions(serve: Serve) -> None:
    issuer = serve((200, {"access_token": "fetched", "expires_in": 3600}))
    script = serve(BACKEND, (200, {"id": 7}))
    settings = {
        "bearer.auth.credentials.source": "OAUTHBEARER",
        "bearer.auth.issuer.endpoint.url": issuer.url,
        "bearer.auth.client.id": "me",
        "bearer.auth.client.secret": "secret",
        "bearer.auth.scope": "all",
        "bearer.auth.logical.cluster": "lsrc-1",
        "bearer.auth.identity.pool.id": "pool-1",
    }
    write(script.url, **settings)
    assert [request.headers["Authorization"] for request in script.requests] == ["Bearer fetched"] * 2
    assert script.requests[0].headers["target-sr-cluster"] == "lsrc-1"
    assert script.requests[0].headers["Confluent-Identity-Pool-Id"] == "pool-1"
    assert len(issuer.requests) == 1
    assert issuer.requests[0].headers["Authorization"] == basic("me:secret")
    assert issuer.requests[0].body == b"grant_type=client_credentials&scope=all"


@pytest.mark.parametrize("answer", [(403, {"error": "no"}), (200, "<html>")])
def test_no_token_is_a_matter_of_configuration(answer: tuple[int, Any], serve: Serve) -> None:
    settings = {
        "bearer.auth.credentials.source": "OAUTHBEARER",
        "bearer.auth.issuer.endpoint.url": serve(answer).url,
        "bearer.auth.client.id": "me",
        "bearer.auth.client.secret": "secret",
    }
    with pytest.raises(ConfigException, match="No token from"):
        write(serve().url, **settings)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"basic.auth.credentials.source": "USER_INFO"}, "basic.auth.user.info must be provided"),
        ({"basic.auth.credentials.source": "SASL_INHERIT"}, "sasl.jaas.config must hold"),
        ({"basic.auth.credentials.source": "OTHER"}, "must be URL, USER_INFO or SASL_INHERIT"),
        ({"bearer.auth.credentials.source": "STATIC_TOKEN"}, "bearer.auth.token must be provided"),
        ({"bearer.auth.credentials.source": "OAUTHBEARER"}, "issuer.endpoint.url must be provided"),
        ({"bearer.auth.credentials.source": "CUSTOM"}, "must be STATIC_TOKEN or OAUTHBEARER"),
        ({"basic.auth.credentials.source": "URL", "bearer.auth.credentials.source": "STATIC_TOKEN"}, "Only one of"),
        ({"schema.registry.url": ""}, "must name at least one address"),
    ],
)
def test_incomplete_settings_are_named(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigException, match=reason):
        AvroConverter().configure({"schema.registry.url": "http://x", **settings}, is_key=False)


def test_extra_headers_and_normalization_are_sent(serve: Serve) -> None:
    script = serve()
    write(script.url, **{"request.header.x-team": "blue", "normalize.schemas": "true"})
    assert script.requests[0].headers["x-team"] == "blue"
    assert script.requests[0].path == "/subjects/t-value/versions?normalize=true"


def test_a_proxy_is_used(serve: Serve) -> None:
    script = serve()
    host, _, port = script.url.removeprefix("http://").partition(":")
    assert write("http://registry.invalid/base", **{"proxy.host": host, "proxy.port": port}) == WRITTEN
    assert script.requests[0].path.startswith("http://registry.invalid/base/subjects/t-value/versions")


def test_settings_without_effect_are_named_once(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    write(serve().url, **{"use.schema.guid": "x", "schema.registry.ssl.provider": "y", "ssl.provider": "z"})
    (message,) = (made.getMessage() for made in caplog.records if made.name == "converters.registry_client")
    assert message.endswith("no effect in this worker: schema.registry.ssl.provider, use.schema.guid")


# TLS


@pytest.fixture(scope="module")
def parties() -> tuple[Party, Party]:
    return make_party("server"), make_party("client")


@pytest.fixture
def secure(tmp_path: Path, parties: tuple[Party, Party], serve: Serve) -> Script:
    """A registry that wants to see the client's certificate."""
    server, client = parties
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = tmp_path / "server.pem"
    file.write_bytes(server.key_pem + server.certificate_pem)
    context.load_cert_chain(file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=client.certificate_pem.decode())
    return serve(context=context)


@pytest.mark.parametrize("form", ["pem", "p12", "inline"])
def test_certificates_are_read_from_every_form(
    form: str, secure: Script, tmp_path: Path, parties: tuple[Party, Party]
) -> None:
    server, client = parties
    trust, key = tmp_path / f"trust.{form}", tmp_path / f"key.{form}"
    if form == "inline":
        tls = {
            "truststore.certificates": server.certificate_pem.decode(),
            "keystore.certificate.chain": client.certificate_pem.decode(),
            "keystore.key": client.key_pem.decode(),
        }
    else:
        trust.write_bytes(server.certificate_pem if form == "pem" else server.p12(b"pw"))
        key.write_bytes(client.key_pem + client.certificate_pem if form == "pem" else client.p12(b"pw"))
        tls = {"truststore.location": str(trust), "keystore.location": str(key)}
        if form == "p12":
            tls |= {"truststore.password": "pw", "keystore.password": "pw"}
    assert write(secure.url, **{f"schema.registry.ssl.{name}": value for name, value in tls.items()}) == WRITTEN


def test_an_untrusted_registry_is_not_spoken_to(secure: Script) -> None:
    with pytest.raises(RetriableException, match="certificate"):
        write(secure.url, **{"max.retries": "0"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "can't be read"),
        (b"\xfe\xed\xfe\xed..", "as JKS"),
        (b"\x30\x82", "as PKCS12"),
        (b"x", "keystore.location"),
    ],
)
def test_stores_that_cannot_be_used_are_named(content: bytes | None, reason: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    if content is not None:
        store.write_bytes(content)
    with pytest.raises(ConfigException, match=reason):
        write("https://127.0.0.1:1", **{"schema.registry.ssl.keystore.location": str(store)})
