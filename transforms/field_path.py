"""Fields by name or, with ``field.syntax.version=V2``, by a path into nested structs and maps.

``a.b`` is the field ``b`` of the field ``a``; backticks around a step keep its dots: ```a.b`.c``. Java knows paths in
ExtractField only; here every transformation takes them that takes fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

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
    Type,
)
from connect.api.java_names import java_type_name
from connect.api.struct import structs_of
from connect.api.validators import CaseInsensitiveValidString
from transforms.maps import members
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, SchemaCache, SidedTransformation, like, struct_rows

T = TypeVar("T")
Path = tuple[str, ...]

FIELD_SYNTAX = ConfigDef(
    Key(
        "field.syntax.version",
        ConfigType.STRING,
        "V1",
        "V1 takes a field's name as it is. V2 takes dots in it as steps into nested structs and maps, and backticks "
        "around a step that has dots itself: `a.b`.c",
        Importance.HIGH,
        CaseInsensitiveValidString("V1", "V2"),
    )
)
OWN_FIELD_SYNTAX = ConfigDef(*(replace(key, internal=True) for key in FIELD_SYNTAX))
"""The same for transformations that can't do it in Java, where it isn't listed."""
REPLACE_NULL_WITH_DEFAULT = ConfigDef(
    Key(
        "replace.null.with.default",
        ConfigType.BOOLEAN,
        True,
        "Whether a field that is null and has a default is read as that default.",
        Importance.MEDIUM,
    )
)


def path_of(text: str, config: Mapping[str, Any]) -> Path:
    """The steps of a path in the syntax that the configuration chose, at least one. Raises ConfigException."""
    path = steps_of(text, config)
    if not path:
        raise ConfigException("A path needs at least one step.")
    return path


def steps_of(text: str, config: Mapping[str, Any]) -> Path:
    """Like ``path_of``, but nothing is a path of no steps, which leads nowhere."""
    return (text,) if config["field.syntax.version"].upper() == "V1" else parse_path(text)


def parse_path(text: str) -> Path:
    """The steps of a V2 path. Raises ConfigException for a backtick without its partner.

    >>> parse_path("a.`b.c`.d")
    ('a', 'b.c', 'd')
    """
    steps: list[str] = []
    position = 0
    while position < len(text):
        if text[position] == "`":
            step, position = _quoted_step(text, position)
        else:
            end = text.find(".", position)
            end = len(text) if end < 0 else end
            step, position = text[position:end], end
        steps.append(step)
        position += 1  # over the dot
    return (*steps, "") if text.endswith(".") else tuple(steps)


def _quoted_step(text: str, start: int) -> tuple[str, int]:
    """The step whose opening backtick is at ``start``, and where its dot or the end of the path is."""
    step = ""
    begin = position = start + 1
    while (position := text.find("`", position)) >= 0:
        closes, escaped = text[position + 1 : position + 2] in ("", "."), text[position - 1] == "\\"
        if closes and not escaped:
            return step + text[begin:position], position + 1
        if closes and position + 1 < len(text):
            step += text[begin : position - 1] + "`"
            begin = position + 1
        position += 1
    raise ConfigException(
        f"Incomplete backtick pair in path: [{text}],"
        f" consider adding a backslash before backtick at position {start} to escape it"
    )


def split_at_colons(text: str) -> list[str]:
    """The parts between colons as Java splits them: empty ones at the end don't count, an empty text is one part."""
    return [""] if not text else text.rstrip(":").split(":") if text.strip(":") else []


def read_maps(path: Path, values: list[Any]) -> list[Any]:
    """What lies at the path in each map; None where it, or something on the way, is missing."""
    for index, step in enumerate(path):
        if index:
            values = [_nested_map(value) for value in values]
            values = [None if value is None else value.get(step) for value in values]
        else:
            values = members(values, step)
    return values


def _nested_map(value: Any) -> Any:
    if value is None or isinstance(value, dict):
        return value
    found = f"found: {java_type_name(value)}"
    raise DataException(f"Only Map objects supported in absence of schema for [nested field access], {found}")


def schema_at(path: Path, schema: Schema) -> Schema | None:
    """The schema of the field at the path, None when there is no such field. DataException for steps into no struct."""
    found: Schema | None = schema
    for step in path:
        field = None if found is None else found.field(step)
        found = None if field is None else field.schema
    return found if path else None


def nullable_schema_at(path: Path, schema: Schema) -> Schema | None:
    """Like ``schema_at``, but optional where a struct on the way is, since without that there is no value."""
    found = schema_at(path, schema)
    parents = [schema_at(path[:length], schema) for length in range(1, len(path))]
    if found is None or found.optional or not any(parent is not None and parent.optional for parent in parents):
        return found
    return found.replace(optional=True)


