"""HoistField: wrap into a field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigType,
    Importance,
    Key,
    RecordBatch,
    Schema,
    SchemaBuilder,
    validate_value,
)
from connect.api.struct import structs_of
from transforms.side import Held, SchemaCache, Side, SidedTransformation


class HoistField(SidedTransformation):
    """Wrap the data, null too, into a struct with one field, or into a map where it has no schema.

    A null whose schema isn't optional is an error.
    """

    EXAMPLE = {
        "config": {"field": "line"},
        "input": {"value": "a line of a file"},
        "output": {"value": {"line": "a line of a file"}},
    }

    CONFIG = ConfigDef(
        Key("field", ConfigType.STRING, doc="Name of the field around the data.", importance=Importance.MEDIUM)
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        self._field: str = self.CONFIG.parse(config)["field"]
        self._wrapping = SchemaCache(lambda schema: SchemaBuilder.struct().field(self._field, schema).build())

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        field = self._field
        return [{field: value} for value in values]

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        return self._wrapping.get(schema), list(zip(structs_of(schema, values), strict=True))

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        wrapped = self.others(schema, values)
        if schema is not None:
            validate_value(schema, None, self._field)
        return wrapped

    def others(self, schema: Schema | None, values: list[Any]) -> Held:
        if schema is None:
            return None, [{self._field: value} for value in values]
        return self._wrapping.get(schema), [(value,) for value in values]


class HoistFieldKey(HoistField):
    """Wrap the key into a struct or map with one field."""

    SIDE = Side.KEY


class HoistFieldValue(HoistField):
    """Wrap the value into a struct or map with one field."""

    SIDE = Side.VALUE
