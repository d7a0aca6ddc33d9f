"""The REST server as clients meet it: paths, methods, media types, headers, limits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from connect.api import ConfigException
from connect.api.rest_extension import RestAnswer, RestExtension, RestRequest
from connect.rest.listeners import Listeners, parse_listeners
from connect.rest.overload import overload_middleware
from connect.rest.response_headers import header_rules
from connect.rest.slow_clients import SlowClients
from tests.unit.rest.parts import SINK, SOURCE, basic, serve


async def raw_status(url: str, request: str) -> int:
    """The status of the answer to a request that is sent as it stands."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize("path", ["/connectors", "/connectors/", "/connector-plugins/", "/admin/loggers/root/", "/"])
async def test_a_trailing_slash_makes_no_difference(path: str) -> None:
    async with serve() as served:
        assert (await served.ask("GET", path))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "//connectors", "/connectors//status", "/connectors/a%2Fb", "/connectors/50%25", "/connectors/a%5Cb",
        "/connectors/%2e%2e", "/connectors/.%2e", "/../connectors", "/connectors/a%0Ab", "/connectors/%7F",
        "/connectors/%FF", "/connectors/a|b", "/connectors/a^b", "/connectors/{a}", "/connectors/%zz",
    ],
)  # fmt: skip
async def test_ambiguous_paths_are_refused(path: str) -> None:
    """With 400, before anything looks at them."""
    async with serve() as served:
        assert await raw_status(served.url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == 400


@pytest.mark.parametrize("path", ["/connectors/.", "/connectors/..", "/connectors/...", "/connectors/a%7Cb"])
async def test_dots_are_names_as_good_as_any(path: str) -> None:
    async with serve() as served:
        assert await raw_status(served.url, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == 404


async def test_unknown_paths_and_methods_are_told_apart() -> None:
    async with serve() as served:
        assert await served.ask("GET", "/nope") == (404, {"error_code": 404, "message": "HTTP 404 Not Found"})
        status, body = await served.ask("DELETE", "/connectors")
        assert (status, body["message"]) == (405, "HTTP 405 Method Not Allowed")
        assert set((await served.headers("DELETE", "/connectors"))["Allow"].split(",")) == {
            "GET", "HEAD", "OPTIONS", "POST",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json; charset=utf-8", 500), ("text/plain", 415), ("application/x-www-form-urlencoded", 415)],
)
async def test_only_json_is_taken(content_type: str, status: int) -> None:
    async with serve() as served:
        answer = await served.ask("POST", "/connectors", data=b"{", headers={"Content-Type": content_type})
        assert answer[0] == status


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/*", 200),
        ("text/plain, */*;q=0.1", 200),
        ("application/json;q=0", 200),
        ("*/json", 200),
        ("application/json;q=2", 400),
        ("application/json;q=much", 400),
        ("garbage", 406),
        ("application/json;q=0.5", 200),
    ],
)
async def test_only_json_is_given(accept: str, status: int) -> None:
    async with serve() as served:
        assert (await served.ask("GET", "/", headers={"Accept": accept}))[0] == status


@pytest.mark.parametrize(
    ("method", "path", "content_type", "body", "status"),
    [
        ("POST", "/connectors", "", b"{}", 415),
        ("PUT", "/connectors/x/config", "", b"{}", 415),
        ("PUT", "/connectors/x/pause", "", b"", 404),
        ("PUT", "/connectors/x/pause", "application/*", b"", 404),
        ("PUT", "/connectors/x/config", "application/*", b"{}", 415),
        ("GET", "/connectors", "*/*", b"", 200),
        ("GET", "/connectors", "garbage", b"", 400),
        ("PUT", "/connectors/x/pause", "application/json, text/plain", b"", 400),
        ("PUT", "/connectors/x/pause", "text/plain", b"", 415),
    ],
)
async def test_a_type_counts_where_there_is_a_body(
    method: str, path: str, content_type: str, body: bytes, status: int
) -> None:
    """Resources that read no body take any type that may stand for JSON, and none; nonsense is refused everywhere."""
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{typed}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    async with serve() as served:
        assert await raw_status(served.url, head + body.decode()) == status


