"""Pytest fixtures: one server of each kind per session, started when the first test asks for it.

All tests share them: use topics, groups, indices and tables of your own, and start a server of your own to stop it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.services import ConnectWorker, Elasticsearch7, JavaConnect, KafkaBroker, MariaDB, Mosquitto, SchemaRegistry


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[KafkaBroker]:
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch7]:
    with Elasticsearch7() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    with Mosquitto() as broker:
        yield broker


@pytest.fixture(scope="session")
def schema_registry() -> Iterator[SchemaRegistry]:
    with SchemaRegistry() as registry:
        yield registry


def _cluster(name: str) -> dict[str, str]:
    """A group and topics that nobody else uses."""
    cluster = f"{name}-{uuid.uuid4()}"
    topics = {f"{kind}.storage.topic": f"{cluster}-{kind}" for kind in ("config", "offset", "status")}
    return {"group.id": cluster, **topics}


@pytest.fixture
def java_connect(kafka_broker: KafkaBroker) -> Iterator[Callable[..., JavaConnect]]:
    """Starts Java workers on the shared broker, which end with the test; takes what JavaConnect takes.

    Workers of one test form a cluster of their own, unless their properties say otherwise.
    """
    own = _cluster("java")
    with ExitStack() as stack:

        def start(properties: dict[str, str] | None = None, **options: Any) -> JavaConnect:
            worker = JavaConnect(kafka_broker.bootstrap_servers, {**own, **(properties or {})}, **options)
            return stack.enter_context(worker)

        yield start


@pytest.fixture
def connect_worker(kafka_broker: KafkaBroker) -> Iterator[Callable[..., ConnectWorker]]:
    """Starts our workers on the shared broker, which end with the test; takes what ConnectWorker takes."""
    own = _cluster("python")
    with ExitStack() as stack:

        def start(properties: dict[str, str] | None = None, **options: Any) -> ConnectWorker:
            cluster = {} if options.get("connectors") is not None else own
            worker = ConnectWorker(kafka_broker.bootstrap_servers, {**cluster, **(properties or {})}, **options)
            return stack.enter_context(worker)

        yield start
