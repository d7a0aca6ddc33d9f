"""DatagenConnector: records of a schema, made up as fast or as slowly as wanted."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from connect.api import (
    NO_DEFAULT,
    Computed,
    ConfigDef,
    ConfigException,
    ConfigType,
    ConfigValue,
    ConnectException,
    DataException,
    ExactlyOnceSupport,
    HeaderColumn,
    HeaderColumns,
    Importance,
    Key,
    RecordBatch,
    Repeated,
    Schema,
    SourceConnector,
    SourceOrigin,
    SourceTask,
    Type,
)
from connect.api.schema import INT64_SCHEMA, OPTIONAL_STRING_SCHEMA
from connect.api.validators import NonEmptyString, ValidString
from connectors.datagen.avro_schema import AvroType, read_avro_schema
from connectors.datagen.generators import Fill, filler
from connectors.datagen.quickstarts import QUICKSTARTS

log = logging.getLogger(__name__)

TASK_ID, GENERATION, ITERATION, SEED = "task.id", "task.generation", "current.iteration", "random.seed"
_SOURCES = ("schema.string", "schema.filename", "quickstart")
_CHUNK = 1000
"""How many records are made together: each such chunk has random numbers of its own, so that any can be made again."""
_IDLE_PAUSE = 1.0
_High, _Medium, _Low = Importance.HIGH, Importance.MEDIUM, Importance.LOW


class DatagenConnector(SourceConnector):
    """Makes up records that follow an Avro schema whose annotations say what values look like.

    A built-in schema (quickstart), a text or a file. Tasks produce independently of each other, each with its own
    random values. With ``random.seed`` every run makes the same records, also when it is interrupted.
    """

    EXAMPLE = {
        "name": "ratings",
        "config": {"kafka.topic": "ratings", "quickstart": "ratings", "max.interval": "100", "iterations": "10000"},
    }

    CONFIG = ConfigDef(
        Key("kafka.topic", ConfigType.STRING, NO_DEFAULT, "The topic to write to.", _High, NonEmptyString()),
        Key(
            "max.interval",
            ConfigType.LONG,
            500,
            "Before each record the task waits a random time up to so many milliseconds; 0 or less: no waiting.",
            _High,
        ),
        Key("iterations", ConfigType.INT, -1, "How many records each task makes; -1 means without end.", _High),
        Key("schema.string", ConfigType.STRING, "", "The Avro schema, as JSON text with annotations.", _High),
        Key("schema.filename", ConfigType.STRING, "", "A file that holds the Avro schema.", _High),
        Key("schema.keyfield", ConfigType.STRING, "", "The field that becomes the key; unset: none.", _Medium),
        Key(
            "quickstart",
            ConfigType.STRING,
            "",
            f"The name of a built-in schema: {', '.join(sorted(QUICKSTARTS))}.",
            _High,
        ),
        Key("random.seed", ConfigType.LONG, None, "Where random values start from; unset: different each time.", _Low),
        Key(
            "iterations.reached",
            ConfigType.STRING,
            "IDLE",
            (
                "What a task does when it has made all its records: IDLE (it stays RUNNING) or FAIL, as the original. "
                "A restarted task knows that it was done."
            ),
            _Low,
            ValidString("IDLE", "FAIL"),
        ),
        Key(
            "headers.enabled",
            ConfigType.BOOLEAN,
            True,
            "Whether records carry headers with the number of task, run and iteration.",
            _Low,
        ),
    )

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        Recipe.of(self.CONFIG.parse(config))

    def task_class(self) -> type[SourceTask]:
        return DatagenTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [{**self._config, TASK_ID: str(number)} for number in range(max_tasks)]

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport:
        return ExactlyOnceSupport.SUPPORTED

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        values = super().validate(config)
        if not any(value.errors for value in values):
            try:
                Recipe.of(cls.CONFIG.parse(config))
            except ConfigException as error:
                values = [
                    _with_error(value, str(error)) if value.name == _blamed(config) else value for value in values
                ]
        return values

    def alter_offsets(
        self, config: Mapping[str, str], offsets: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
    ) -> bool:
        for partition, offset in offsets:
            if offset is not None:  # a reset is welcome whatever it is that it removes
                if type((partition or {}).get(TASK_ID)) is not int:
                    raise ConnectException(f"Partition objects should contain the key '{TASK_ID}', a number")
                if not isinstance(offset.get(ITERATION), int) or offset[ITERATION] < 0:
                    raise ConnectException(f"Offset objects should contain the key '{ITERATION}', a number from 0")
        return True


def _blamed(config: Mapping[str, str]) -> str:
    """The key that an error of the recipe is shown at."""
    return next((key for key in _SOURCES if config.get(key)), "quickstart")


def _with_error(value: ConfigValue, error: str) -> ConfigValue:
    value.errors.append(error)
    return value


class Recipe:
    """How records are made: the schemas, and what fills the columns."""

    def __init__(self, avro: AvroType, key_field: str) -> None:
        """Raises ConfigException for a key field that isn't there, DataException for annotations without meaning."""
        schema = avro.schema
        if schema is None or schema.type is not Type.STRUCT or avro.kind != "record":
            raise DataException("Unable to parse the provided schema: it is no record")
        self.value_schema: Schema = schema
        self.fill: Fill = filler(avro)
        field = schema.field(key_field) if key_field else None
        if key_field and field is None:
            raise ConfigException("schema.keyfield", key_field, "The schema has no such field")
        self.key_place = None if field is None else field.index
        self.key_schema = OPTIONAL_STRING_SCHEMA if field is None else field.schema

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Recipe:
        """What the parsed configuration asks for. Raises ConfigException."""
        given = [key for key in _SOURCES if settings[key]]
        if len(given) != 1:
            raise ConfigException(f"Must set exactly one of {', '.join(_SOURCES)}")
        [key] = given
        name: str = settings[key]
        key_field: str = settings["schema.keyfield"]
        if key == "quickstart":
            if name.lower() not in QUICKSTARTS:
                raise ConfigException(key, name, f"Must be one of {', '.join(sorted(QUICKSTARTS))}")
            default_key, make = QUICKSTARTS[name.lower()]
            return cls(read_avro_schema(json.dumps(make())), key_field or default_key)
        text = name if key == "schema.string" else _text_of(name)
        try:
            return cls(read_avro_schema(text), key_field)
        except DataException as error:
            raise ConfigException(key, name, str(error)) from error