async def test_a_patch_of_an_unknown_connector_is_not_found_whatever_it_says() -> None:
    async with serve() as served:
        typed = {"Content-Type": "application/json"}
        for body in (b"", b"null", b"{}"):
            assert (await served.ask("PATCH", "/connectors/none/config", data=body, headers=typed))[0] == 404


async def test_levels_are_told_in_any_case_with_blanks_around() -> None:
    """Only loggers for which another level holds now are listed; no more than so many unknown ones are kept."""
    path, typed = "/admin/loggers/test.rest.levels", {"Content-Type": "application/json"}
    async with serve() as served:

        async def put(level: str, where: str = path) -> tuple[int, Any]:
            return await served.ask("PUT", where, data=f'{{"level":"{level}"}}', headers=typed)

        assert await put(" error ") == (200, ["test.rest.levels"])
        assert await put("ERROR") == (200, [])
        assert await put("ERROR", path + ".child") == (200, [])
        assert (await put("  "))[0] == 404
        assert (await put(""))[0] == 500
        status, body = await put("INFO", "/admin/loggers/" + "x" * 1_001)
        assert (status, body["message"][:12]) == (400, "Nothing logs")


async def test_a_body_beyond_the_limit_is_refused() -> None:
    async with serve() as served:
        json_type = {"Content-Type": "application/json"}
        status, body = await served.ask("PUT", "/connectors/x/config", data=b" " * (17 << 20), headers=json_type)
        assert (status, body["error_code"]) == (413, 413)


async def test_the_location_of_a_new_connector_is_encoded() -> None:
    async with serve() as served:
        body = {"name": "two words+50%é", "config": SOURCE}
        headers = await served.headers("POST", "/connectors", json=body)
        assert headers["Location"] == f"{served.url}/connectors/two%20words+50%25%C3%A9"


async def test_pages_of_allowed_origins_may_use_the_api() -> None:
    allow = {
        "access.control.allow.origin": "http://a.example,http://*.b.example",
        "access.control.allow.methods": "GET,PUT",
    }
    async with serve(allow) as served:
        own = {"Origin": "http://x.b.example"}
        assert (await served.headers("GET", "/", headers=own))["Access-Control-Allow-Origin"] == "http://x.b.example"
        foreign = await served.headers("GET", "/", headers={"Origin": "http://evil.example"})
        assert "Access-Control-Allow-Origin" not in foreign
        asked = await served.headers("OPTIONS", "/connectors", headers={**own, "Access-Control-Request-Method": "PUT"})
        assert asked["Access-Control-Allow-Methods"] == "GET,PUT"
        refused = await served.headers("OPTIONS", "/", headers={**own, "Access-Control-Request-Method": "DELETE"})
        assert "Access-Control-Allow-Methods" not in refused


async def test_every_answer_carries_the_configured_headers() -> None:
    rules = 'add X-One: 1, "set Cache-Control:no-cache, no-store", setDate Expires: 0'
    async with serve({"response.http.headers.config": rules}) as served:
        for path in ("/", "/nope"):
            headers = await served.headers("GET", path)
            assert headers["X-One"] == "1"
            assert headers["Cache-Control"] == "no-cache, no-store"
            assert headers["Expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("put A:b", r"Invalid header config action: 'put'\. Expected one of \[set, add, setDate, addDate\]"),
        ("add A", "Invalid format of header config 'add A'"),
        ("add A:b:c", "Invalid format of header config"),
        ("add A B:c", "Invalid header name 'A B'"),
    ],
)
def test_a_wrong_header_rule_is_named(rule: str, message: str) -> None:
    with pytest.raises(ConfigException, match=message):
        header_rules({"response.http.headers.config": rule})


async def test_admin_resources_can_be_switched_off_or_kept_apart() -> None:
    async with serve({"admin.listeners": ""}) as served:
        assert (await served.ask("GET", "/admin/loggers"))[0] == 404
    async with serve({"admin.listeners": "http://127.0.0.1:0/"}) as served:
        assert served.listeners.admin is not None
        assert (await served.ask("GET", "/admin/loggers"))[0] == 404
        served.url = f"http://127.0.0.1:{served.listeners.admin[0].port}"
        assert (await served.ask("GET", "/admin/loggers"))[0] == 200
        assert (await served.ask("GET", "/connectors"))[0] == 404


