"""The Elasticsearch sink on the servers that need a Java with all modules."""

from __future__ import annotations

import pytest

from tests.integration.elasticsearch_servers import exercise
from tests.services import Elasticsearch8, OpenSearch3, SearchServer


@pytest.mark.parametrize("kind", [Elasticsearch8, OpenSearch3])
def test_newer_servers(kind: type[SearchServer]) -> None:
    """They take the same documents, mappings, deletes and updates."""
    with kind() as server:
        exercise(server)
