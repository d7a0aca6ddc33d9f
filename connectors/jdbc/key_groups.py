"""How the keys of the JDBC source are declared: in groups, with the checks and suggestions that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key, Recommender, Width
from connect.api.validators import LambdaValidator

MODES = ("bulk", "timestamp", "incrementing", "timestamp+incrementing")
NUMERIC_MAPPINGS = ("none", "precision_only", "best_fit", "best_fit_eager_double")
GRANULARITIES = (
    "connect_logical",
    "micros_long",
    "micros_string",
    "micros_iso_datetime_string",
    "nanos_long",
    "nanos_string",
    "nanos_iso_datetime_string",
)
ISOLATION_MODES = (
    "DEFAULT",
    "READ_UNCOMMITTED",
    "READ_COMMITTED",
    "REPEATABLE_READ",
    "SERIALIZABLE",
    "SQL_SERVER_SNAPSHOT",
)
DRIVERS = ("auto", "asyncmy", "pymysql")
UNSUPPORTED_TYPES = ("skip", "string", "fail")

STRING, LIST, INT, LONG = ConfigType.STRING, ConfigType.LIST, ConfigType.INT, ConfigType.LONG
BOOLEAN, PASSWORD, CLASS = ConfigType.BOOLEAN, ConfigType.PASSWORD, ConfigType.CLASS
HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW


def enumerator(values: Sequence[str]) -> LambdaValidator:
    """Check for one of some words, in their case."""

    def check(name: str, value: Any) -> None:
        if value is not None and value not in values:
            raise ConfigException(name, value, "Invalid enumerator")

    return LambdaValidator(check, f"[{', '.join(values)}]")


def recommend(values: Sequence[str]) -> Recommender:
    """Suggest some words."""
    return Recommender(valid_values=lambda _name, _config: values)


def matters_in(*modes: str) -> Recommender:
    """Show a key in some modes only; complains where there is no mode."""

    def visible(_name: str, config: Mapping[str, Any]) -> bool:
        mode = config.get("mode")
        if not mode:
            raise ConfigException("Query mode must be specified")
        if mode not in MODES:
            raise ConfigException(f"Invalid mode: {mode}")
        return mode in modes

    return Recommender(visible=visible)


def group(group: str, *rows: tuple[Any, ...], first: int = 1) -> ConfigDef:
    """Keys from rows of ``(name, type, default, importance, width, display name, documentation[, more of a Key])``."""
    keys = []
    for order, (name, type_, default, importance, width, display, doc, *more) in enumerate(rows, first):
        extra: dict[str, Any] = more[0] if more else {}
        keys.append(
            Key(
                name,
                type_,
                default,
                doc,
                importance,
                group=group,
                order_in_group=order,
                width=Width[width],
                display_name=display,
                **extra,
            )
        )
    return ConfigDef(*keys)
