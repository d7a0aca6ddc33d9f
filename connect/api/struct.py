"""A value of a struct schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connect.api.errors import DataException
from connect.api.schema import Field, Schema, Type


class Struct:
    """Values in the order of the schema's fields; ``values`` holds what was stored (None = unset, no defaults)."""

    __slots__ = ("schema", "values")

    def __init__(self, schema: Schema, values: Sequence[Any] | None = None) -> None:
        """Start empty, or take over ``values`` unchecked (one per field, in order)."""
        if schema.type is not Type.STRUCT:
            raise DataException(f"Not a struct schema: {schema}")
        self.schema = schema
        self.values: list[Any] = [None] * len(schema.fields) if values is None else list(values)

    def get(self, field: str | Field) -> Any:
        """The stored value, or the field's default where nothing is stored."""
        found = self._field(field)
        value = self.values[found.index]
        return found.schema.default_value if value is None else value

    def get_without_default(self, field: str | Field) -> Any:
        """The stored value."""
        return self.values[self._field(field).index]

    def _field(self, field: str | Field) -> Field:
        found = field if isinstance(field, Field) else self.schema.field(field)
        if found is None:
            raise DataException(f"{field} is not a valid field name")
        return found

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Struct) and self.schema == other.schema and self.values == other.values

    __hash__ = None  # type: ignore[assignment]  # mutable, as in Java
