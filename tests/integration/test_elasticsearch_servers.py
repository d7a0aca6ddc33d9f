"""The Elasticsearch sink on the servers that need nothing but Python; ``make soak`` tries the others."""

from __future__ import annotations

import pytest

from tests.integration.elasticsearch_servers import exercise
from tests.services import Elasticsearch6, Elasticsearch7, OpenSearch, SearchServer


def test_elasticsearch_7(elasticsearch: Elasticsearch7) -> None:
    """The server of the other tests."""
    exercise(elasticsearch)


@pytest.mark.parametrize("kind", [Elasticsearch6, OpenSearch])
def test_servers_that_speak_otherwise(kind: type[SearchServer]) -> None:
    """Mapping types before version 7; OpenSearch without the header that Elasticsearch's own client insists on."""
    with kind() as server:
        exercise(server)
