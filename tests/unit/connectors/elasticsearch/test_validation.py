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

STREAM = {"data.stream.type": "logs", "data.stream.dataset": "d"}
MAPPING = "topic.to.external.resource.mapping"
INDEX = {"external.resource.usage": "index"}


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
        ({**STREAM, "data.stream.timestamp.field": "t", **INDEX},
         {MAPPING, "external.resource.usage", "data.stream.timestamp.field"}),
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
    found = errors({"connection.username": "u", "connection.password": "p"}, server)
    assert set(found) == {"connection.url", "connection.username", "connection.password"}
    assert found["connection.username"] == [
        (
            "Could not authenticate the user. Check the 'connection.username' and 'connection.password'."
            " Error message: HTTP status 401"
        )
    ]


@pytest.mark.parametrize(
    ("version", "config", "text", "keys"),
    [
        (
            "6.7.2",
            {},
            "Connector is not compatible with Elasticsearch 6.7.2; it needs version 6.8 or newer.",
            {"connection.url"},
        ),
        (
            "7.8.1",
            STREAM,
            (
                "Elasticsearch version 7.8.1 is not compatible with data streams. Elasticsearchversion must be at least"
                " 7.9.0."
            ),
            {"connection.url", "data.stream.type", "data.stream.dataset"},
        ),
    ],
)
def test_versions_that_are_too_old(version: str, config: Mapping[str, str], text: str, keys: set[str]) -> None:
    """What is needed is said."""
    server = FakeServer(root={"version": {"number": version}})
    assert errors(config, server) == {key: [text] for key in keys}


@pytest.mark.parametrize(
    ("usage", "path"),
    [("index", "/target"), ("datastream", "/target"), ("alias_index", "/_alias/target")],
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


@pytest.mark.parametrize(
    ("config", "texts"),
    [
        (
            {**INDEX, MAPPING: "ratings:a,b:c", "max.external.resource.mappings": "1"},
            [("Invalid value [ratings:a, b:c] for configuration topic.to.external.resource.mapping: Too many"
             " topic-to-external-resource mappings are configured (2). Maximum allowed limit is 1.")],
        ),
        (
            {**INDEX, MAPPING: "ratings:"},
            [("Invalid value ratings: for configuration topic.to.external.resource.mapping: Invalid topic-to-resource"
             " mapping format. The expected format: topic:resource")],
        ),
        (
            {**INDEX, MAPPING: "ratings:a,ratings:b"},
            [("Invalid value ratings:b for configuration topic.to.external.resource.mapping: Topic 'ratings' is mapped"
             " to multiple resources. Each topic must be mapped to exactly one resource.")],
        ),
        (
            {**INDEX, MAPPING: "ratings:a,b:c"},
            ["Topic 'b' is mapped but not configured. All mapped topics must be configured topics."],
        ),
        (
            {**INDEX, MAPPING: "x:a,y:b", "topics": "ratings,more"},
            ["Topic 'ratings' is not mapped to any resource. All configured topics must be mapped to a resource."],
        ),
        ({MAPPING: "x"}, [
            ("Invalid configuration: external.resource.usage and topic.to.external.resource.mapping must be configured"
            " together. Either both must be set, or both must be empty.")]),
    ],
)  # fmt: skip
def test_what_is_wrong_about_resources(config: Mapping[str, str], texts: list[str]) -> None:
    """The first thing that is wrong, in Java's words."""
    assert errors(config)[MAPPING] == texts


@pytest.mark.parametrize(
    ("config", "key", "text"),
    [
        (
            {"proxy.host": "p", "proxy.username": "u"},
            "proxy.password",
            "Either both or neither 'proxy.username' and 'proxy.password' can be set.",
        ),
        (
            {**STREAM, "data.stream.dataset": "a b"},
            "data.stream.dataset",
            ('Invalid value a b for configuration data.stream.dataset: The specified dataset must not contain any'
            ' spaces or invalid characters \\/*?"<>|,#-:'),
        ),
        (
            {"kerberos.user.principal": "me", "connection.username": "u", "connection.password": "p"},
            "connection.username",
            ("Either only Kerberos (kerberos.user.principal, kerberos.keytab.path) or connection credentials"
            " (connection.username, connection.password) must be set."),
        ),
        (
            {"kerberos.user.principal": "me", "proxy.host": "p"},
            "proxy.host",
            ("Kerberos (kerberos.user.principal, kerberos.keytab.path) is not supported with proxy settings"
            " (proxy.host)."),
        ),
        (
            {"kerberos.user.principal": "me", "kerberos.keytab.path": "/no/file"},
            "kerberos.keytab.path",
            "Invalid value /no/file for configuration kerberos.keytab.path: The specified file must end with .keytab",
        ),
        (
            {"elastic.https.ssl.keystore.location": ""},
            "elastic.security.protocol",
            "'elastic.security.protocol' must be set to 'SSL' to use SSL configs.",
        ),
    ],
)  # fmt: skip
def test_texts(config: Mapping[str, str], key: str, text: str) -> None:
    """As Java says it."""
    assert errors(config)[key] == [text]


def test_upserts_into_a_data_stream_are_told_before_deletes() -> None:
    """One thing at a time."""
    found = errors({**STREAM, "write.method": "upsert", "behavior.on.null.values": "delete"})
    assert set(found) == {"write.method"}


def test_what_may_be_to_blame_for_no_connection(tmp_path: Path) -> None:
    """Besides the address: TLS, proxy and user."""

    def refuse(request: Request) -> Response | None:
        raise RequestFailed("Connection refused")

    config = {
        "elastic.security.protocol": "SSL",
        "elastic.https.ssl.truststore.location": "/x",
        "proxy.host": "p",
        "proxy.username": "u",
        "proxy.password": "p",
        "connection.username": "u",
        "connection.password": "p",
    }
    found = errors(config, FakeServer(handlers=[refuse]))
    assert found["elastic.security.protocol"] == [
        "Could not connect to Elasticsearch. Check your SSL settings.Error message: Connection refused"
    ]
    proxy = "Could not connect to Elasticsearch. Check your proxy settings. Error message: Connection refused"
    for key in ("proxy.host", "proxy.port", "proxy.username", "proxy.password"):
        assert found[key] == [proxy]
    assert len(found["connection.username"]) == len(found["connection.password"]) == 1


def test_a_resource_that_can_not_be_looked_up_is_told() -> None:
    """A refusal isn't the same as a resource that is missing."""
    server = FakeServer(handlers=[lambda r: Response(403) if "target" in r.path else None])
    found = errors({**INDEX, MAPPING: "ratings:target"}, server)
    assert found == {MAPPING: ["Failed to check if index 'target' exists: HTTP status 403"]}
