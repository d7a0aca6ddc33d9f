"""HeaderFrom: move or copy fields into headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigException,
    ConfigType,
    DataException,
    HeaderColumn,
    Importance,
    Key,
    RecordBatch,
    Repeated,
    Schema,
    Struct,
)
from connect.api.columns import within
from connect.api.header_columns import headers_with
from connect.api.validators import NonEmptyList, ValidString
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    FieldsTransformation,
    Path,
    levels,
    nullable_schema_at,
    path_of,
    read_maps,
    read_rows,
)
from transforms.replace_field import ChosenFields
from transforms.side import Held, Kind, SchemaCache, Side

_PLAIN = list[int | str | float | bool | None]


class HeaderFrom(FieldsTransformation):
    """Move or copy fields of a struct or map into headers, after those that the record has.

    A null key or value is an error, and so is a field that the schema doesn't have.
    """

    EXAMPLE = {
        "config": {"fields": "channel", "headers": "source", "operation": "move"},
        "input": {"value": {"channel": "web", "stars": 4}},
        "output": {"value": {"stars": 4}, "headers": {"source": "web"}},
    }

    CONFIG = (
        ConfigDef(
            Key(
                "fields",
                ConfigType.LIST,
                doc="Fields to move or copy.",
                importance=Importance.HIGH,
                validator=NonEmptyList(),
            ),
            Key(
                "headers",
                ConfigType.LIST,
                doc="Keys of the headers, in the order of the fields.",
                importance=Importance.HIGH,
                validator=NonEmptyList(),
            ),
            Key(
                "operation",
                ConfigType.STRING,
                doc="move takes the fields away, copy leaves them.",
                importance=Importance.HIGH,
                validator=ValidString("move", "copy"),
            ),
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        if len(parsed["fields"]) != len(parsed["headers"]):
            raise ConfigException("'fields' config must have the same number of elements as 'headers' config.")
        self._paths: list[Path] = [path_of(field, parsed) for field in parsed["fields"]]
        self._schemas = SchemaCache(self._header_schemas)
        self._keys: list[str] = parsed["headers"]
        self.purpose = f"header {parsed['operation']}"
        self._with_default: bool = parsed["replace.null.with.default"]
        moved = dict.fromkeys(self._paths) if parsed["operation"] == "move" else {}

        def level(items: list[tuple[str, None]]) -> ChosenFields:
            return ChosenFields({name for name, _ in items}, set(), {}, self._with_default)

        self.levels = levels(((path, None) for path in moved), level)

    def change(self, batch: RecordBatch, kind: Kind, schema: Schema | None, values: list[Any]) -> RecordBatch:
        changed = super().change(batch, kind, schema, values)
        return changed.replace(headers=headers_with(batch.headers, self._added(schema, values), len(values)))

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        self.refuse(schema, None)

    def _added(self, schema: Schema | None, values: list[Any]) -> list[HeaderColumn]:
        """The new headers."""
        schemas = [None] * len(self._paths) if schema is None else self._schemas.get(schema)
        return [
            _column(key, header_schema, self._values(path, schema, values))
            for key, path, header_schema in zip(self._keys, self._paths, schemas, strict=True)
        ]

    def _values(self, path: Path, schema: Schema | None, values: list[Any]) -> list[Any]:
        """The values of one field."""
        if schema is None:
            return read_maps(path, values)
        return read_rows(path, schema, values, with_default=self._with_default)

    def _header_schemas(self, schema: Schema) -> list[Schema]:
        schemas = []
        for path in self._paths:
            found = nullable_schema_at(path, schema)
            if found is None:
                raise DataException(f"Field does not exist: {'.'.join(path)}")
            schemas.append(found)
        return schemas


def _column(key: str, schema: Schema | None, items: list[Any]) -> HeaderColumn:
    """What lies in a field fits its schema, except that it may have been left unset."""
    if schema is not None and not schema.optional and None in items:
        raise DataException(f"A null value requires an optional schema but was {schema}")
    if schema is None and not within(items, _PLAIN) and Struct in set(map(type, items)):
        return HeaderColumn(key, items, [item.schema if isinstance(item, Struct) else None for item in items])
    return HeaderColumn(key, items, Repeated(schema, len(items)))


class HeaderFromKey(HeaderFrom):
    """Move or copy fields of the key into headers."""

    SIDE = Side.KEY


class HeaderFromValue(HeaderFrom):
    """Move or copy fields of the value into headers."""

    SIDE = Side.VALUE
