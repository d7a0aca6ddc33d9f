"""The recorded REST scenarios and their replayer, which comes with them."""

from __future__ import annotations

import importlib.util
import json
import time
from types import ModuleType, SimpleNamespace
from typing import Any

from tests.conformance.vectors import CONFORMANCE_DIR

Json = dict[str, Any]
_PAUSE_SECONDS = 0.02


def _load_replayer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("replay_rest", CONFORMANCE_DIR / "replay_rest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    # Its pauses are meant for workers that answer slowly. How long it waits in all stays as it is.
    module.time = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: time.sleep(_PAUSE_SECONDS))  # type: ignore[attr-defined]
    return module


replayer = _load_replayer()


def scenarios() -> list[Json]:
    """All scenarios."""
    files = sorted((CONFORMANCE_DIR / "rest").glob("*.json"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    assert found
    return found
