"""Fixtures that every test may ask for."""

from __future__ import annotations

import os

import aiohttp  # noqa: F401  # first: the Elasticsearch sink keeps its own process free of it, and tests share one

pytest_plugins = ["tests.services.fixtures"]

# Hours, not minutes: ``make soak`` asks for them.
collect_ignore = [] if os.environ.get("CONNECT_SOAK") else ["soak"]
