"""ValueToKey: make the key of fields of the value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigType,
    DataException,
    Importance,
    Key,
    RecordBatch,
    Schema,
    SchemaBuilder,
)
from connect.api.validators import ValidList
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    nullable_schema_at,
    path_of,
    read_maps,
    read_rows,
    struct_of,
)
from transforms.maps import with_members
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, Kind, SchemaCache, Side, SidedTransformation


class ValueToKey(SidedTransformation):
    """Make a new key, a struct or map, of some fields of the value; a null value is an error."""

    EXAMPLE = {
        "config": {"fields": "user_id"},
        "input": {"value": {"user_id": 3, "stars": 4}},
        "output": {"key": {"user_id": 3}, "value": {"user_id": 3, "stars": 4}},
    }

    CONFIG = (
        ConfigDef(
            Key(
                "fields",
                ConfigType.LIST,
                doc="Fields of the value that the key is made of, in this order.",
                importance=Importance.HIGH,
                validator=ValidList(empty_allowed=False),
            )
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )
    SIDE = Side.VALUE
    purpose = "copying fields from value to key"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        self._paths = [path_of(field, parsed) for field in parsed["fields"]]
        self._with_default: bool = parsed["replace.null.with.default"]
        self._made = SchemaCache(self._make)

    def change(self, batch: RecordBatch, kind: Kind, schema: Schema | None, values: list[Any]) -> RecordBatch:
        key_schema, keys = self.changed(batch, kind, schema, values)
        return batch.replace(key_schema=key_schema, keys=keys, value_schema=schema, values=values)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        names = [path[-1] for path in self._paths]
        if len(names) == len(self._paths[0]) == 1:
            name = names[0]
            try:
                return [{name: value[name]} for value in values]
            except KeyError:
                return [{name: item} for item in read_maps(self._paths[0], values)]
        columns = [read_maps(path, values) for path in self._paths]
        return with_members([{}] * len(values), {}, dict(zip(names, columns, strict=True)))

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        key_schema, change = self._made.get(schema)
        nested = [path for path in self._paths if len(path) > 1]
        return key_schema, change(
            values, *[read_rows(path, schema, values, with_default=self._with_default) for path in nested]
        )

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        self.refuse(schema, None)

    def _make(self, schema: Schema) -> tuple[Schema, RowFunction]:
        columns: list[Column] = []
        lists = 0
        for path in self._paths:
            field, field_schema = schema.field(path[0]), nullable_schema_at(path, schema)
            if field is None or field_schema is None:
                raise DataException(f"Field does not exist: {'.'.join(path)}")
            if len(path) == 1:
                columns.append(copied(field, with_default=self._with_default))
            else:
                columns.append(Column(path[-1], field_schema, list=lists))
                lists += 1
        key_schema = struct_of(SchemaBuilder.struct().build(), columns)
        return key_schema, compile_rows(len(schema.fields), columns, lists=lists)
