"""The real servers that tests, benchmarks and people run against.

They are fetched once into a cache, started on loopback ports, and ended by the one who started them::

    with KafkaBroker() as broker, Elasticsearch7() as search:
        print(broker.bootstrap_servers, search.url)

``python -m tests.services up kafka elasticsearch`` does it for people, the fixtures of fixtures.py for pytest.
"""

from __future__ import annotations

from tests.services.connect_worker import ConnectWorker
from tests.services.elasticsearch import (
    Elasticsearch6,
    Elasticsearch7,
    Elasticsearch8,
    OpenSearch,
    OpenSearch3,
    SearchServer,
)
from tests.services.errors import ServiceError
from tests.services.java_connect import JavaConnect
from tests.services.kafka import KafkaBroker
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.mysql import MySQL
from tests.services.postgresql import PostgreSQL
from tests.services.process import Server
from tests.services.registry import SchemaRegistry
from tests.services.rsyslog import Rsyslog

__all__ = [
    "ConnectWorker",
    "Elasticsearch6",
    "Elasticsearch7",
    "Elasticsearch8",
    "JavaConnect",
    "KafkaBroker",
    "MariaDB",
    "Mosquitto",
    "MySQL",
    "OpenSearch",
    "OpenSearch3",
    "PostgreSQL",
    "Rsyslog",
    "SchemaRegistry",
    "SearchServer",
    "Server",
    "ServiceError",
]
