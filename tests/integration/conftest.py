"""Fixtures that integration tests share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from connect.demo.registry import EmbeddedRegistry


@pytest.fixture(params=["apicurio", "embedded"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A schema registry's: both must do."""
    if request.param == "apicurio":
        yield request.getfixturevalue("schema_registry").url
        return
    with EmbeddedRegistry() as registry:
        yield registry.url


@pytest.fixture
def topic() -> str:
    return f"t-{uuid.uuid4()}"
