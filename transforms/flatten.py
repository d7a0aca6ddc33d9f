"""Flatten: nested data into one level."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
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
    Struct,
    Type,
)
from connect.api.java_names import java_type_name
from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, SchemaCache, Side, SidedTransformation, like, struct_rows

_PLAIN = frozenset(
    (
        *(type(None), bool, str, int, float, bytes, bytearray, memoryview, list, tuple),
        *(Int8, Int16, Int32, Int64, Float32, Float64),
    )
)


class _RowsOfLeaves:
    """Makes one flat row of each row of a struct; the leaves of a null struct are unset."""

    def __init__(self, schema: Schema) -> None:
        columns: list[Column] = []
        self._nested: list[tuple[int, _RowsOfLeaves]] = []
        lists = 0
        for field in schema.fields:
            if field.schema.type is Type.STRUCT:
                function = _RowsOfLeaves(field.schema)
                self._nested.append((field.index, function))
                columns += [Column("", field.schema, list=lists + i, checked=False) for i in range(function.width)]
                lists += function.width
            else:
                columns.append(copied(field, with_default=True))
        self.width: int = len(columns)
        self._change: RowFunction = compile_rows(len(schema.fields), columns, lists=lists)

    def __call__(self, rows: list[Any]) -> list[Any]:
        lists: list[Any] = []
        for index, function in self._nested:
            nested = struct_rows([row[index] for row in rows], "flattening")
            leaves = iter(function([row for row in nested if row is not None]))
            unset = (None,) * function.width
            flat = [unset if row is None else next(leaves) for row in nested]
            lists += zip(*flat, strict=True) if flat else [()] * function.width
        return self._change(rows, *lists)


class Flatten(SidedTransformation):
    """Lift the fields of nested structs or maps to the top, under names that join those on the way; null stays null.

    Lists stay as they are. A struct with a map in it is an error.
    """

    EXAMPLE = {
        "config": {"delimiter": "_"},
        "input": {"value": {"user": {"id": 3, "name": {"first": "Ada"}}, "stars": 4}},
        "output": {"value": {"user_id": 3, "user_name_first": "Ada", "stars": 4}},
    }

    CONFIG = ConfigDef(
        Key("delimiter", ConfigType.STRING, ".", "What joins the names on the way to a field.", Importance.MEDIUM)
    )
    purpose = "flattening"

    def configure(self, config: Mapping[str, Any]) -> None:
        self._delimiter: str = self.CONFIG.parse(config)["delimiter"]
        self._compiled = SchemaCache(self._compile)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        # Most maps are flat already.
        if _PLAIN.issuperset(set(map(type, chain.from_iterable([value.values() for value in values])))):
            return values
        return [self._flat_map(value) for value in values]

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        changed, change = self._compiled.get(schema)
        return changed, change(values)

    def _flat_map(self, value: dict[Any, Any]) -> dict[str, Any]:
        """Nesting costs no recursion."""
        flat: dict[str, Any] = {}
        pending = [("", iter(value.items()))]
        while pending:
            prefix, members = pending[-1]
            for key, member in members:
                name = self._name(prefix, key)
                if isinstance(member, dict):
                    pending.append((name, iter(member.items())))
                    break
                if type(member) not in _PLAIN or java_type_name(member) == "java.math.BigInteger":
                    raise _unsupported(member, name)
                flat[name] = member
            else:
                pending.pop()
        return flat

    def _name(self, prefix: str, name: str) -> str:
        return f"{prefix}{self._delimiter}{name}" if prefix else name

    def _compile(self, schema: Schema) -> tuple[Schema, RowFunction]:
        builder = like(schema)
        self._add_leaves(builder, schema, "", schema.optional, schema.default_value)
        return builder.build(), _RowsOfLeaves(schema)

    def _add_leaves(
        self, builder: SchemaBuilder, schema: Schema, prefix: str, optional: bool, default: Struct | None
    ) -> None:
        for field in schema.fields:
            name = self._name(prefix, field.name)
            field_optional = optional or field.schema.optional
            field_default = field.schema.default_value
            if field_default is None and default is not None:
                field_default = default.get(field)
            if field.schema.type is Type.STRUCT:
                self._add_leaves(builder, field.schema, name, field_optional, field_default)
            elif field.schema.type is Type.MAP:
                raise DataException(
                    f"Flatten transformation does not support MAP for record with schemas (for field {name})."
                )
            else:
                builder.field(name, _leaf(field.schema, field_optional, field_default))


def _leaf(schema: Schema, optional: bool, default: Any) -> Schema:
    builder = like(schema, schema.type)
    if optional:
        builder.optional()
    return (builder if default is None else builder.default_value(default)).build()


def _unsupported(member: Any, name: str) -> DataException:
    java_class = java_type_name(member)
    if isinstance(member, Struct):
        return DataException(
            f"Flatten transformation does not support class {java_class} for record without schemas (for field {name})."
        )
    return DataException(
        f"Flatten transformation was passed a value of type class {java_class} "
        "which is not supported by Connect's data API"
    )


class FlattenKey(Flatten):
    """Lift the nested fields of the key to the top."""

    SIDE = Side.KEY


class FlattenValue(Flatten):
    """Lift the nested fields of the value to the top."""

    SIDE = Side.VALUE
