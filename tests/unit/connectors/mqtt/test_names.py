from __future__ import annotations

from typing import Any

import pytest

from connect.api import BYTES_SCHEMA, STRING_SCHEMA, ConfigException, DataException, SinkOrigin, TimestampType
from connect.api.batch import RecordBatch
from connectors.mqtt import kcql
from connectors.mqtt.keys import check_filter
from connectors.mqtt.settings import Server, client_id
from connectors.mqtt.subscriber import divided
from connectors.mqtt.topics import Route, Router, matches
from connectors.mqtt.values import payload, target


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/", True),
        ("+/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
    ],
)
def test_filters_match_as_the_standard_says(pattern: str, topic: str, expected: bool) -> None:
    assert matches(pattern, topic) is expected


@pytest.mark.parametrize("text", ["", "a/#/b", "a#", "a+/b", "$share/g", "$share//x", "a\0"])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ConfigException):
        check_filter("mqtt.topics", text)


def test_topics_are_mapped_by_the_first_route_that_matches() -> None:
    routes = [Route.parse("k", "sensors/+/temp=temps-${2}"), Route.parse("k", "owntracks/#=${topic}"), Route("#", "x")]
    router = Router(routes)
    assert [router.topic(t) for t in ("sensors/a b/temp", "owntracks/ü/1", "other")] == [
        "temps-a_b",
        "owntracks___1",
        "x",
    ]
    assert router.constant is None
    assert Router([Route("#", "x")]).constant == "x"


@pytest.mark.parametrize("text", ["a", "a=", "a=b/c", "a#=b", "a=${0}", "a=${name}"])
def test_mappings_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigException):
        Route.parse("mqtt.topic.mapping", text)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("tcp://h", Server("h", 1883)),
        ("h:9", Server("h", 9)),
        ("ssl://[::1]:8883", Server("::1", 8883, secure=True)),
        ("ws://h:80", Server("h", 80, path="/mqtt")),
        ("wss://h/x", Server("h", 443, secure=True, path="/x")),
    ],
)
def test_server_uris(uri: str, expected: Server) -> None:
    assert Server.parse("mqtt.server.uri", uri) == expected


@pytest.mark.parametrize("uri", ["http://h", "tcp://", "tcp://h:x", "tcp://h:99999"])
def test_uris_of_no_server_are_refused(uri: str) -> None:
    with pytest.raises(ConfigException):
        Server.parse("mqtt.server.uri", uri)


def test_filters_are_divided_and_shared_ones_are_for_all() -> None:
    assert divided(["a", "b", "c"], 2) == [["a", "c"], ["b"]]
    assert divided(["a"], 5) == [["a"]]
    assert divided(["$share/g/x", "a"], 3) == [["$share/g/x", "a"], ["$share/g/x"], ["$share/g/x"]]


def test_client_ids_stay_the_same() -> None:
    assert [client_id("", "c", 0), client_id("", "c", 1), client_id("me", "c", 0)] == ["connect-c", "connect-c-1", "me"]


def test_kcql() -> None:
    text = "INSERT INTO `$` SELECT * FROM `a/+/b` WITHCONVERTER=`x.BytesConverter`; insert into t select * from /m"
    assert kcql.parse("k", text) == [kcql.Statement("$", "a/+/b", "x.BytesConverter"), kcql.Statement("t", "/m")]
    assert kcql.parse("k", "INSERT INTO x SELECT * FROM t WITHTARGET = a.b")[0].field == "a.b"


@pytest.mark.parametrize(
    "text", ["", ";", "SELECT * FROM a", "INSERT INTO a SELECT b FROM c", "INSERT INTO a SELECT * FROM b WITHKEY(x)"]
)
def test_kcql_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(ConfigException):
        kcql.parse("connect.mqtt.kcql", text)


def batch(key: Any, value: Any) -> RecordBatch:
    origin = SinkOrigin("orders", 0, [0], TimestampType.CREATE_TIME, [None], [None])
    return RecordBatch("orders", [value], None, origin=origin, keys=[key], key_schema=STRING_SCHEMA)


def test_a_record_names_its_mqtt_topic() -> None:
    record = batch("k1", {"site": {"id": 5}})
    assert target("k", "a/b")(record, 0) == "a/b"
    assert target("k", "${topic}")(record, 0) == "orders"
    assert target("k", "x/${key}/${value.site.id}/${topic}")(record, 0) == "x/k1/5/orders"
    for template, wrong in (("${value.no}", record), ("${key}", batch("a/+", None)), ("${key}", batch(None, None))):
        with pytest.raises(DataException):
            target("k", template)(wrong, 0)
    for template in ("a/#", "${name}"):
        with pytest.raises(ConfigException):
            target("mqtt.topic", template)


def test_payloads() -> None:
    assert payload(b"x", BYTES_SCHEMA, json=False) == b"x"
    assert payload("ü", STRING_SCHEMA, json=False) == "ü".encode()
    assert payload(None, None, json=False) == b""
    assert payload({"a": [1, {"b": None}]}, None, json=True) == b'{"a":[1,{"b":null}]}'
    with pytest.raises(DataException, match="BYTES or STRING"):
        payload({"a": 1}, None, json=False)
