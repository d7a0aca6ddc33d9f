"""ReplaceField: choose and rename fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    DataException,
    Field,
    Importance,
    Key,
    RecordBatch,
    Schema,
    Type,
    validate_value,
)
from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64
from connect.api.validators import LambdaValidator, ValidList
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    FieldsTransformation,
    Path,
    levels,
    path_of,
    split_at_colons,
    struct_of,
)
from transforms.maps import ConvertAll, without_members
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, SchemaCache, Side

_REMEMBERED_NAMES = 1000
_MARKS: dict[Type, Callable[[Any], Any]] = {
    Type.INT8: Int8,
    Type.INT16: Int16,
    Type.INT32: Int32,
    Type.INT64: Int64,
    Type.FLOAT32: Float32,
    Type.FLOAT64: Float64,
}


def _parse_renames(mappings: list[str]) -> dict[str, str]:
    renames = {}
    for mapping in mappings:
        parts = split_at_colons(mapping)
        if len(parts) != 2:
            raise ConfigException("renames", mappings, f"Invalid rename mapping: {mapping}")
        renames[parts[0]] = parts[1]
    return renames


def _check_renames(mappings: list[str] | None) -> None:
    _parse_renames(mappings or [])


class _NewNames(dict[Any, Any]):
    """The new name of a field, None for one that is dropped; those of the usual fields are remembered."""

    def __init__(self, rule: Callable[[Any], Any]) -> None:
        self._rule = rule

    def __missing__(self, name: Any) -> Any:
        new = self._rule(name)
        if len(self) < _REMEMBERED_NAMES:
            self[name] = new
        return new


class ChosenFields:
    """Chooses and renames the fields of one struct or map, by their old names."""

    def __init__(self, exclude: set[str], include: set[str], renames: dict[str, str], with_default: bool) -> None:
        self._exclude = exclude
        self._include = include
        self._renames = renames
        self._targets = frozenset(renames.values())
        self._old_names = {new: old for old, new in renames.items()}
        self._dropped = tuple(exclude)
        self._renamed = tuple((old, new) for old, new in renames.items() if old not in exclude)
        self._with_default = with_default
        self._compiled = SchemaCache(self._compile)
        self._new_names = _NewNames(lambda name: renames.get(name, name) if self._keeps(name) else None)

    def _keeps(self, name: str) -> bool:
        return name not in self._exclude and (not self._include or name in self._include)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        names = self._new_names
        targets = self._targets
        if not self._include and self._renames.keys().isdisjoint(targets):
            try:
                return without_members(values, self._dropped, self._renamed)
            except KeyError:
                pass  # two members may come to have one name
        changed = [{new: v for name, v in value.items() if (new := names[name]) is not None} for value in values]
        if targets:
            for place, value in enumerate(values):
                if not targets.isdisjoint(value):
                    changed[place] = self._with_contest(value)
        return changed

    def _with_contest(self, value: dict[Any, Any]) -> dict[Any, Any]:
        """The changed map where two members may come to have one name: the one wins that a Java HashMap lists last."""
        members = sorted(value.items(), key=lambda item: _bucket(item[0], len(value)))
        winners = {new: name for name, _ in members if (new := self._new_names[name]) is not None}
        return {new: item for name, item in value.items() if winners.get(new := self._new_names[name]) == name}

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        changed, change = self._compiled.get(schema)
        return changed, change(values)

    def _compile(self, schema: Schema) -> tuple[Schema, RowFunction]:
        columns = [self._column(schema, field) for field in schema.fields if self._keeps(field.name)]
        return struct_of(schema, columns), compile_rows(len(schema.fields), columns)

    def _column(self, schema: Schema, field: Field) -> Column:
        """As in Java a name that a rename leads to is filled from the renamed field, even if that isn't kept."""
        name = self._renames.get(field.name, field.name)
        source = self._old_names.get(name, name)
        origin = schema.field(source)
        if origin is None:
            raise DataException(f"{source} is not a valid field name")
        column = copied(origin, with_default=self._with_default)._replace(name=name, schema=field.schema)
        return column if origin is field else column._replace(convert=_checked(origin.schema, field.schema, name))


def _bucket(key: Any, size: int) -> int:
    """Where a Java HashMap of that many entries keeps a key."""
    buckets = 16
    while size > buckets * 3 // 4:
        buckets *= 2
    code = 0
    for char in str(key):
        code = (31 * code + ord(char)) & 0xFFFFFFFF
    return (code ^ code >> 16) & (buckets - 1)


def _checked(origin: Schema, target: Schema, name: str) -> ConvertAll:
    """What refuses values of one field that don't fit another."""
    mark = _MARKS.get(origin.type)

    def check(values: list[Any]) -> list[Any]:
        for value in values:
            if value is not None:
                plain = mark is not None and type(value) in (int, float)
                validate_value(target, mark(value) if mark is not None and plain else value, name)
        return values

    return check


class ReplaceField(FieldsTransformation):
    """Keep some fields, drop others, rename the rest; null stays as it is.

    Fields that are named but not there are ignored.
    """

    EXAMPLE = {
        "config": {"exclude": "debug", "renames": "stars:rating"},
        "input": {"value": {"user_id": 3, "stars": 4, "debug": "x"}},
        "output": {"value": {"user_id": 3, "rating": 4}},
    }

    CONFIG = (
        ConfigDef(
            Key(
                "exclude",
                ConfigType.LIST,
                [],
                "Fields to drop; these win over those to keep.",
                Importance.MEDIUM,
                ValidList(),
            ),
            Key(
                "include",
                ConfigType.LIST,
                [],
                "Fields to keep, all others are dropped; empty keeps all.",
                Importance.MEDIUM,
                ValidList(),
            ),
            Key(
                "renames",
                ConfigType.LIST,
                [],
                "New names, as old:new pairs. Dropping and keeping goes by the old names.",
                Importance.MEDIUM,
                LambdaValidator(lambda _, value: _check_renames(value), "list of pairs such as foo:bar,abc:xyz"),
            ),
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )
    purpose = "field replacement"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        include = [path_of(name, parsed) for name in parsed["include"]]
        # Keeping a nested field means keeping what it lies in.
        included = dict.fromkeys(path[:length] for path in include for length in range(1, len(path) + 1))
        items: list[tuple[Path, tuple[str, str]]] = [
            *((path_of(name, parsed), ("exclude", "")) for name in parsed["exclude"]),
            *((path, ("include", "")) for path in included),
            *((path_of(old, parsed), ("rename", new)) for old, new in _parse_renames(parsed["renames"]).items()),
        ]

        def level(items: list[tuple[str, tuple[str, str]]]) -> ChosenFields:
            return ChosenFields(
                {name for name, (kind, _) in items if kind == "exclude"},
                {name for name, (kind, _) in items if kind == "include"},
                {name: new for name, (kind, new) in items if kind == "rename"},
                parsed["replace.null.with.default"],
            )

        self.levels = levels(items, level) or [level([])]


class ReplaceFieldKey(ReplaceField):
    """Keep, drop and rename fields of the key."""

    SIDE = Side.KEY


class ReplaceFieldValue(ReplaceField):
    """Keep, drop and rename fields of the value."""

    SIDE = Side.VALUE