def _text_of(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigException("schema.filename", name, f"Unable to find the schema file: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigException("schema.filename", name, f"Unable to parse the provided schema: {error}") from error


class DatagenTask(SourceTask):
    """Makes the records. Records are made a chunk at a time from the seed and the chunk's number alone."""

    JAVA_CLASS = "io.confluent.kafka.connect.datagen.DatagenTask"

    def start(self, config: Mapping[str, str]) -> None:
        settings = DatagenConnector.CONFIG.parse(config)
        self._recipe = Recipe.of(settings)
        self._topic: str = settings["kafka.topic"]
        self._interval: int = settings["max.interval"]
        self._end: int | None = settings["iterations"] if settings["iterations"] >= 0 else None
        self._fails_at_end: bool = settings["iterations.reached"] == "FAIL"
        self._task_id = int(config.get(TASK_ID, 0))
        seed = settings["random.seed"]
        self._seed: int = SystemRandom().getrandbits(63) if seed is None else seed
        self._generation = 0
        self._done = 0
        stored = self.context.offset_storage_reader.offset({TASK_ID: self._task_id})
        if stored is not None:
            self._generation = int(stored.get(GENERATION, 0)) + 1
            self._done = int(stored.get(ITERATION, 0))
            self._seed = int(stored.get(SEED, self._seed))
        self._has_headers: bool = settings["headers.enabled"]
        self._pauses = SystemRandom()
        self._chunk_number = -1
        self._chunk: list[Any] = []
        self._has_told = False

    def poll_batch(self) -> Sequence[RecordBatch] | None:
        if self._end is not None and self._done >= self._end:
            self._finish()
            return None
        size = 1
        if self._interval > 0:
            if self.context.wait(self._pauses.uniform(0, self._interval) / 1000):
                return None
        else:
            size = _CHUNK - self._done % _CHUNK
        if self._end is not None:
            size = min(size, self._end - self._done)
        first, self._done = self._done, self._done + size
        return [self._batch(first, size)]

    def _finish(self) -> None:
        if self._fails_at_end:
            raise ConnectException(f"Stopping connector: generated the configured {self._end} number of messages")
        if not self._has_told:
            log.info("All %d records are made; the task stays idle", self._end)
            self._has_told = True
        self.context.wait(_IDLE_PAUSE)

    def _rows(self, first: int, size: int) -> list[Any]:
        number, place = divmod(first, _CHUNK)
        if number != self._chunk_number:
            rng = Random(f"{self._seed}/{self._task_id}/{number}")  # noqa: S311  # made-up data
            self._chunk = self._recipe.fill(rng, number * _CHUNK, _CHUNK)
            self._chunk_number = number
        return self._chunk[place : place + size]

    def _batch(self, first: int, size: int) -> RecordBatch:
        rows = self._rows(first, size)
        recipe, done = self._recipe, range(first + 1, first + size + 1)
        origin = SourceOrigin(Repeated({TASK_ID: self._task_id}, size), Computed(done, self._offset))
        place = recipe.key_place
        return RecordBatch(
            self._topic,
            rows,
            recipe.value_schema,
            origin=origin,
            keys=None if place is None else [row[place] for row in rows],
            key_schema=recipe.key_schema,
            headers=self._headers(first, size) if self._has_headers else None,
        )

    def _offset(self, done: int) -> dict[str, int]:
        return {GENERATION: self._generation, ITERATION: done, SEED: self._seed}

    def _headers(self, first: int, size: int) -> HeaderColumns:
        schemas = Repeated(INT64_SCHEMA, size)
        columns: dict[str, Sequence[int]] = {
            GENERATION: Repeated(self._generation, size),
            TASK_ID: Repeated(self._task_id, size),
            ITERATION: range(first, first + size),
        }
        return HeaderColumns([HeaderColumn(key, values, schemas) for key, values in columns.items()], size)

    def stop(self) -> None:
        """There is nothing to release."""
