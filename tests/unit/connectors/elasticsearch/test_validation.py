"""Checks across keys and against the cluster, with a server in memory; the recorded ones are played elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connectors.elasticsearch.client import RequestFailed, Response
from connectors.elasticsearch.validation import validate
from tests.unit.connectors.elasticsearch.fakes import FakeServer, Request, answer
from tests.unit.connectors.elasticsearch.people import PEOPLE_SET, TALK


def errors(config: Mapping[str, str], server: FakeServer | None = None) -> dict[str, list[str]]:
    """What is wrong, by key."""
    server = FakeServer() if server is None else server
    found = validate({**TALK, **config}, lambda _settings: server)
    assert server.closed or not server.requests
    return {value.name: value.errors for value in found if value.errors}


@pytest.mark.parametrize("config", PEOPLE_SET.values(), ids=PEOPLE_SET)
def test_what_people_set_is_accepted(config: Mapping[str, str]) -> None:
    """Configurations as they are found in the wild, old keys included."""
    assert errors(config) == {}


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ({"linger.ms": "2000", "flush.timeout.ms": "1000"}, {"linger.ms", "flush.timeout.ms"}),
        (
            {"data.stream.type": "logs", "data.stream.dataset": "d", "write.method": "upsert"},
            {"write.method"},
        ),
        ({"proxy.host": "p", "proxy.username": "u"}, {"proxy.username", "proxy.password"}),
        ({"elastic.https.ssl.truststore.location": "/x"}, {"elastic.security.protocol"}),
        ({"external.version.strategy": "field"}, {"external.version.field", "external.version.strategy"}),
        ({"update.script": "x"}, {"update.script", "write.method"}),
        ({"index.name.format": "${timestamp:QQ}"}, {"index.name.format"}),
        ({"connection.api.key": "a:b", "connection.username": "u", "connection.password": "p"},
         {"connection.api.key", "connection.username"}),
        ({"rejection.timeout.ms": "-2"}, {"rejection.timeout.ms"}),
        ({"data.stream.namespace": "a-b", "data.stream.type": "logs", "data.stream.dataset": "d"},
         {"data.stream.namespace"}),
        ({"external.resource.usage": "index", "topic.to.external.resource.mapping": "ratings:a,b:c",
          "max.external.resource.mappings": "1"}, {"topic.to.external.resource.mapping"}),
    ],
)  # fmt: skip
def test_what_does_not_go_together(config: Mapping[str, str], keys: set[str]) -> None:
    """The keys that are wrong are named."""
    assert set(errors(config)) == keys


def test_an_unreachable_cluster_is_named() -> None:
    """With the reason, under connection.url."""

    def refuse(request: Request) -> Response | None:
        raise RequestFailed("Connection refused")

    found = errors({}, FakeServer(handlers=[refuse]))
    assert found["connection.url"][0] == "Could not connect to Elasticsearch. Error message: Connection refused"


def test_kerberos_is_refused_rather_than_left_out(tmp_path: Path) -> None:
    """A connector that would not authenticate as it was told is not created."""
    keytab = tmp_path / "x.keytab"
    keytab.touch()
    found = errors({"kerberos.user.principal": "me@X", "kerberos.keytab.path": str(keytab)})
    assert found == {
        "kerberos.user.principal": ["Kerberos is not available here; use user and password, or an API key."]
    }


@pytest.mark.parametrize("status", [403, 405])
def test_a_server_that_hides_its_root_is_reachable(status: int) -> None:
    """It may forbid or lack that page."""
    assert errors({}, FakeServer(handlers=[lambda r: Response(status) if r.path == "/" else None])) == {}


def test_wrong_credentials_are_told_at_once() -> None:
    """A 401 is not a cluster that is away."""
    server = FakeServer(handlers=[lambda _: Response(401)])
    assert set(errors({"connection.username": "u", "connection.password": "p"}, server)) == {
        "connection.username",
        "connection.password",
    }


@pytest.mark.parametrize(
    ("version", "config", "text"),
    [
        ("6.7.2", {}, "Connector is not compatible with Elasticsearch 6.7.2; it needs version 6.8 or newer."),
        (
            "7.8.1",
            {"data.stream.type": "logs", "data.stream.dataset": "d"},
            "Elasticsearch 7.8.1 has no data streams; they need version 7.9 or newer.",
        ),
    ],
)
def test_versions_that_are_too_old(version: str, config: Mapping[str, str], text: str) -> None:
    """What is needed is said."""
    server = FakeServer(root={"version": {"number": version}})
    assert errors(config, server) == {"connection.url": [text]}


@pytest.mark.parametrize(
    ("usage", "path"),
    [("index", "/target"), ("datastream", "/_data_stream/target"), ("alias_index", "/_alias/target")],
)
def test_external_resources_must_exist(usage: str, path: str) -> None:
    """They are looked up where such things are."""
    asked: list[str] = []

    def missing(request: Request) -> Response | None:
        asked.append(request.path)
        return answer(404, {}) if "target" in request.path else None

    config = {"external.resource.usage": usage, "topic.to.external.resource.mapping": "ratings:target"}
    found = errors(config, FakeServer(handlers=[missing]))
    assert found == {"topic.to.external.resource.mapping": [f"{usage} 'target' does not exist in Elasticsearch"]}
    assert path in asked


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            {"transforms": "k", "transforms.k.type": "org.apache.kafka.connect.transforms.ValueToKey"},
            "several partitions",
        ),
        ({"write.method": "upsert", "behavior.on.null.values": "delete"}, "ignores a delete"),
    ],
)
def test_doubtful_versions_are_warned_about(
    config: Mapping[str, Any], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Offsets only order the records of one partition."""
    with caplog.at_level(logging.WARNING):
        assert errors({"key.ignore": "false", **config}) == {}
    assert said in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        errors({"key.ignore": "false", "external.version.strategy": "none", **config})
    assert said not in caplog.text
