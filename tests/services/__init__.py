"""The real servers that tests, benchmarks and people run against.

They are fetched once into a cache, started on loopback ports, and ended by the one who started them::

    with KafkaBroker() as broker, Elasticsearch7() as search:
        print(broker.bootstrap_servers, search.url)

``python -m tests.services up kafka elasticsearch`` does it for people, the fixtures of fixtures.py for pytest.
"""

from __future__ import annotations

from tests.services.elasticsearch import Elasticsearch7, Elasticsearch8, OpenSearch, SearchServer
from tests.services.errors import ServiceError
from tests.services.kafka import KafkaBroker
from tests.services.process import Server

__all__ = [
    "Elasticsearch7",
    "Elasticsearch8",
    "KafkaBroker",
    "OpenSearch",
    "SearchServer",
    "Server",
    "ServiceError",
]
