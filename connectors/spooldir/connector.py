"""What all spool directory connectors do: share the directory among tasks, make schemas from files when asked to."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect.api import ConnectException, DataException, Schema, SourceConnector
from connect.api.schema import OPTIONAL_STRING_SCHEMA
from connectors.spooldir.files import InputFile, Selection
from connectors.spooldir.text_input import READ_ERRORS
from connectors.spooldir.value_schema import (
    TIMESTAMP_EXAMPLE,
    is_required_timestamp,
    read_schema,
    struct_of,
    write_schema,
)

log = logging.getLogger(__name__)

_INSPECTED = 5
"""How many files schema generation looks at."""


class SpoolDirSourceConnector(SourceConnector):
    """One task per share of the files."""

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        settings = self.CONFIG.parse(config)
        if settings["cleanup.policy"] in ("MOVE", "MOVEBYDATE") and not settings["finished.path"]:
            raise ConnectException("'finished.path' must be set if 'cleanup.policy' = MOVE or MOVEBYDATE.")
        self._config.update(self.prepare(settings))

    def prepare(self, settings: Mapping[str, Any]) -> dict[str, str]:
        """Check the configuration against the world; returns what tasks are told besides. Raises ConnectException."""
        return {}

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [{**self._config, "task.index": str(index), "task.count": str(max_tasks)} for index in range(max_tasks)]


class SchemaSourceConnector(SpoolDirSourceConnector):
    """A connector whose records have schemas that are configured or made from files."""

    @abstractmethod
    def field_names(self, file: InputFile, settings: Mapping[str, Any]) -> list[str]:
        """The fields that the records of a file have. Raises DataException, OSError."""

    def prepare(self, settings: Mapping[str, Any]) -> dict[str, str]:
        made = self._generate(settings) if settings["schema.generation.enabled"] else {}
        texts = {key: made.get(key, settings[key]) for key in ("key.schema", "value.schema")}
        for key, text in texts.items():
            if not text:
                raise ConnectException(f"'{key}' must be set if 'schema.generation.enabled' = false.")
        schemas = {key: read_schema(key, text) for key, text in texts.items()}
        _check_timestamp_field(settings, schemas["value.schema"])
        return made

    def _generate(self, settings: Mapping[str, Any]) -> dict[str, str]:
        for part in ("key", "value"):
            if not settings[f"schema.generation.{part}.name"]:
                raise ConnectException(
                    f"'schema.generation.{part}.name' must be set if 'schema.generation.enabled' = true."
                )
        found: dict[str, list[Path]] = {}
        for file in Selection.of(settings).list()[:_INSPECTED]:
            try:
                names = self.field_names(file, settings)
            except READ_ERRORS as error:
                raise ConnectException(f"Couldn't read {file.path}: {error}") from error
            fields = [(name, OPTIONAL_STRING_SCHEMA) for name in dict.fromkeys(names)]
            found.setdefault(write_schema(struct_of(settings["schema.generation.value.name"], fields)), []).append(
                file.path
            )
        if not found:
            raise ConnectException("Could not find any input file(s) to infer schema from.")
        if len(found) > 1:
            raise DataException(_several_schemas(found))
        key_fields = [(name, OPTIONAL_STRING_SCHEMA) for name in settings["schema.generation.key.fields"]]
        key_schema = struct_of(settings["schema.generation.key.name"], key_fields)
        return {"key.schema": write_schema(key_schema), "value.schema": next(iter(found))}


def _several_schemas(found: Mapping[str, list[Path]]) -> str:
    parts = ["More than one schema was found for the input pattern."]
    for schema, paths in found.items():
        parts += [f"Schema: {schema}", *(f"  {path}" for path in paths)]
    return "\n".join(parts)


def _check_timestamp_field(settings: Mapping[str, Any], value_schema: Schema) -> None:
    if settings["timestamp.mode"] != "FIELD":
        return
    name = settings["timestamp.field"]
    if not name:
        raise ConnectException(
            "When 'timestamp.mode' is set to 'FIELD', 'timestamp.field' must be set to a timestamp field. "
            "Cannot be null or empty."
        )
    field = value_schema.field(name)
    if not is_required_timestamp(None if field is None else field.schema):
        raise ConnectException(
            f"Field '{name}' must be present and set to a timestamp and cannot be optional. Example {TIMESTAMP_EXAMPLE}"
        )
