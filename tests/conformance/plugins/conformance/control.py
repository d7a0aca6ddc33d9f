"""What the source and the sink have in common: failing at a chosen point, and answers to a change of offsets."""

from __future__ import annotations

from collections.abc import Mapping

from connect.api import ConfigType, ConnectException, Importance, Key
from connect.api.validators import ValidString


def fail_at_key(*points: str) -> Key:
    return Key("fail.at", ConfigType.STRING, "none", "Where to fail.", Importance.LOW, ValidString("none", *points))


ALTER_OFFSETS = Key(
    "alter.offsets", ConfigType.STRING, "unsupported", "What a change of offsets is answered.", Importance.LOW
)


def fail_if_asked(config: Mapping[str, str], point: str) -> None:
    if config.get("fail.at") == point:
        raise ConnectException(f"control failure at {point}")


def offsets_answer(config: Mapping[str, str]) -> bool | None:
    """True, False, or None for the base class's answer."""
    match config.get("alter.offsets", "unsupported"):
        case "true":
            return True
        case "false":
            return False
        case "throw":
            raise ConnectException("control refuses these offsets")
    return None


def task_configs(config: Mapping[str, str], count: int) -> list[dict[str, str]]:
    fail_if_asked(config, "task-configs")
    return [{**config, "task.index": str(index)} for index in range(count)]
