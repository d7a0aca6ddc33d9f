"""Fixtures that every test may ask for."""

from __future__ import annotations

import gc
import os
import sys

import aiohttp  # noqa: F401  # first: the Elasticsearch sink keeps its own process free of it, and tests share one
from hypothesis import settings

pytest_plugins = ["tests.services.fixtures"]

# What one process of a run has compiled (and pytest has rewritten) serves the others, whatever the environment says:
# without that each worker, forked child and command that a test starts compiles everything anew, for seconds.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Hours, not minutes: ``make soak`` asks for them.
SOAK = bool(os.environ.get("CONNECT_SOAK"))
collect_ignore = [] if SOAK else ["soak"]

# Each run tries other examples, so that few per run will do; a soak tries as many as a year of runs.
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("soak", max_examples=5_000, deadline=None)
settings.load_profile("soak" if SOAK else "quick")


def pytest_collection_finish() -> None:
    """Thousands of test items live as long as the run: the garbage collector needn't walk them again and again."""
    gc.collect()
    gc.freeze()