def test_a_wrong_listener_is_named() -> None:
    with pytest.raises(ConfigException, match="Listener doesn't have the right format"):
        parse_listeners("8083")
    with pytest.raises(ConfigException, match='Listener protocol must be either "http" or "https"'):
        parse_listeners("ftp://x:1")


def test_a_worker_is_known_by_its_advertised_address() -> None:
    listeners = Listeners.open({"listeners": "http://127.0.0.1:0"})
    bound = listeners.main[0]
    assert listeners.advertised({}) == ("http", "127.0.0.1", bound.port)
    told = {"rest.advertised.host.name": "h", "rest.advertised.port": "1", "rest.advertised.listener": "https"}
    assert listeners.advertised(told) == ("https", "h", 1)
    bound.socket.close()


def test_a_taken_port_is_named() -> None:
    listeners = Listeners.open({"listeners": "http://127.0.0.1:0"})
    with pytest.raises(ConfigException, match=r"Can't listen on .* choose another one with 'listeners'"):
        Listeners.open({"listeners": f"http://127.0.0.1:{listeners.main[0].port}"})
    listeners.main[0].socket.close()


async def test_basic_authentication_lets_known_users_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users come from the file that the JAAS section names; workers' signed requests pass without."""
    (tmp_path / "users").write_text("ada=secret\n")
    (tmp_path / "jaas").write_text(
        f'KafkaConnect {{\n PropertyFileLoginModule required\n file="{tmp_path}/users";\n}};\n'
    )
    monkeypatch.setenv("KAFKA_OPTS", f"-Dx=y -Djava.security.auth.login.config={tmp_path}/jaas")
    extension = "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"
    async with serve({"rest.extension.classes": extension}) as served:
        assert (await served.ask("GET", "/", headers=basic("ada", "secret")))[0] == 200
        for headers in ({}, basic("ada", "wrong"), basic("bob", ""), {"Authorization": "Basic ???"}):
            assert await served.ask("GET", "/", headers=headers) == (401, "User cannot access the resource.")
        assert (await served.ask("POST", "/connectors/x/tasks", json=[]))[0] != 401


async def test_basic_authentication_needs_users() -> None:
    with pytest.raises(ConfigException, match="needs a file of users"):
        async with serve({"rest.extension.classes": "BasicAuthSecurityRestExtension"}):
            pass


class NoDeletes(RestExtension):
    def check(self, request: RestRequest) -> RestAnswer | None:
        return RestAnswer(403, "no") if request.method == "DELETE" else None


async def test_an_extension_of_ones_own_may_answer_instead() -> None:
    async with serve({"rest.extension.classes": f"{__name__}.NoDeletes"}) as served:
        assert await served.ask("DELETE", "/connectors/x") == (403, "no")
        assert (await served.ask("GET", "/connectors"))[0] == 200


async def test_a_connection_without_a_request_is_closed() -> None:
    """One that was used is left to the keep-alive time."""
    slow = SlowClients(first_request_seconds=0.2)

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app = web.Application(middlewares=[slow.middleware])
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slow.watch(runner)
    port = runner.addresses[0][1]
    used_reader, used = await asyncio.open_connection("127.0.0.1", port)
    used.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await used_reader.readuntil(b"hello")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nX-Never: end")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    used.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    await used_reader.readuntil(b"hello")
    for each in (used, writer):
        each.close()
    slow.stop()
    await runner.cleanup()


