"""The recorded REST scenarios and their replayer, which comes with them."""

from __future__ import annotations

import importlib.util
import json
from types import ModuleType
from typing import Any

from tests.conformance.vectors import CONFORMANCE_DIR

Json = dict[str, Any]


def _load_replayer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("replay_rest", CONFORMANCE_DIR / "replay_rest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


replayer = _load_replayer()


def scenarios() -> list[Json]:
    """All scenarios."""
    files = sorted((CONFORMANCE_DIR / "rest").glob("*.json"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    assert found
    return found
