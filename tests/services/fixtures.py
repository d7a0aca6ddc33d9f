"""Pytest fixtures: one server of each kind per session, started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services import Elasticsearch7, KafkaBroker


@pytest.fixture(scope="session")
def kafka_broker() -> Iterator[KafkaBroker]:
    """Shared by all tests: use topics and groups of your own, and start a broker of your own to stop it."""
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[Elasticsearch7]:
    """Shared by all tests: use indices of your own."""
    with Elasticsearch7() as server:
        yield server
