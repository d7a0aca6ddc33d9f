"""Connector files of standalone mode: JSON in two forms, or Java properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from connect.api import ConfigException
from connect.properties import parse_properties
from connect.runtime.ids import INITIAL_STATES, TargetState


class ConnectorFile(NamedTuple):
    """A connector to create. ``initial`` None = running."""

    name: str
    config: dict[str, str]
    initial: TargetState | None = None


def parse_json(text: str) -> Any:
    """A JSON document with its numbers as they are written, since configurations are texts. Raises ValueError."""
    return json.loads(text, parse_int=str, parse_float=str)


def texts_of(path: str, config: dict[str, Any]) -> dict[str, Any]:
    """A configuration with booleans as texts; null stays. Raises ConfigException for lists and objects."""
    for key, value in config.items():
        if isinstance(value, list | dict):
            raise ConfigException(f"{path}: the value of '{key}' must be a text, a number or a boolean")
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in config.items()}


def read_connector_file(path: str) -> ConnectorFile:
    """Read a file. Tried in order: a flat JSON object of texts, a create request, Java properties.

    Raises ConfigException that names the file.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigException(f"Can't read the connector file {path}: {error.strerror}") from None
    try:
        document = parse_json(text)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return _create_request(path, document) if isinstance(document.get("config"), dict) else _flat(path, document)
    try:
        return _flat(path, parse_properties(text))
    except ValueError as error:
        raise ConfigException(f"Can't read the connector file {path}: {error}") from None


def _flat(path: str, config: dict[str, Any]) -> ConnectorFile:
    if "name" not in config:
        raise ConfigException(f"Connector configuration at '{path}' is missing the mandatory 'name' configuration")
    return ConnectorFile(str(config["name"]), texts_of(path, config))


def _create_request(path: str, request: dict[str, Any]) -> ConnectorFile:
    name, config = request.get("name"), dict(request["config"])
    if name is None:
        return _flat(path, config)
    if config.setdefault("name", name) != name:
        raise ConfigException(
            f"Connector name configuration in 'config' doesn't match the one specified in 'name' at '{path}'"
        )
    state = request.get("initial_state")
    if state is not None and str(state).upper() not in INITIAL_STATES:
        raise ConfigException(f"'initial_state' at '{path}' is '{state}'; expected one of {', '.join(INITIAL_STATES)}")
    return ConnectorFile(
        str(name), texts_of(path, config), None if state is None else INITIAL_STATES[str(state).upper()]
    )
