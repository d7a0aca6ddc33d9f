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

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        """The wrapped data; without schema all is wrapped alike, whatever it is."""
        schema, values = self.SIDE.read(batch)
        if schema is None:
            return [self.SIDE.write(batch, None, self.maps(batch, values))]
        return super().apply_batch(batch)

    def maps(self, batch: RecordBatch, values: list[Any]) -> list[Any]:
        field = self._field
        return [{field: value} for value in values]

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        return self._wrapping.get(schema), list(zip(structs_of(schema, values), strict=True))

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        assert schema is not None
        validate_value(schema, None, self._field)
        return self.others(schema, values)

    def others(self, schema: Schema | None, values: list[Any]) -> Held:
        assert schema is not None
        return self._wrapping.get(schema), [(value,) for value in values]


class HoistFieldKey(HoistField):
    """Wrap the key into a struct or map with one field."""

    SIDE = Side.KEY


class HoistFieldValue(HoistField):
    """Wrap the value into a struct or map with one field."""

    SIDE = Side.VALUE
