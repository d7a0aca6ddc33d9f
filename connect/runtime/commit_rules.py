"""When the offsets of a task are committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommitRules:
    """When offsets are committed, in seconds. ``before`` makes reported records durable; it raises when it can't."""

    interval: float
    timeout: float
    before: Callable[[], None] = lambda: None
