"""Requests made up from /openapi.json, and what their answers must be like."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from connect.rest.openapi import OPERATIONS

SERVER_ERRORS_OF_JAVA = (
    "An offset must not be null",
    "Cannot coerce empty String",
    "Cannot construct instance",
    "Cannot deserialize value",
    "Illegal character ((CTRL-CHAR",
    "Illegal null or empty Level name.",
    "Illegal unquoted character ((CTRL-CHAR",
    "Input mismatch reading Enum",
    "Instantiation error",
    "Invalid UTF-8",
    "Invalid numeric value",
    "No content to map",
    "The configuration must not be null",
    "The request's body must not be null",
    "Trailing token",
    "Unexpected",
    "Unrecognized",
    "org.apache.kafka.common.config.ConfigException: ",
    "org.apache.kafka.connect.runtime.rest.errors.BadRequestException: ",
)
"""How the messages of the 500s begin that the recorded scenarios have too; three stand for null pointers there."""

CHECKS: list[CheckFunction] = [response_schema_conformance, status_code_conformance]
KINDS = [(method, path, GenerationMode.POSITIVE) for method, path in OPERATIONS] + [
    (method, path, GenerationMode.NEGATIVE)
    for (method, path), operation in OPERATIONS.items()
    if "requestBody" in operation
]


def send_made_up_requests(
    schema: Any, kind: tuple[str, str, GenerationMode], at_most: int, connectors: list[str] | None = None
) -> int:
    """Send up to that many different requests of a kind, half of them about one of ``connectors``; how many it were.

    Fails for a traceback, a server error that Java doesn't have, or an answer that is not as described.
    """
    method, path, mode = kind
    names = st.sampled_from([None, *(connectors or [])])
    sent = 0

    @given(case=schema[path][method].as_strategy(generation_mode=mode), name=names)
    @settings(max_examples=at_most, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def ask(case: Any, name: str | None) -> None:
        nonlocal sent
        sent += 1
        if name is not None and "connector" in case.path_parameters:
            case.path_parameters["connector"] = name
        response = case.call(timeout=30)
        assert "Traceback" not in response.text
        if response.status_code == 500 and path != "/health":
            message = response.json()["message"]
            assert message.startswith(SERVER_ERRORS_OF_JAVA), message
        case.validate_response(response, checks=CHECKS)

    ask()
    return sent
