"""Values moved from the schema that they were written with to the one that a reader wants."""

from __future__ import annotations

from typing import Any

from connect.api.errors import DataException, SchemaProjectorException
from connect.api.java_decimal import decimal_to_single, double_to_long, to_double
from connect.api.java_names import java_type_name
from connect.api.java_text import to_java_string
from connect.api.logical import EpochMillis
from connect.api.maps import make_map
from connect.api.numbers import to_single, wrap
from connect.api.schema import Schema, Type
from connect.api.struct import Struct, fits_type

_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
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
    if target.type in _WIDENING:
        return _project_number(value, target.type)
    if target.type.is_primitive:
        return value
    if not fits_type(target.type, value):
        raise DataException(f"Invalid Java object for schema with type {target.type}: class {java_type_name(value)}")
    if target.type is Type.STRUCT:
        return _project_struct(source, value, target)
    if target.type is Type.ARRAY:
        return [project(_element(source.value_schema), item, _element(target.value_schema)) for item in value]
    from_key, to_key = _element(source.key_schema), _element(target.key_schema)
    from_value, to_value = _element(source.value_schema), _element(target.value_schema)
    return make_map((project(from_key, k, to_key), project(from_value, v, to_value)) for k, v in value.items())


def _project_number(value: Any, target: Type) -> Any:
    """Java's cast to the target; logical values pass as they are."""
    if not isinstance(value, int | float) or isinstance(value, bool | EpochMillis):
        return value
    if target is Type.FLOAT64:
        return to_double(value)
    if target is Type.FLOAT32:
        return to_single(value) if isinstance(value, float) else decimal_to_single(value)
    return wrap(double_to_long(value) if isinstance(value, float) else value, _BITS[target])


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
