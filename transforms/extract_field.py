"""ExtractField: keep one field."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import repeat
from typing import Any

from connect.api import ConfigDef, ConfigType, DataException, Importance, Key, RecordBatch, Schema, Struct, Type
from transforms.field_path import FIELD_SYNTAX, REPLACE_NULL_WITH_DEFAULT, read_maps, read_rows, schema_at, steps_of
from transforms.side import Held, Side, SidedTransformation


class ExtractField(SidedTransformation):
    """Put the value of one field in place of the whole struct or map; null stays null.

    A field that a schema doesn't have is an error, one that a map doesn't have is null.
    """

    EXAMPLE = {
        "config": {"field": "user_id"},
        "input": {"value": {"user_id": 3, "stars": 4}},
        "output": {"value": 3},
    }

    CONFIG = (
        ConfigDef(Key("field", ConfigType.STRING, doc="Field to extract.", importance=Importance.MEDIUM))
        | REPLACE_NULL_WITH_DEFAULT
        | FIELD_SYNTAX
    )
    purpose = "field extraction"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        self._field: str = parsed["field"]
        self._path = steps_of(self._field, parsed)
        self._with_default: bool = parsed["replace.null.with.default"]

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        """The fields' values; where all values are maps that have the field, reading them is the check of that."""
        schema, values = self.SIDE.read(batch)
        if schema is None and len(self._path) == 1:
            with suppress(KeyError, TypeError):
                return [self.SIDE.write(batch, None, list(map(dict.__getitem__, values, repeat(self._path[0]))))]
        return super().apply_batch(batch)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        if not self._path:
            raise self._unknown()
        return read_maps(self._path, values)

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        field_schema = self._field_schema(schema)
        found = read_rows(self._path, schema, values, with_default=self._with_default)
        if field_schema.type is Type.STRUCT:
            found = [value.values if isinstance(value, Struct) else value for value in found]
        return field_schema, found

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        return None if schema is None else self._field_schema(schema), values

    def _field_schema(self, schema: Schema) -> Schema:
        found = schema_at(self._path, schema)
        if found is None:
            raise self._unknown()
        return found

    def _unknown(self) -> DataException:
        return DataException(f"Unknown field: {self._field}")


class ExtractFieldKey(ExtractField):
    """Put one field of the key in place of the whole key."""

    SIDE = Side.KEY


class ExtractFieldValue(ExtractField):
    """Put one field of the value in place of the whole value."""

    SIDE = Side.VALUE
