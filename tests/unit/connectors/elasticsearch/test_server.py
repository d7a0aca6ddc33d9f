"""Recognising servers."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.elasticsearch.client import Response
from connectors.elasticsearch.server import Flavor, Server, detect
from tests.unit.connectors.elasticsearch.fakes import FakeServer, Request, answer


def server_with(root: Response, nodes: Response | None = None) -> FakeServer:
    def handle(request: Request) -> Response | None:
        return root if request.path == "/" else nodes

    return FakeServer(handlers=[handle])


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ({"number": "7.17.29"}, "Elasticsearch 7.17.29"),
        ({"number": "9.0.0-SNAPSHOT"}, "Elasticsearch 9.0.0"),
        ({"number": "2.19.6", "distribution": "opensearch"}, "OpenSearch 2.19.6"),
    ],
)
def test_the_root_tells(version: dict[str, Any], shown: str) -> None:
    """Flavour and version."""
    assert str(detect(server_with(answer(200, {"version": version})))) == shown


def test_a_server_without_a_root() -> None:
    """405 or Elasticsearch's header is enough; other servers are asked for their nodes."""
    assert detect(server_with(Response(405))) == Server(Flavor.ELASTICSEARCH)
    header = Response(403, b"{}", {"x-elastic-product": "Elasticsearch"})
    assert detect(server_with(header)) == Server(Flavor.ELASTICSEARCH)
    nodes = answer(200, {"nodes": {"a": {"version": "2.19.6"}}})
    assert detect(server_with(Response(403), nodes)) == Server(Flavor.OPENSEARCH, (2, 19, 6))
    nodes = answer(200, {"nodes": {"a": {"version": "6.8.23"}}})
    assert detect(server_with(Response(403), nodes)).typed
    assert detect(server_with(Response(403), Response(403))) == Server(Flavor.UNKNOWN)


def test_what_versions_can_do() -> None:
    """6.8 is the oldest that is spoken to, data streams came with 7.9."""
    old = Server(Flavor.ELASTICSEARCH, (6, 7, 0))
    assert (old.supported, old.typed, old.has_data_streams) == (False, True, False)
    assert Server(Flavor.ELASTICSEARCH, (6, 8, 23)).supported
    assert Server(Flavor.ELASTICSEARCH, (7, 9)).has_data_streams
    assert Server(Flavor.OPENSEARCH, (1, 0)).has_data_streams
