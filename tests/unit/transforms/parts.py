"""What the tests of transformations share: batches, schemas, configured transformations."""

from __future__ import annotations

from typing import Any

from connect.api import (
    RecordBatch,
    Schema,
    SchemaBuilder,
    SinkOrigin,
    SourceOrigin,
    Struct,
    TimestampType,
    Transformation,
)
from connect.api.schema import INT32_SCHEMA, OPTIONAL_STRING_SCHEMA

INNER = SchemaBuilder.struct().field("x", INT32_SCHEMA).field("s", OPTIONAL_STRING_SCHEMA).optional().build()
OUTER = (
    SchemaBuilder.struct()
    .name("outer")
    .field("id", INT32_SCHEMA)
    .field("in", INNER)
    .field("t", OPTIONAL_STRING_SCHEMA)
    .build()
)


def inner(x: int, s: str | None) -> Struct:
    """A value of the field ``in``."""
    return Struct(INNER, (x, s))


def configured(transformation: type[Transformation], **config: str) -> Transformation:
    """A configured instance; ``_`` in a key stands for a dot."""
    made = transformation()
    made.configure({key.replace("_", "."): value for key, value in config.items()})
    return made


def batch(values: list[Any], schema: Schema | None = None, **more: Any) -> RecordBatch:
    """Source records of the topic ``top``."""
    count = len(values)
    origin = SourceOrigin([{"p": 1}] * count, [{"o": i} for i in range(count)])
    return RecordBatch("top", values, schema, **{"origin": origin, **more})


def sink_origin(count: int) -> SinkOrigin:
    """Where sink records of topic ``top``, partition 3, from offset 100 on, lay."""
    nothing = [None] * count
    return SinkOrigin("top", 3, range(100, 100 + count), TimestampType.CREATE_TIME, nothing, nothing)
