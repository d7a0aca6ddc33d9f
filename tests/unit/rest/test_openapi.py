"""The description of the REST API says what there is, no more and no less."""

from __future__ import annotations

import json
from typing import Any

from connect.rest.openapi import OPERATIONS, PATH, openapi_document
from tests.unit.rest.parts import serve

DISTRIBUTED_ONLY = {("GET", "/admin/placement"), ("POST", "/admin/drain")}
"""What the standalone worker of these tests doesn't have."""


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"].removeprefix("#/components/schemas/")} if "$ref" in value else set()
        return own.union(*(references(item) for item in value.values())) if value else own
    if isinstance(value, list):
        return set().union(*(references(item) for item in value)) if value else set()
    return set()


async def test_every_route_is_described_and_every_description_has_a_route() -> None:
    async with serve() as served:
        routes = {
            (route.method, route.path) for route in (*served.services.routes(None), *served.services.admin_routes())
        }
        assert routes | {("GET", PATH)} | DISTRIBUTED_ONLY == set(OPERATIONS)
        status, document = await served.ask("GET", PATH)
        assert status == 200
        described = {
            (method.upper(), path)
            for path, item in document["paths"].items()
            for method in item
            if method != "parameters"
        }
        assert described == set(OPERATIONS) - DISTRIBUTED_ONLY


async def test_the_document_refers_to_nothing_that_is_missing() -> None:
    """Schemas exist, and are all used; ids are unique; every variable of a path is a parameter."""
    async with serve() as served:
        document = openapi_document([*served.services.routes(None), *served.services.admin_routes()])
    assert references(document) == set(document["components"]["schemas"])
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(ids) == len(set(ids))
    for path, item in document["paths"].items():
        names = [parameter["name"] for parameter in item.get("parameters", [])]
        assert names == [part[1:-1] for part in path.split("/") if part.startswith("{")]
    assert json.loads(json.dumps(document)) == document
