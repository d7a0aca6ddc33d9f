"""JsonConverter: JSON text, with the schema in every message or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from connect.api import (
    NULL,
    ConfigDef,
    ConfigType,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Importance,
    Key,
    Run,
    Schema,
    SchemaAndValue,
    SerializationException,
    Width,
    to_value,
)
from connect.api.validators import CaseInsensitiveValidString
from converters.converter_type import CONVERTER_TYPE, for_data, for_headers
from converters.json_batch import schemaless_texts
from converters.json_encode import Write, WriteOptions, schemaless_text, too_deep, value_writer
from converters.json_envelope import schema_of, schema_text
from converters.json_messages import MessageReader
from converters.json_rows import BatchWriter
from converters.json_text import parse_nodes

_SCHEMALESS_HEAD = b'{"schema":null,"payload":'


class _Writer(NamedTuple):
    head: bytes
    write: Write
    batch: BatchWriter


class JsonConverter(Converter, HeaderConverter):
    """Writes data as JSON, by default with its schema in every message, and reads such messages back.

    With ``schemas.enable=false`` messages are plain JSON: objects become maps, whole numbers INT64, other
    numbers FLOAT64, and schemas only say how values are written. ``schema.content`` gives one schema to all messages
    that are read, which are bare payloads then. UUIDs are written as text and enum members as their values.
    """

    EXAMPLE = {
        "config": {"schemas.enable": "false"},
        "value": {
            "schema": {
                "type": "struct",
                "optional": False,
                "fields": [
                    {"field": "user_id", "type": "int64", "optional": False},
                    {"field": "message", "type": "string", "optional": True},
                ],
            },
            "payload": {"user_id": 3, "message": "très bien"},
        },
        "text": '{"user_id":3,"message":"très bien"}',
    }

    CONFIG = ConfigDef(
        CONVERTER_TYPE,
        Key(
            "schemas.enable",
            ConfigType.BOOLEAN,
            default=True,
            doc="Include the schema within each of the serialized values and keys.",
            importance=Importance.HIGH,
            group="Schemas",
            order_in_group=0,
            width=Width.MEDIUM,
            display_name="Enable Schemas",
        ),
        Key(
            "schemas.cache.size",
            ConfigType.INT,
            default=1000,
            doc="How many schemas this converter remembers in either direction.",
            importance=Importance.HIGH,
            group="Schemas",
            order_in_group=1,
            width=Width.MEDIUM,
            display_name="Schema Cache Size",
        ),
        Key(
            "schema.content",
            ConfigType.STRING,
            default=None,
            doc="The schema of all messages that are read, as JSON; messages then hold the payload alone.",
            importance=Importance.HIGH,
            group="Schemas",
            order_in_group=2,
            width=Width.MEDIUM,
            display_name="Schema Content",
        ),
        Key(
            "decimal.format",
            ConfigType.STRING,
            default="BASE64",
            doc="How Decimals are written: BASE64 of their bytes, or NUMERIC as JSON numbers. Both are always read.",
            importance=Importance.LOW,
            validator=CaseInsensitiveValidString("NUMERIC", "BASE64"),
            group="Serialization",
            order_in_group=0,
            width=Width.MEDIUM,
            display_name="Decimal Format",
        ),
        Key(
            "replace.null.with.default",
            ConfigType.BOOLEAN,
            default=True,
            doc="Whether a null in a field that has a default is replaced by it.",
            importance=Importance.LOW,
            group="Serialization",
            order_in_group=1,
            width=Width.MEDIUM,
            display_name="Replace null with default",
        ),
    )

    def configure(self, config: Mapping[str, Any], is_key: bool) -> None:
        """See the settings above. Raises DataException for ``schema.content`` that is no schema."""
        self._configure(for_data(config, is_key))

    def configure_header(self, config: Mapping[str, Any]) -> None:
        """See the settings above."""
        self._configure(for_headers(config))

    def _configure(self, properties: Mapping[str, Any]) -> None:
        config = self.CONFIG.parse(properties)
        replace_nulls: bool = config["replace.null.with.default"]
        self._with_schemas: bool = config["schemas.enable"]
        self._options = WriteOptions(replace_nulls, config["decimal.format"].upper() == "NUMERIC")
        self._writers = lru_cache(maxsize=config["schemas.cache.size"])(self._writer)
        self._reader = MessageReader(
            with_schemas=self._with_schemas,
            schema=_configured_schema(config["schema.content"], replace_nulls),
            replace_nulls=replace_nulls,
            cache_size=config["schemas.cache.size"],
        )

    def _writer(self, schema: Schema) -> _Writer:
        head = f'{{"schema":{schema_text(schema, self._options)},"payload":' if self._with_schemas else ""
        return _Writer(head.encode(), value_writer(schema, self._options), BatchWriter(schema, self._options))

    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        """JSON text; None (a tombstone) only where there is neither schema nor value."""
        try:
            if schema is not None:
                writer = self._writers(schema)
                return self._message(writer.head, writer.write(value).encode())
            return None if value is None else self._message(_SCHEMALESS_HEAD, schemaless_text(value).encode())
        except RecursionError:
            raise too_deep() from None

    def _message(self, head: bytes, payload: bytes) -> bytes:
        return head + payload + b"}" if self._with_schemas else payload

    def from_connect_batch(
        self, topic: str | None, schema: Schema | None, values: Sequence[Any], headers: Sequence[Headers] | None = None
    ) -> list[bytes | None]:
        """JSON texts of values that share a schema."""
        try:
            if schema is None:
                return self._schemaless_batch(values)
            writer = self._writers(schema)
            try:
                payloads = writer.batch.write(values) if values else []
            except (DataException, TypeError, ValueError):
                payloads = [writer.write(to_value(schema, value)).encode() for value in values]
            return self._messages(writer.head, payloads)
        except RecursionError:
            raise too_deep() from None

    def _schemaless_batch(self, values: Sequence[Any]) -> list[bytes | None]:
        if None in values:
            present = iter(self._schemaless_batch([value for value in values if value is not None]))
            return [None if value is None else next(present) for value in values]
        return self._messages(_SCHEMALESS_HEAD, schemaless_texts(values) if values else [])

    def _messages(self, head: bytes, payloads: list[bytes]) -> list[bytes | None]:
        if not self._with_schemas:
            return payloads  # type: ignore[return-value]  # a fresh list
        return [head + payload + b"}" for payload in payloads]

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The value and, if messages hold one, its schema."""
        if data is None:
            return NULL
        schema, values = self._reader.read([data])[0]
        return SchemaAndValue(schema, to_value(schema, values[0]))

    def to_connect_batch(
        self, topic: str | None, data: Sequence[bytes | None], headers: Sequence[Headers] | None = None
    ) -> list[Run]:
        """The values, as runs of one schema; messages that begin with the same schema text share one object for it."""
        return self._reader.read(data)

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """As for values."""
        return self.from_connect_data(topic, schema, value)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """As for values."""
        return self.to_connect_data(topic, data)


def _configured_schema(content: str | None, replace_nulls: bool) -> Schema | None:
    if content is None or not content.strip():
        return None
    try:
        return schema_of(parse_nodes(content.encode()), replace_nulls)
    except SerializationException as error:
        raise DataException("Failed to parse schema in converter config due to serialization error: ") from error
