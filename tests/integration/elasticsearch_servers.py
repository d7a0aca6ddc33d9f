"""What the sink does on every kind of server: mappings from schemas, versions, deletes, updates, refused documents."""

from __future__ import annotations

import json
from typing import Any

import requests

from tests.integration.elasticsearch_run import PATIENCE, Run, count, numbers
from tests.services import OpenSearch, OpenSearch3, SearchServer
from tests.waiting import wait_until

_LOGICAL = "org.apache.kafka.connect.data"
_RENTALS = {
    "type": "struct",
    "fields": [
        {"field": "n", "type": "int32"},
        {"field": "rented", "type": "int64", "name": f"{_LOGICAL}.Timestamp", "version": 1},
        {"field": "day", "type": "int32", "name": f"{_LOGICAL}.Date", "version": 1},
        {"field": "price", "type": "bytes", "name": f"{_LOGICAL}.Decimal", "parameters": {"scale": "2"}},
        {"field": "title", "type": "string"},
        {"field": "notes", "type": "map", "keys": {"type": "string"}, "values": {"type": "int32"}, "optional": True},
    ],
}
_TYPES = {"n": "integer", "rented": "date", "day": "date", "price": "double", "title": "text"}
_RENTAL = {"rented": 1_700_000_000_000, "day": 19675, "price": "B88=", "title": "ACADEMY DINOSAUR", "notes": {"a": 1}}


def exercise(server: SearchServer) -> None:
    """Write to a server in all ways there are, and read what arrived."""
    _keyed_rows_with_a_schema(server)
    _updates(server)
    _refused_documents(server)
    if isinstance(server, OpenSearch | OpenSearch3):
        _data_stream(server)


def _keyed_rows_with_a_schema(server: SearchServer) -> None:
    config = {
        "key_ignore": "false",
        "schema_ignore": "false",
        "value_converter_schemas_enable": "true",
        "behavior_on_null_values": "delete",
    }
    run = Run(server.url, {"rentals": 0}, **config)
    for number in range(40):
        run.append("rentals", {"schema": _RENTALS, "payload": {"n": number, **_RENTAL}}, str(number))
    wait_until(lambda: count(server, "rentals") == 40, PATIENCE)
    run.append("rentals", None, "3")
    run.append("rentals", {"schema": _RENTALS, "payload": {"n": 50, **_RENTAL}}, "5")
    wait_until(lambda: numbers(server, "rentals")[-1] == 50, PATIENCE)
    assert run.finish() == {"rentals": 42}
    assert numbers(server, "rentals") == [0, 1, 2, 4, *range(6, 40), 50]
    properties = _properties(server, "rentals")
    assert {name: properties[name]["type"] for name in _TYPES} == _TYPES
    source = _document(server, "rentals", "5")
    assert source == {"n": 50, **_RENTAL, "price": 19.99}


def _updates(server: SearchServer) -> None:
    run = Run(server.url, {"merged": 0}, write_method="upsert", key_ignore="false")
    run.append("merged", {"n": 1, "a": {"x": 1}}, "k")
    run.append("merged", {"n": 2, "a": {"y": 2}}, "k")
    wait_until(lambda: count(server, "merged") == 1 and numbers(server, "merged") == [2], PATIENCE)
    assert run.finish() == {"merged": 2}
    assert _document(server, "merged", "k") == {"n": 2, "a": {"x": 1, "y": 2}}


def _refused_documents(server: SearchServer) -> None:
    config = {
        "behavior.on.malformed.documents": "ignore",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": "dlq",
        "errors.deadletterqueue.topic.replication.factor": "1",
    }
    run = Run(server.url, {"sifted": 100}, connection_compression="true", **config)
    wait_until(lambda: count(server, "sifted") == 100, PATIENCE)
    run.append("sifted", {"n": "no number"}, "bad")
    run.produce("sifted", range(100, 200))
    wait_until(lambda: count(server, "sifted") == 200 and bool(run.kafka.messages("dlq")), PATIENCE)
    assert run.finish() == {"sifted": 201}
    assert [letter.key() for letter in run.kafka.messages("dlq")] == [b"bad"]


def _data_stream(server: SearchServer) -> None:
    template = {"index_patterns": ["logs-shop-*"], "data_stream": {}}
    requests.put(f"{server.url}/_index_template/logs-shop", json=template, timeout=30).raise_for_status()
    run = Run(server.url, {"Orders": 100}, data_stream_type="logs", data_stream_dataset="shop")
    wait_until(lambda: count(server, "logs-shop-orders") == 100, PATIENCE)
    assert run.finish() == {"Orders": 100}


def _properties(server: SearchServer, index: str) -> dict[str, Any]:
    mappings = requests.get(f"{server.url}/{index}/_mapping", timeout=30).json()[index]["mappings"]
    properties = mappings.get("_doc", mappings)["properties"]
    assert isinstance(properties, dict)
    return properties


def _document(server: SearchServer, index: str, id: str) -> Any:
    return json.loads(requests.get(f"{server.url}/{index}/_doc/{id}", timeout=30).text)["_source"]
