"""The embedded registry answers as Confluent's does, and survives restarts of its clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from connect.demo.registry import EmbeddedRegistry
from connect.demo.registry.__main__ import main


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry() as registry:
        yield registry


class Client:
    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, self._url + path, json=body, timeout=30)
        assert response.headers["Content-Type"] == "application/vnd.schemaregistry.v1+json"
        return response.json() if response.ok else (response.status_code, response.json()["error_code"])

    def register(self, subject: str, schema: Any, **body: Any) -> Any:
        return self("POST", f"/subjects/{subject}/versions", {"schema": json.dumps(schema), **body})


@pytest.fixture
def ask(running: EmbeddedRegistry) -> Client:
    running.clear()
    return Client(running.url)


def record(*names: str, default: bool = False) -> dict[str, Any]:
    more = {"default": 0} if default else {}
    return {"type": "record", "name": "R", "fields": [{"name": name, "type": "int", **more} for name in names]}


def test_one_schema_has_one_id_and_each_subject_its_versions(ask: Client) -> None:
    assert ask.register("a", "int") == {"id": 1}
    assert ask.register("b", {"type": "int"}) == {"id": 1}
    assert ask.register("b", "long") == {"id": 2}
    assert ask.register("b", "int") == {"id": 1}
    assert ask("GET", "/subjects") == ["a", "b"]
    assert ask("GET", "/subjects?subjectPrefix=b") == ["b"]
    assert ask("GET", "/subjects/b/versions") == [1, 2]
    assert ask("GET", "/subjects/b/versions/latest") == {"subject": "b", "version": 2, "id": 2, "schema": '"long"'}
    assert ask("GET", "/subjects/b/versions/1/schema") == "int"
    assert ask("GET", "/schemas/ids/2") == {"schema": '"long"'}
    assert ask("GET", "/schemas/ids/2/schema") == "long"
    assert ask("GET", "/schemas/ids/1/subjects") == ["a", "b"]
    assert ask("GET", "/schemas/ids/1/versions") == [{"subject": "a", "version": 1}, {"subject": "b", "version": 1}]
    assert ask("POST", "/subjects/b", {"schema": '"long"'})["version"] == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "refusal"),
    [
        ("GET", "/subjects/none/versions", None, (404, 40401)),
        ("GET", "/subjects/a/versions/7", None, (404, 40402)),
        ("GET", "/subjects/a/versions/x", None, (422, 42202)),
        ("GET", "/schemas/ids/7", None, (404, 40403)),
        ("GET", "/schemas/ids/x", None, (404, 40403)),
        ("POST", "/subjects/a", {"schema": '"string"'}, (404, 40403)),
        ("POST", "/subjects/a/versions", {"schema": "nonsense"}, (422, 42201)),
        ("POST", "/subjects/a/versions", {}, (422, 42201)),
        ("POST", "/subjects/a/versions", {"schema": "{}", "schemaType": "XML"}, (422, 42201)),
        ("POST", "/subjects/a/versions", {"schema": "{", "schemaType": "JSON"}, (422, 42201)),
        ("POST", "/subjects/a/versions", {"schema": "{}", "schemaType": "JSON"}, (409, 409)),
        ("POST", "/subjects/a/versions", {"schema": '"R"', "references": [{"name": "R"}]}, (422, 42201)),
        ("POST", "/subjects/a/versions", {"schema": '"string"'}, (409, 409)),
        ("POST", "/subjects/a/versions", [], (422, 42201)),
        ("PUT", "/config", {"compatibility": "SOME"}, (422, 42203)),
        ("PUT", "/config/a", {}, (422, 42203)),
        ("GET", "/config/a", None, (404, 40408)),
        ("PUT", "/subjects", {}, (405, 405)),
        ("GET", "/associations/resources/-/a", None, (404, 404)),
        ("DELETE", "/subjects/a?permanent=true", None, (404, 40405)),
        ("DELETE", "/subjects/a/versions/1?permanent=true", None, (404, 40407)),
    ],
)
def test_refusals_have_the_codes_of_the_real_one(
    method: str, path: str, body: Any, refusal: tuple[int, int], ask: Client
) -> None:
    ask.register("a", "int")
    assert ask(method, path, body) == refusal


@pytest.mark.parametrize(
    ("level", "schema", "let_in"),
    [
        ("NONE", "string", True),
        ("BACKWARD", record("x", "y", default=True), True),
        ("BACKWARD", record("x", "y"), False),
        ("BACKWARD", record(), True),
        ("FORWARD", record("x", "y"), True),
        ("FORWARD", record(), False),
        ("FULL", record("x", "y", default=True), True),
        ("FULL", record(), False),
    ],
)
def test_levels_decide_what_may_follow(level: str, schema: Any, let_in: bool, ask: Client) -> None:
    ask.register("a", record("x"))
    assert ask("PUT", "/config/a", {"compatibility": level}) == {"compatibility": level}
    body = {"schema": json.dumps(schema)}
    assert ask("POST", "/compatibility/subjects/a/versions/latest", body) == {"is_compatible": let_in}
    assert ask("POST", "/compatibility/subjects/a/versions", body) == {"is_compatible": let_in}
    assert ask.register("a", schema) == ({"id": 2} if let_in else (409, 409))


def test_a_transitive_level_looks_at_all_versions(ask: Client) -> None:
    ask("PUT", "/config", {"compatibility": "NONE"})
    ask.register("a", "string")
    ask.register("a", "int")
    ask("PUT", "/config", {"compatibility": "BACKWARD_TRANSITIVE"})
    check = ask("POST", "/compatibility/subjects/a/versions?verbose=true", {"schema": '"long"'})
    assert check["is_compatible"] is False
    assert check["messages"][0].startswith("version 1: the schema is long to the reader but was written as string")
    ask("PUT", "/config/a", {"compatibility": "BACKWARD"})
    assert ask("DELETE", "/config/a") == {"compatibilityLevel": "BACKWARD"}
    assert ask("GET", "/config/a?defaultToGlobal=true") == {"compatibilityLevel": "BACKWARD_TRANSITIVE"}
    assert ask("GET", "/config") == {"compatibilityLevel": "BACKWARD_TRANSITIVE"}


def test_deleted_versions_are_hidden_first_and_gone_later(ask: Client) -> None:
    ask("PUT", "/config", {"compatibility": "NONE"})
    ask.register("a", "int")
    ask.register("a", "string")
    assert ask("DELETE", "/subjects/a/versions/1") == 1
    assert ask("GET", "/subjects/a/versions") == [2]
    assert ask("GET", "/subjects/a/versions?deleted=true") == [1, 2]
    assert ask("POST", "/subjects/a?deleted=true", {"schema": '"int"'})["version"] == 1
    assert ask("DELETE", "/subjects/a/versions/1?permanent=true") == 1
    assert ask("DELETE", "/subjects/a") == [2]
    assert ask("GET", "/subjects") == []
    assert ask("GET", "/subjects?deleted=true") == ["a"]
    assert ask.register("a", "int") == {"id": 1}
    assert ask("GET", "/subjects/a/versions") == [3]
    ask("DELETE", "/subjects/a")
    assert ask("DELETE", "/subjects/a?permanent=true") == [2, 3]
    assert ask("GET", "/subjects?deleted=true") == []


def test_references_are_part_of_a_schema(ask: Client) -> None:
    ask.register("part", record("x"))
    link = {"name": "R", "subject": "part", "version": 1}
    assert ask.register("whole", {"type": "array", "items": "R"}, references=[link]) == {"id": 2}
    assert ask("GET", "/schemas/ids/2")["references"] == [link]
    assert ask.register("whole", {"type": "array", "items": "int"}) == (409, 409)


def test_names_with_odd_characters_are_names(ask: Client) -> None:
    assert ask.register("a%20b%2Fc%25", "int") == {"id": 1}
    assert ask("GET", "/subjects") == ["a b/c%"]


def test_small_talk(ask: Client) -> None:
    assert ask("GET", "/") == {}
    assert ask("GET", "/schemas/types") == ["AVRO", "JSON", "PROTOBUF"]
    assert ask("GET", "/mode") == {"mode": "READWRITE"}


def test_a_body_that_is_no_json_is_refused(running: EmbeddedRegistry) -> None:
    response = requests.post(f"{running.url}/subjects/a/versions", data="{", timeout=30)
    assert (response.status_code, response.json()["error_code"]) == (400, 400)


def test_a_port_in_use_is_named(running: EmbeddedRegistry) -> None:
    port = running.url.rpartition(":")[2]
    result = CliRunner().invoke(main, ["--port", port])
    assert result.exit_code == 1
    assert f"can't listen on 127.0.0.1:{port}" in result.output
