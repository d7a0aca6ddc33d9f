"""The services by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.services.elasticsearch import (
    Elasticsearch6,
    Elasticsearch7,
    Elasticsearch8,
    OpenSearch,
    OpenSearch3,
)
from tests.services.java_connect import JavaConnect
from tests.services.kafka import KafkaBroker
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.mysql import MySQL
from tests.services.postgresql import PostgreSQL
from tests.services.process import Server
from tests.services.registry import SchemaRegistry
from tests.services.rsyslog import Rsyslog

SERVICES: Mapping[str, type[Server]] = {
    service.name: service
    for service in (
        KafkaBroker,
        JavaConnect,
        Elasticsearch6,
        Elasticsearch7,
        Elasticsearch8,
        OpenSearch,
        OpenSearch3,
        SchemaRegistry,
        MariaDB,
        MySQL,
        PostgreSQL,
        Mosquitto,
        Rsyslog,
    )
}
