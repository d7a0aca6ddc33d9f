"""The worker's own settings, against the recorded tables of Kafka Connect's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connect.api import ConfigDef, ConfigException
from connect.runtime.connector_config import COMMON_CONFIG, SINK_CONFIG, SOURCE_CONFIG
from connect.worker_config import DISTRIBUTED_CONFIG, STANDALONE_CONFIG, misspelt, read_worker_config
from tests.conformance.vectors import CONFORMANCE_DIR

DISTRIBUTED = {
    "bootstrap.servers": "b:9092",
    "group.id": "g",
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "config.storage.topic": "c",
    "offset.storage.topic": "o",
    "status.storage.topic": "s",
}


def table(name: str) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = json.loads((CONFORMANCE_DIR / "config" / f"{name}.json").read_text())["keys"]
    return keys


@pytest.mark.parametrize(
    ("name", "definition"),
    [("distributed-worker", DISTRIBUTED_CONFIG), ("standalone-worker", STANDALONE_CONFIG)],
)
def test_a_worker_has_the_settings_that_java_has(name: str, definition: ConfigDef) -> None:
    """Same keys, types, defaults, importance, and the same words about valid values."""
    assert {key["name"] for key in table(name)} == set(definition.keys)
    for wanted in table(name):
        key = definition.keys[wanted["name"]]
        described = key.describe()
        assert (described["type"], described["required"], described["default_value"], described["importance"]) == (
            wanted["type"],
            wanted["required"],
            wanted["default"],
            wanted["importance"],
        ), wanted["name"]
        assert (None if key.validator is None else str(key.validator)) == wanted["valid"], wanted["name"]


@pytest.mark.parametrize(
    ("name", "definition"),
    [("connector-common", COMMON_CONFIG), ("source-connector", SOURCE_CONFIG), ("sink-connector", SINK_CONFIG)],
)
def test_a_connector_has_the_framework_keys_that_java_has(name: str, definition: ConfigDef) -> None:
    """In the same order, with the same places in a form; what depends on plugins is judged elsewhere."""
    assert [key["name"] for key in table(name)] == list(definition.keys)
    for wanted in table(name):
        key = definition.keys[wanted["name"]].describe()
        for ours, theirs in (
            ("type", "type"),
            ("required", "required"),
            ("default_value", "default"),
            ("importance", "importance"),
            ("group", "group"),
            ("order_in_group", "orderInGroup"),
            ("width", "width"),
            ("display_name", "displayName"),
        ):
            assert key[ours] == wanted[theirs], (wanted["name"], ours)
        if not wanted["name"].endswith(("converter", "plugin.version")):
            validator = definition.keys[wanted["name"]].validator
            assert (None if validator is None else str(validator)) == wanted["valid"], wanted["name"]


def test_a_complete_set_of_properties_is_parsed() -> None:
    parsed = read_worker_config({**DISTRIBUTED, "offset.flush.interval.ms": "1000"}, standalone=False)
    assert parsed["offset.flush.interval.ms"] == 1000
    assert parsed["listeners"] == ["http://:8083"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("group.id", None, 'Missing required configuration "group.id"'),
        ("session.timeout.ms", "soon", "Invalid value soon for configuration session.timeout.ms: Not a number"),
        ("offset.storage.partitions", "0", "Positive number, or -1 to use the broker's default"),
        ("connect.protocol", "x", "Invalid Connect protocol compatibility"),
        ("listeners", "ftp://x:1", "Listener doesn't have the right format"),
        ("inter.worker.signature.algorithm", "HmacSHA512", "must be present in inter.worker.verification.algorithms"),
        ("inter.worker.verification.algorithms", "", "At least one signature verification algorithm"),
    ],
)
def test_what_is_wrong_is_named(key: str, value: str | None, message: str) -> None:
    properties = {k: v for k, v in {**DISTRIBUTED, key: value}.items() if v is not None}
    with pytest.raises(ConfigException, match=message):
        read_worker_config(properties, standalone=False)


def test_typing_errors_are_noticed() -> None:
    """A key that nobody knows is pointed out when it looks like one that somebody does."""
    properties = {"offset.flush.intervall.ms": "1", "producer.linger.ms": "1", "my.own.key": "1"}
    assert misspelt(properties) == {"offset.flush.intervall.ms": "offset.flush.interval.ms"}
