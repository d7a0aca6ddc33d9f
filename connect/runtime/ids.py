"""Names and states that every part of the worker speaks of."""

from __future__ import annotations

import enum
from typing import NamedTuple


class ConnectorTaskId(NamedTuple):
    """One task of a connector; shown as ``orders-sink-0`` in logs, metrics and client ids."""

    connector: str
    task: int

    def __str__(self) -> str:
        return f"{self.connector}-{self.task}"


class TargetState(enum.Enum):
    """What was asked of a connector."""

    STARTED = "STARTED"
    PAUSED = "PAUSED"
    STOPPED = "STOPPED"


INITIAL_STATES = {"RUNNING": TargetState.STARTED, "PAUSED": TargetState.PAUSED, "STOPPED": TargetState.STOPPED}
"""What ``initial_state`` may say when a connector is created."""


class State(enum.Enum):
    """What a connector or task is doing. DESTROYED is never shown: it stands for a status that is to be removed."""

    UNASSIGNED = "UNASSIGNED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FAILED = "FAILED"
    RESTARTING = "RESTARTING"
    STOPPED = "STOPPED"
    DESTROYED = "DESTROYED"
