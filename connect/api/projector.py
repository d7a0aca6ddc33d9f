"""Values moved from the schema that they were written with to the one that a reader wants."""

from __future__ import annotations

from typing import Any

from connect.api.errors import SchemaProjectorException
from connect.api.java_decimal import decimal_to_single
from connect.api.java_text import to_java_string
from connect.api.schema import Schema, Type
from connect.api.struct import Struct

_WIDENING = (Type.INT8, Type.INT16, Type.INT32, Type.INT64, Type.FLOAT32, Type.FLOAT64)


def project(source: Schema, value: Any, target: Schema) -> Any:
    """The value as ``target`` wants it: numbers widened, fields dropped, missing ones filled with defaults.

    Raises SchemaProjectorException where the schemas are not compatible, DataException where a value doesn't fit.
    """
    _check_compatible(source, target)
    if source.optional and not target.optional:
        if target.default_value is None:
            raise SchemaProjectorException(
                "Writer schema is optional, however, target schema does not provide a default value."
            )
        return target.default_value if value is None else _project_present(source, value, target)
    return None if value is None else _project_present(source, value, target)


def _check_compatible(source: Schema, target: Schema) -> None:
    if source.type is not target.type and not _is_promotable(source.type, target.type):
        raise SchemaProjectorException(
            f"Schema type mismatch. source type: {source.type} and target type: {target.type}"
        )
    if source.name != target.name:
        names = f"source name: {to_java_string(source.name)} and target name: {to_java_string(target.name)}"
        raise SchemaProjectorException(f"Schema name mismatch. {names}")
    if source.parameters != target.parameters:
        ours, theirs = to_java_string(source.parameters), to_java_string(target.parameters)
        raise SchemaProjectorException(
            f"Schema parameters not equal. source parameters: {ours} and target parameters: {theirs}"
        )


def _is_promotable(source: Type, target: Type) -> bool:
    return source in _WIDENING and target in _WIDENING and _WIDENING.index(source) <= _WIDENING.index(target)


def _project_present(source: Schema, value: Any, target: Schema) -> Any:
    if target.type is Type.STRUCT:
        return _project_struct(source, value, target)
    if target.type is Type.ARRAY:
        return [project(_element(source.value_schema), item, _element(target.value_schema)) for item in value]
    if target.type is Type.MAP:
        from_key, to_key = _element(source.key_schema), _element(target.key_schema)
        from_value, to_value = _element(source.value_schema), _element(target.value_schema)
        return {project(from_key, k, to_key): project(from_value, v, to_value) for k, v in value.items()}
    if (
        source.type is not target.type
        and isinstance(value, int | float)
        and target.type in (Type.FLOAT32, Type.FLOAT64)
    ):
        # From integers one rounding only; a single-precision number is a double already.
        return float(value) if target.type is Type.FLOAT64 or isinstance(value, float) else decimal_to_single(value)
    return value


def _element(schema: Schema | None) -> Schema:
    if schema is None:
        raise SchemaProjectorException("A collection without element schemas can't be projected.")
    return schema


def _project_struct(source: Schema, value: Struct, target: Schema) -> Struct:
    projected = Struct(target)
    for field in target.fields:
        origin = source.field(field.name)
        if origin is not None:
            try:
                projected.put(field, project(origin.schema, value.get(field.name), field.schema))
            except SchemaProjectorException as error:
                raise SchemaProjectorException(f"Error projecting {field.name}") from error
        elif field.schema.optional:
            continue
        elif field.schema.default_value is not None:
            projected.put(field, field.schema.default_value)
        else:
            raise SchemaProjectorException(f"Required field `{field.name}` is missing from source schema: {source}")
    return projected
