"""The reference pages say what the code says, and their examples do what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from connect.api import ConfigValue
from connect.demo.registry import EmbeddedRegistry
from connect.plugins.registry import PluginRegistry
from connect.runtime.connector_config import SINK_CONFIG, SOURCE_CONFIG
from connect.runtime.validation.validator import ConnectorValidator
from connectors.elasticsearch.sink import ElasticsearchSinkConnector
from connectors.elasticsearch.validation import validate
from docs import examples
from docs.catalogue import KINDS, Documented, documented
from docs.generate import written
from docs.pages import COMMAND, reference
from tests.unit.connectors.elasticsearch.fakes import FakeServer

ITEMS = documented()
WORKER = {
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
}


def of_kind(kind: str) -> Any:
    assert kind in KINDS.values()
    return pytest.mark.parametrize("item", [item for item in ITEMS if item.kind == kind], ids=lambda item: item.name)


def as_json(value: Any) -> str:
    """Tells 1 from 1.0 and True, and keeps the order of fields."""
    return json.dumps(value)


def test_pages_are_up_to_date() -> None:
    made, old = reference(), written()
    stale = sorted(name for name in made.keys() | old.keys() if made.get(name) != old.get(name))
    assert not stale, f"stale pages in docs/reference: {', '.join(stale)}. Run: {COMMAND}"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.path)
def test_every_plugin_promises_something_and_documents_its_settings(item: Documented) -> None:
    assert item.promise.endswith(".")
    assert [key.name for key in item.config if not key.doc] == []


@of_kind("transformation")
def test_transformations(item: Documented) -> None:
    examples.provide_module(item)
    changed = examples.transform(examples.transformation_config(item), item.example["input"])
    assert as_json(changed) == as_json(item.example["output"])


@of_kind("predicate")
def test_predicates(item: Documented) -> None:
    config = examples.transformation_config(item)
    assert examples.transform(config, item.example["holds"]) is None
    assert as_json(examples.transform(config, item.example["fails"])) == as_json(item.example["fails"])


@of_kind("converter")
def test_converters(item: Documented, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedRegistry() as registry:
        if "schema.registry.url" in item.example["config"]:
            monkeypatch.setitem(item.example["config"], "schema.registry.url", registry.url)
        data = examples.convert(item)
        assert data == examples.example_bytes(item)
        assert examples.convert_back(item) is not None


@of_kind("connector")
def test_connectors(item: Documented, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_server(config: Mapping[str, str]) -> list[ConfigValue]:
        return validate(config, open_door=lambda _: FakeServer())

    monkeypatch.setattr(ElasticsearchSinkConnector, "validate", staticmethod(without_server))
    monkeypatch.setattr("connectors.jdbc.validation.connect", lambda *_: None)  # there is no database
    config = {"name": item.example["name"], **examples.connector_config(item)}
    found = ConnectorValidator(PluginRegistry(), WORKER, None).validate(config, lambda _: None)
    errors = {entry["value"]["name"]: entry["value"]["errors"] for entry in found["configs"]}
    assert {name: texts for name, texts in errors.items() if texts} == {}
    known = {*SOURCE_CONFIG.keys, *SINK_CONFIG.keys, *item.config.keys}
    assert [key for key in config if key not in known and not key.startswith("value.converter.")] == []
