"""Cast: change types."""

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
    SchemaBuilder,
    Type,
)
from connect.api.validators import LambdaValidator
from transforms.casts import TARGETS, CastTable, cast_all_to, cast_to
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    FieldsTransformation,
    levels,
    path_of,
    split_at_colons,
)
from transforms.maps import ConvertAll, converted_members, with_looked_up
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, Kind, SchemaCache, Side, like


def _parse_spec(spec: list[str]) -> dict[str | None, Type]:
    """The type per field, or for None the type of the whole."""
    casts: dict[str | None, Type] = {}
    for mapping in spec:
        parts = split_at_colons(mapping)
        if not 1 <= len(parts) <= 2:
            raise ConfigException("renames", spec, f"Invalid rename mapping: {mapping}")  # Java names the key so
        casts[parts[0].strip() if len(parts) == 2 else None] = _target(parts[-1].strip())
    if None in casts and len(spec) > 1:
        raise ConfigException(
            "Cast transformations that specify a type to cast the entire value to "
            "may only specify a single cast in their spec"
        )
    return casts


def _target(text: str) -> Type:
    name = text.upper()
    if name not in Type.__members__:
        problem = f"No enum constant org.apache.kafka.connect.data.Schema.Type.{name}"
        raise ConfigException(
            f"Invalid type found in casting spec: {text}", f"java.lang.IllegalArgumentException: {problem}"
        )
    if Type[name] not in TARGETS:
        supported = ", ".join(target.name for target in TARGETS)
        raise ConfigException(
            f"Cast transformation does not support casting to {name}; supported types are [{supported}]"
        )
    return Type[name]


def _check_spec(spec: list[str] | None) -> None:
    if not spec:
        raise ConfigException("Must specify at least one field to cast.")
    _parse_spec(spec)


class _CastFields:
    """Casts fields of one struct or map."""

    def __init__(self, casts: dict[str, Type], with_default: bool) -> None:
        self._casts = casts
        self._with_default = with_default
        self._functions = {name: cast_all_to(target, None) for name, target in casts.items()}
        self._tables = {name: CastTable(target) for name, target in casts.items()}
        self._compiled = SchemaCache(self._compile)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        if all(table.fits(values, name) for name, table in self._tables.items()):
            return with_looked_up(values, self._tables)
        return converted_members(values, self._functions.items())

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        changed, change = self._compiled.get(schema)
        return changed, change(values)

    def _compile(self, schema: Schema) -> tuple[Schema, RowFunction]:
        columns = [self._column(copied(field, with_default=self._with_default)) for field in schema.fields]
        builder = like(schema)
        for column in columns:
            builder.field(column.name, column.schema)
        return _finished(builder, schema, Type.STRUCT), compile_rows(len(columns), columns)

    def _column(self, column: Column) -> Column:
        target = self._casts.get(column.name)
        if target is None:
            return column
        schema = _finished(SchemaBuilder(target), column.schema, target)
        return column._replace(schema=schema, convert=cast_all_to(target, column.schema))


def _finished(builder: SchemaBuilder, original: Schema, target: Type) -> Schema:
    """The schema, optional if the original is, with the original's default after the cast."""
    if original.optional:
        builder.optional()
    if original.default_value is not None:
        builder.default_value(cast_to(target, original)(original.default_value))
    return builder.build()


class Cast(FieldsTransformation):
    """Change the type of fields, or of the whole key or value; null stays null.

    Integers that are too large wrap around, fractions are cut off, text must be a number, bytes become base64 text.
    """

    EXAMPLE = {
        "config": {"spec": "stars:float64,user_id:string"},
        "input": {"value": {"user_id": 3, "stars": 4}},
        "output": {"value": {"user_id": "3", "stars": 4.0}},
    }

    CONFIG = (
        ConfigDef(
            Key(
                "spec",
                ConfigType.LIST,
                doc="field:type pairs, or a single type for the whole. Types are int8, int16, int32, int64, float32, "
                "float64, boolean and string.",
                importance=Importance.HIGH,
                validator=LambdaValidator(
                    lambda _, value: _check_spec(value), "list of pairs such as foo:int8,bar:string"
                ),
            )
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )
    purpose = "cast types"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        casts = _parse_spec(parsed["spec"])
        with_default: bool = parsed["replace.null.with.default"]
        self._whole = casts.pop(None, None)
        self._whole_casts = SchemaCache(self._cast_whole)
        self.levels = levels(
            ((path_of(name or "", parsed), target) for name, target in casts.items()),
            lambda items: _CastFields(dict(items), with_default),
        )

    def changed(self, batch: RecordBatch, kind: Kind, schema: Schema | None, values: list[Any]) -> Held:
        if self._whole is None or kind is Kind.NULLS:
            return super().changed(batch, kind, schema, values)
        if schema is None:
            return None, list(cast_all_to(self._whole, None)(values))
        changed, cast_all = self._whole_casts.get(schema)
        return changed, list(cast_all(values))

    def others(self, schema: Schema | None, values: list[Any]) -> Held:
        if schema is not None and schema.type is not Type.STRUCT:
            raise DataException("Cannot list fields on non-struct type")
        return super().others(schema, values)

    def _cast_whole(self, schema: Schema) -> tuple[Schema, ConvertAll]:
        assert self._whole is not None
        return _finished(like(schema, self._whole), schema, self._whole), cast_all_to(self._whole, schema)


class CastKey(Cast):
    """Change the type of fields of the key, or of the whole key."""

    SIDE = Side.KEY


class CastValue(Cast):
    """Change the type of fields of the value, or of the whole value."""

    SIDE = Side.VALUE
