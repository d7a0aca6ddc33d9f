"""What all spool directory connectors do: share the directory among tasks, make schemas from files when asked to."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from connect.api import ConnectException, DataException, ExactlyOnceSupport, Schema, SourceConnector
from connect.api.logical import TIMESTAMP_NAME
from connect.api.schema import OPTIONAL_STRING_SCHEMA
from connectors.spooldir.files import InputFile, Selection, check_directory
from connectors.spooldir.inference import Columns, Inference, InferredTypes, infers, types_of
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

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport:
        return ExactlyOnceSupport.SUPPORTED

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [{**self._config, "task.index": str(index), "task.count": str(max_tasks)} for index in range(max_tasks)]


class SchemaSourceConnector(SpoolDirSourceConnector):
    """A connector whose records have schemas that are configured or made from files."""

    @abstractmethod
    def field_names(self, file: InputFile, settings: Mapping[str, Any]) -> list[str]:
        """The fields that the records of a file have. Raises DataException, OSError."""

    @abstractmethod
    def columns_of(self, file: InputFile, settings: Mapping[str, Any]) -> Iterator[Columns]:
        """The values of a file, a block at a time. Raises DataException, OSError."""

    @abstractmethod
    def inference(self, settings: Mapping[str, Any]) -> Inference:
        """What is to find the types of such values."""

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
        check_directory("input.path", Path(settings["input.path"]))
        files = Selection.of(settings).list()[:_INSPECTED]
        if not files:
            raise ConnectException("Could not find any input file(s) to infer schema from.")
        try:
            types = self._inferred(files, settings) if infers(settings) else self._texts(files, settings)
        except READ_ERRORS as error:
            raise ConnectException(f"Couldn't read the files of {settings['input.path']}: {error}") from error
        known = dict(types.fields)
        key_fields = [
            (name, known.get(name, OPTIONAL_STRING_SCHEMA)) for name in settings["schema.generation.key.fields"]
        ]
        made = {
            "key.schema": write_schema(struct_of(settings["schema.generation.key.name"], key_fields)),
            "value.schema": write_schema(struct_of(settings["schema.generation.value.name"], types.fields)),
        }
        return made | ({"parser.timestamp.date.formats": ",".join(types.formats)} if types.formats else {})

    def _texts(self, files: list[InputFile], settings: Mapping[str, Any]) -> InferredTypes:
        """All fields as text; the files must agree on them."""
        found: dict[tuple[str, ...], list[Path]] = {}
        for file in files:
            found.setdefault(tuple(dict.fromkeys(self.field_names(file, settings))), []).append(file.path)
        if len(found) > 1:
            raise DataException(_several_schemas(found))
        return InferredTypes([(name, OPTIONAL_STRING_SCHEMA) for name in next(iter(found))], [])

    def _inferred(self, files: list[InputFile], settings: Mapping[str, Any]) -> InferredTypes:
        limit = settings["schema.generation.sample.rows"]
        samples = (columns for file in files for columns in _first(self.columns_of(file, settings), limit))
        types = types_of(samples, self.inference(settings))
        stamp = settings["timestamp.field"] if settings["timestamp.mode"] == "FIELD" else None
        fields = [
            (name, schema.replace(optional=False) if name == stamp and schema.name == TIMESTAMP_NAME else schema)
            for name, schema in types.fields
        ]
        return types._replace(fields=fields)


def _first(blocks: Iterator[Columns], rows: int) -> Iterator[Columns]:
    """Blocks up to so many rows."""
    left = rows
    for columns in blocks:
        size = max(map(len, columns.values()), default=0)
        yield columns if size <= left else {name: values[:left] for name, values in columns.items()}
        left -= size
        if left <= 0:
            return


def _several_schemas(found: Mapping[tuple[str, ...], list[Path]]) -> str:
    parts = ["More than one schema was found for the input pattern."]
    for names, paths in found.items():
        parts += [f"Fields: {', '.join(names)}", *(f"  {path}" for path in paths)]
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