async def _slow_server(slow: SlowClients) -> tuple[web.AppRunner, int]:
    async def length(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app = web.Application(middlewares=[slow.middleware, overload_middleware(1)], client_max_size=100)
    app.router.add_post("/", length)
    runner = web.AppRunner(app, lingering_time=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    slow.watch(runner)
    return runner, site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]


async def test_a_body_that_trickles_takes_no_slot_and_is_given_up() -> None:
    """Others are answered meanwhile, although there is one slot only."""
    slow = SlowClients(body_seconds=0.5)
    runner, port = await _slow_server(slow)
    trickling = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for _, writer in trickling:
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
    body = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    assert await raw_status(f"http://127.0.0.1:{port}", body) == 200
    for reader, _ in trickling:
        async with asyncio.timeout(30):
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
    slow.stop()
    await runner.cleanup()


async def test_nothing_is_kept_of_connections_that_are_gone() -> None:
    slow = SlowClients(first_request_seconds=0.2)
    runner, port = await _slow_server(slow)
    request = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    for _ in range(5):
        assert await raw_status(f"http://127.0.0.1:{port}", request) == 200
    async with asyncio.timeout(30):
        while slow._ended or slow._busy:
            await asyncio.sleep(0.05)
    slow.stop()
    await runner.cleanup()


async def test_a_second_request_whose_head_trickles_is_given_up() -> None:
    slow = SlowClients(first_request_seconds=0.2, idle_seconds=0.3)
    runner, port = await _slow_server(slow)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}POST / HTTP/1.1\r\nHo")
    async with asyncio.timeout(30):
        assert (await reader.read()).startswith(b"HTTP/1.1 200 ")  # and the end, since the server closes
    slow.stop()
    await runner.cleanup()


async def test_offsets_of_a_sink_are_those_of_its_consumer_group() -> None:
    async with serve() as served:
        await served.ask("PUT", "/connectors/s/config", json=SINK)
        served.kafka.groups["connect-s"][("t", 0)] = 7
        shown = {"partition": {"kafka_partition": 0, "kafka_topic": "t"}, "offset": {"kafka_offset": 7}}
        assert await served.ask("GET", "/connectors/s/offsets") == (200, {"offsets": [shown]})
        await served.ask("PUT", "/connectors/s/stop")
        change = {"offsets": [{"partition": shown["partition"], "offset": {"kafka_offset": "3"}}]}
        assert (await served.ask("PATCH", "/connectors/s/offsets", json=change))[0] == 200
        assert served.kafka.groups["connect-s"] == {("t", 0): 3}
        assert (await served.ask("DELETE", "/connectors/s/offsets"))[0] == 200
        assert await served.ask("GET", "/connectors/s/offsets") == (200, {"offsets": []})


async def test_offsets_of_a_source_are_kept_in_the_offset_store() -> None:
    async with serve() as served:
        await served.ask("POST", "/connectors", json={"name": "s", "config": SOURCE, "initial_state": "STOPPED"})
        entry = {"partition": {"filename": "f"}, "offset": {"position": 3}}
        assert (await served.ask("PATCH", "/connectors/s/offsets", json={"offsets": [entry]}))[0] == 200
        assert served.offsets.keys() == [b'["s",{"filename":"f"}]']
        assert await served.ask("GET", "/connectors/s/offsets") == (200, {"offsets": [entry]})


async def test_requests_beyond_the_limit_are_turned_away() -> None:
    limit, go_on = overload_middleware(most=1), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response(text="done")

    request: Any = None
    first = asyncio.ensure_future(limit(request, slow))
    await asyncio.sleep(0)
    refused = await limit(request, slow)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    go_on.set()
    assert (await first).status == 200
    assert (await limit(request, slow)).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"}, 200),
        ({"Accept": "text/plain"}, 200),
        ({"User-Agent": "collector/1"}, 200),
        ({"Accept": "*/*", "User-Agent": "curl/8"}, 200),
        ({"Accept": "image/png"}, 406),
        ({}, 404),
    ],
)
async def test_metrics_are_for_whoever_asks(headers: dict[str, str], status: int) -> None:
    """The last is how the recorded requests came, which Java answers with 404."""
    async with serve() as served:
        lines = ["GET /metrics HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
        assert await raw_status(served.url, "\r\n".join([*lines, "Connection: close", "", ""])) == status


async def test_metrics_have_short_names_for_dashboards_that_know_these() -> None:
    async with serve() as served, aiohttp.ClientSession(served.url) as session:
        async with session.get("/metrics?names=short") as answer:
            assert "kafka_connect_worker_task_count 0" in await answer.text()
        async with session.get("/metrics?names=other") as answer:
            assert (answer.status, (await answer.json())["message"]) == (400, "names=other: it must be full or short")
