"""What converters with a schema registry share: subjects, batches of one schema, the id in front of each message."""

from __future__ import annotations

import struct
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

from connect.api import (
    NULL,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Run,
    Schema,
    SchemaAndValue,
    SerializationException,
    to_held,
    to_value,
)
from converters.registry_client import RegistryClient
from converters.registry_errors import Direction, explained
from converters.registry_subjects import AUTOMATIC, SubjectNames

_HEAD = struct.Struct(">bI")
HEADER_BYTES = _HEAD.size


class Writer(NamedTuple):
    """How the values of one schema are written to one topic; ``head`` asks the registry where it has to."""

    encode: Callable[[Sequence[Any]], list[bytes]]
    takes_rows: bool
    head: Callable[[], bytes]


class Reader(NamedTuple):
    """How the messages of one schema are read; None among the values has no schema."""

    schema: Schema | None
    decode: Callable[[bytes], Any]


class RegistryConverter(Converter, HeaderConverter):
    """Writes data with its schema in a schema registry; the formats say how values are encoded.

    Headers have subjects of their own, ``<topic>-header-<name>``.
    """

    WRITING: ClassVar[Direction]
    READING: ClassVar[Direction]
    malformed: ClassVar[tuple[type[Exception], ...]]
    """What decoding raises for bytes that don't fit the schema."""

    def configure(self, config: Mapping[str, Any], is_key: bool) -> None:
        """See the settings. The registry is asked when there is something to convert."""
        side = "key" if is_key else "value"
        self._configure(config, side)
        self._subjects = SubjectNames(self._config[f"{side}.subject.name.strategy"], side)

    def configure_header(self, config: Mapping[str, Any]) -> None:
        """See the settings."""
        self._configure(config, "header")

    def _configure(self, config: Mapping[str, Any], side: str) -> None:
        self._config = self.CONFIG.parse(config)
        self._side = side
        size = max(1, self._config["schemas.cache.config"])
        self._client = self._prepare(config, size)
        self._writers = lru_cache(maxsize=size)(self._new_writer)
        self._readers = lru_cache(maxsize=size)(self._new_reader)

    def close(self) -> None:
        """Drop the connections to the registry."""
        self._client.close()

    @abstractmethod
    def _prepare(self, given: Mapping[str, Any], cache_size: int) -> RegistryClient:
        """Read what belongs to the format from the settings; ``given`` are they as the user wrote them."""

    @abstractmethod
    def _new_writer(self, topic: str | None, subjects: SubjectNames, schema: Schema | None) -> Writer:
        """How values of a schema are written."""

    @abstractmethod
    def _new_reader(self, topic: str | None, subjects: SubjectNames, schema_id: int, rest: bytes) -> Reader:
        """How messages of an id are read; ``rest`` is what their prefix has behind the id."""

    def _prefix(self, message: bytes | None) -> bytes | None:
        """What says how a message is read: the same for all that are read alike."""
        return None if message is None else message[:HEADER_BYTES]

    @abstractmethod
    def _is_tombstone(self, schema: Schema | None) -> bool:
        """Whether null is written as no message at all. Raises DataException where there may be no null."""

    @abstractmethod
    def _malformed(self, schema_id: int) -> str:
        """The inner message for bytes that don't fit their schema."""

    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        """The message; None (a tombstone) for a null that the schema allows. Raises as the batch form."""
        return self._write(topic, self._subjects, schema, [to_held(schema, value)])[0]

    def from_connect_batch(
        self, topic: str | None, schema: Schema | None, values: Sequence[Any], headers: Sequence[Headers] | None = None
    ) -> list[bytes | None]:
        """The messages of values that share a schema.

        Raises DataException for a value that doesn't fit or a schema that is refused, RetriableException while the
        registry is away, ConfigException when it doesn't let us in.
        """
        return self._write(topic, self._subjects, schema, values)

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """As for values."""
        return self._write(topic, _header_subjects(key), schema, [to_held(schema, value)])[0]

    def _write(
        self, topic: str | None, subjects: SubjectNames, schema: Schema | None, values: Sequence[Any]
    ) -> list[bytes | None]:
        if None in values and self._is_tombstone(schema):
            present = iter(self._write(topic, subjects, schema, [value for value in values if value is not None]))
            return [None if value is None else next(present) for value in values]
        if not values:
            return []
        with explained(self.WRITING, topic):
            try:
                writer = self._writers(topic, subjects, schema)
                held = values if writer.takes_rows else [to_value(schema, value) for value in values]
                encoded = writer.encode(held)
                head = writer.head()
            except RecursionError:
                raise DataException("The data is nested too deeply to be written") from None
        return [head + item for item in encoded]

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The value and its schema, whose version is the registry's. Raises as the batch form."""
        return self._read_one(topic, self._subjects, data)

    def to_connect_batch(
        self, topic: str | None, data: Sequence[bytes | None], headers: Sequence[Headers] | None = None
    ) -> list[Run]:
        """The values, as runs of one schema; messages of one id share the schema's object.

        Raises DataException for malformed data or an unknown id, RetriableException while the registry is away,
        ConfigException when it doesn't let us in.
        """
        return self._read(topic, self._subjects, data)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """As for values."""
        return self._read_one(topic, _header_subjects(key), data)

    def _read_one(self, topic: str | None, subjects: SubjectNames, data: bytes | None) -> SchemaAndValue:
        if data is None:
            return NULL
        schema, values = self._read(topic, subjects, [data])[0]
        return SchemaAndValue(schema, to_value(schema, values[0]))

    def _read(self, topic: str | None, subjects: SubjectNames, data: Sequence[bytes | None]) -> list[Run]:
        runs: list[Run] = []
        malformed: tuple[type[Exception], ...] = (*self.malformed, RecursionError)
        for prefix, group in groupby(data, key=self._prefix):
            messages = list(group)
            if prefix is None:
                _extend(runs, None, messages)
                continue
            with explained(self.READING, topic):
                schema_id = _schema_id(prefix[:HEADER_BYTES])
                reader = self._readers(topic, subjects, schema_id, prefix[HEADER_BYTES:])
                try:
                    values = list(map(reader.decode, messages))
                except malformed as error:
                    raise SerializationException(self._malformed(schema_id)) from error
            _extend_with_nulls(runs, reader.schema, values)
        return runs


@lru_cache(maxsize=1000)
def _header_subjects(name: str) -> SubjectNames:
    return SubjectNames(AUTOMATIC, f"header-{name}")


def message_head(schema_id: int) -> bytes:
    """What stands in front of the data: a zero and the schema's id in four bytes."""
    return _HEAD.pack(0, schema_id)


def _schema_id(head: bytes) -> int:
    if len(head) < HEADER_BYTES:
        raise SerializationException("Error deserializing schema ID") from IndexError("The message is too short")
    magic, schema_id = _HEAD.unpack(head)
    if magic != 0:
        raise SerializationException("Error deserializing schema ID") from ValueError("Unknown magic byte!")
    return int(schema_id)


def _extend_with_nulls(runs: list[Run], schema: Schema | None, values: list[Any]) -> None:
    if None not in values:
        _extend(runs, schema, values)
        return
    for is_null, group in groupby(values, key=lambda value: value is None):
        _extend(runs, None if is_null else schema, list(group))


def _extend(runs: list[Run], schema: Schema | None, values: list[Any]) -> None:
    if runs and runs[-1][0] is schema:
        runs[-1][1].extend(values)
    else:
        runs.append((schema, values))
