"""Fixtures that every test may ask for."""

from __future__ import annotations

import os

pytest_plugins = ["tests.services.fixtures"]

# Hours, not minutes: ``make soak`` asks for them.
collect_ignore = [] if os.environ.get("CONNECT_SOAK") else ["soak"]
