"""Whatever is sent, the answer is one that Kafka Connect also gives. ``make soak`` sends 10,000 requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from tests.conformance.rest_fuzz import KINDS, send_made_up_requests
from tests.conformance.rest_worker import ConnectWorker
from tests.services import KafkaBroker


@pytest.fixture(scope="module")
def rest_schema(kafka_broker: KafkaBroker) -> Iterator[Any]:
    with ConnectWorker(kafka_broker.bootstrap_servers, {}) as worker:
        yield schemathesis.openapi.from_url(f"{worker.address}/openapi.json")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: " ".join(map(str, kind)))
def test_made_up_requests_get_answers_as_described(rest_schema: Any, kind: Any) -> None:
    """Bodies have the described shape; server errors are those that Java gives too; nothing shows a traceback.

    Half of the requests with bodies are as described themselves, half are not.
    """
    assert send_made_up_requests(rest_schema, kind, 20) > 0
