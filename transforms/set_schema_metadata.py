"""SetSchemaMetadata: name and number a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    DataException,
    Importance,
    Key,
    RecordBatch,
    Schema,
    Struct,
)
from transforms.field_path import REPLACE_NULL_WITH_DEFAULT
from transforms.rows import RowFunction, compile_rows, copied
from transforms.side import Held, SchemaCache, Side, SidedTransformation


class SetSchemaMetadata(SidedTransformation):
    """Give a struct's schema another name, another version, or both; the data stays as it is.

    Data without a schema is an error, except null.
    """

    EXAMPLE = {
        "config": {"schema.name": "shop.Rating", "schema.version": "2"},
        "input": {
            "value": {
                "schema": {
                    "type": "struct",
                    "fields": [{"type": "int32", "optional": False, "field": "stars"}],
                    "optional": False,
                },
                "payload": {"stars": 4},
            }
        },
        "output": {
            "value": {
                "schema": {
                    "type": "struct",
                    "fields": [{"type": "int32", "optional": False, "field": "stars"}],
                    "optional": False,
                    "name": "shop.Rating",
                    "version": 2,
                },
                "payload": {"stars": 4},
            }
        },
    }

    CONFIG = (
        ConfigDef(
            Key("schema.name", ConfigType.STRING, None, "Name to give.", Importance.HIGH),
            Key("schema.version", ConfigType.INT, None, "Version to give.", Importance.HIGH),
        )
        | REPLACE_NULL_WITH_DEFAULT
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        named = {"name": parsed["schema.name"], "version": parsed["schema.version"]}
        self._changes: dict[str, Any] = {attribute: value for attribute, value in named.items() if value is not None}
        if not self._changes:
            raise ConfigException("Neither schema name nor version configured")
        self._with_default: bool = parsed["replace.null.with.default"]
        self._updated = SchemaCache(self._update)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        raise DataException("Schema required for [updating schema metadata]")

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        updated, change = self._updated.get(schema)
        return updated, change(values)

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        return (None if schema is None else self._updated.get(schema)[0]), values

    def others(self, schema: Schema | None, values: list[Any]) -> Held:
        if schema is None:
            raise DataException("Schema required for [updating schema metadata]")
        return self._updated.get(schema)[0], values

    def _update(self, schema: Schema) -> tuple[Schema, RowFunction]:
        columns = [copied(field, with_default=self._with_default) for field in schema.fields]
        changes = dict(self._changes)
        if schema.default_value is not None:
            changes["default_value"] = Struct(schema, schema.default_value.values)  # it stays on the old schema
        return schema.replace(**changes), compile_rows(len(columns), columns)


class SetSchemaMetadataKey(SetSchemaMetadata):
    """Give the key's schema another name, another version, or both."""

    SIDE = Side.KEY


class SetSchemaMetadataValue(SetSchemaMetadata):
    """Give the value's schema another name, another version, or both."""

    SIDE = Side.VALUE