def read_rows(path: Path, schema: Schema, rows: list[Any], *, with_default: bool) -> list[Any]:
    """What lies at the path in each row, whose schema has such a field."""
    *parents, last = path
    for step in parents:
        field = schema.field(step)
        assert field is not None
        default = field.schema.default_value
        structs = [None if row is None else default if row[field.index] is None else row[field.index] for row in rows]
        rows = struct_rows(structs, "nested field access")
        schema = field.schema
    field = schema.field(last)
    assert field is not None
    index = field.index
    default = field.schema.default_value if with_default else None
    if default is not None:
        return [None if row is None else default if row[index] is None else row[index] for row in rows]
    return [None if row is None else row[index] for row in rows] if parents else [row[index] for row in rows]


class Level(Protocol):
    """A change of the fields of one struct or map: that of the record, or a nested one."""

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        """The changed maps; ``batch`` holds the records that they belong to."""

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        """The changed schema and rows."""


class _NestedLevel:
    """A change of the struct or map in one field. Where that is null or missing, nothing changes."""

    def __init__(self, step: str, inner: Level) -> None:
        self._step = step
        self._inner = inner
        self._outer: SchemaCache[dict[int, tuple[Schema, Schema, Schema, RowFunction]]] = SchemaCache(lambda _: {})

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        nested = read_maps((self._step,), values)
        places = [place for place, value in enumerate(nested) if _nested_map(value) is not None]
        changed = self._inner.maps(batch.take(places), [nested[place] for place in places])
        result = list(values)
        for place, value in zip(places, changed, strict=True):
            result[place] = {**values[place], self._step: value}
        return result

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        field = schema.field(self._step)
        if field is None:
            return schema, values
        if field.schema.type is not Type.STRUCT:
            raise DataException("Cannot look up fields on non-struct type")
        nested = struct_rows([row[field.index] for row in values], "nested field access")
        places = [place for place, row in enumerate(nested) if row is not None]
        rows = [nested[place] for place in places]
        changed_schema, changed = self._inner.rows(batch.take(places), field.schema, rows)
        assert changed_schema is not None
        nested_schema, outer_schema, put = self._rebuilt(schema, changed_schema)
        structs: list[Struct | None] = [None] * len(values)
        for place, struct in zip(places, structs_of(nested_schema, changed), strict=True):
            structs[place] = struct
        return outer_schema, put(values, structs)

    def _rebuilt(self, schema: Schema, changed: Schema) -> tuple[Schema, Schema, RowFunction]:
        """The nested schema, optional as before, the outer one around it, and what puts the structs into the rows."""
        made = self._outer.get(schema)
        if id(changed) not in made:
            made.clear()
            field = schema.field(self._step)
            assert field is not None
            nested = changed if changed is field.schema else changed.replace(optional=field.schema.optional)
            columns = [copied(other, with_default=False) for other in schema.fields]
            columns[field.index] = Column(field.name, nested, list=0)
            outer = struct_of(schema, columns, optional=schema.optional)
            made[id(changed)] = (changed, nested, outer, compile_rows(len(columns), columns, lists=1))
        _, nested, outer, put = made[id(changed)]
        return nested, outer, put


def struct_of(schema: Schema, columns: Iterable[Column], *, optional: bool = False) -> Schema:
    """A struct schema with these columns that is called and described like another."""
    builder = like(schema)
    for column in columns:
        builder.field(column.name, column.schema)
    return (builder.optional() if optional else builder).build()


def levels(items: Iterable[tuple[Path, T]], make: Callable[[list[tuple[str, T]]], Level]) -> list[Level]:
    """One change for each struct or map that the paths lead into, deepest first.

    ``make`` gets, for those with the same parent, the last step of the path and what came with it.
    """
    by_parent: dict[Path, list[tuple[str, T]]] = {}
    for path, item in items:
        by_parent.setdefault(path[:-1], []).append((path[-1], item))
    made: list[Level] = []
    for parent in sorted(by_parent, key=len, reverse=True):
        level = make(by_parent[parent])
        for step in reversed(parent):
            level = _NestedLevel(step, level)
        made.append(level)
    return made


class FieldsTransformation(SidedTransformation):
    """A transformation that changes fields; ``levels`` says how, deepest first."""

    levels: list[Level]

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        for level in self.levels:
            values = level.maps(batch, values)
        return values

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        held: Held = schema, values
        for level in self.levels:
            assert held[0] is not None
            held = level.rows(batch, held[0], held[1])
        return held
