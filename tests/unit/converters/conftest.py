"""A registry for tests: the embedded one, emptied for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connect.demo.registry import EmbeddedRegistry


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry() as registry:
        yield registry


@pytest.fixture
def registry(running: EmbeddedRegistry) -> EmbeddedRegistry:
    running.clear()
    return running
