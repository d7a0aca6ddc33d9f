"""Requests made up from /openapi.json: whatever is sent, the answer is one that Kafka Connect also gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from connect.rest.openapi import OPERATIONS
from tests.conformance.rest_worker import ConnectWorker
from tests.services import KafkaBroker

SERVER_ERRORS_OF_JAVA = (
    "Cannot construct instance",
    "Cannot deserialize value",
    "Illegal null or empty Level name.",
    "Instantiation error",
    "Invalid UTF-8",
    "No content to map",
    "The configuration must not be null",
    "The request's body must not be null",
    "Unexpected",
    "Unrecognized",
    "org.apache.kafka.common.config.ConfigException: ",
    "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: ",
)
"""How the messages of the 500s begin that the recorded scenarios have too; two stand for null pointers there."""

CHECKS: list[CheckFunction] = [response_schema_conformance, status_code_conformance]


@pytest.fixture(scope="session")
def rest_schema(kafka_broker: KafkaBroker) -> Iterator[Any]:
    with ConnectWorker(kafka_broker.bootstrap_servers, {}) as worker:
        yield schemathesis.openapi.from_url(f"{worker.address}/openapi.json")


VALID = [(method, path, GenerationMode.POSITIVE) for method, path in OPERATIONS]
INVALID = [
    (method, path, GenerationMode.NEGATIVE)
    for (method, path), operation in OPERATIONS.items()
    if "requestBody" in operation
]


@pytest.mark.parametrize(("method", "path", "mode"), VALID + INVALID)
def test_made_up_requests_get_answers_as_described(
    rest_schema: Any, method: str, path: str, mode: GenerationMode
) -> None:
    """Bodies have the described shape; server errors are those that Java gives too; nothing shows a traceback.

    Half of the requests are as described themselves, half are not.
    """

    @given(case=rest_schema[path][method].as_strategy(generation_mode=mode))
    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def ask(case: Any) -> None:
        response = case.call(timeout=30)
        assert "Traceback" not in response.text
        if response.status_code == 500 and path != "/health":
            assert response.json()["message"].startswith(SERVER_ERRORS_OF_JAVA)
        case.validate_response(response, checks=CHECKS)

    ask()
