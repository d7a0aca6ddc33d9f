"""Avro's binary form to Connect data, by a function written for each schema.

A reader that walks the schema spends most of its time finding out what comes next. Here the walk happens once, when the
schema is seen for the first time, and leaves Python source in which only the reading itself is left. The source is made
of numbers and generated names alone, never of text from a schema.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from connect.api import Schema, Struct, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME
from connect.api.maps import make_map
from converters.avro_anything import read_anything
from converters.avro_binary import ZIGZAG, block_count, int_number, length, long_number
from converters.avro_from_connect import ANYTHING
from converters.avro_logical import to_logical
from converters.avro_names import is_union
from converters.avro_schema import AvroSchema, layout

Decode = Callable[[bytes], Any]
"""The value in a whole message, as a batch holds it: rows for structs. Raises one of :data:`MALFORMED`."""

MALFORMED = (IndexError, ValueError, struct.error)
HEADER_BYTES = 5
_LOGICAL = {DECIMAL_NAME: Type.BYTES, DATE_NAME: Type.INT32, TIME_NAME: Type.INT32, TIMESTAMP_NAME: Type.INT64}
_NARROWINGS = {Type.INT8: "({0} + 128 & 255) - 128", Type.INT16: "({0} + 32768 & 65535) - 32768"}


def is_anything(avro: AvroSchema) -> bool:
    """Whether data of that schema is schemaless."""
    return avro.full_name == ANYTHING.full_name and layout(avro) == layout(ANYTHING)


def compile_decoder(avro: AvroSchema, schema: Schema | None) -> Decode:
    """The reader of an Avro schema's messages, as data of the Connect schema that stands for it (None = schemaless)."""
    if schema is None:
        return lambda data: read_anything(data, HEADER_BYTES)[0]
    if avro.kind == "bytes":
        convert = to_logical(schema) if schema.name == DECIMAL_NAME else bytes
        return lambda data: convert(data[HEADER_BYTES:])
    return _Source().compile(avro, schema)


def _truncated(data: bytes) -> None:
    raise IndexError("The message ends before its value does")


def _bad_branch(index: int) -> None:
    raise IndexError(f"Branch {index} is not in the union")


class _Source:
    """Python source in the making; the functions for nested schemas come before those that call them."""

    def __init__(self) -> None:
        self._functions: list[list[str]] = []
        self._lines: list[str] = []
        self._indent = 1
        self._names = 0
        self._known: dict[tuple[int, int], str] = {}
        self._globals: dict[str, Any] = {
            "ZIGZAG": ZIGZAG,
            "long_number": long_number,
            "int_number": int_number,
            "length": length,
            "block_count": block_count,
            "read_anything": read_anything,
            "make_map": make_map,
            "Struct": Struct,
            "bad_branch": _bad_branch,
            "truncated": _truncated,
            "unpack_float": struct.Struct("<f").unpack_from,
            "unpack_double": struct.Struct("<d").unpack_from,
        }

    def compile(self, avro: AvroSchema, schema: Schema) -> Decode:
        """The function for whole messages."""
        name = self._name()
        outer = self._begin(f"def {name}(d):", f"p = {HEADER_BYTES}")
        value = self._value(avro, schema, is_row=True)
        self._put("if p > len(d): truncated(d)", f"return {value}")
        self._end(outer)
        source = "\n".join(line for function in self._functions for line in function)
        exec(compile(source, "<avro schema>", "exec"), self._globals)  # noqa: S102  # see the module's text
        decode: Decode = self._globals[name]
        return decode

    # Building blocks

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _constant(self, value: Any) -> str:
        name = self._name()
        self._globals[name] = value
        return name

    def _put(self, *lines: str) -> None:
        self._lines += [" " * self._indent + line for line in lines]

    def _begin(self, *head: str) -> tuple[list[str], int]:
        outer = (self._lines, self._indent)
        self._lines, self._indent = [head[0]], 1
        self._put(*head[1:])
        return outer

    def _end(self, outer: tuple[list[str], int]) -> None:
        self._functions.append(self._lines)
        self._lines, self._indent = outer

    # Values; each method leaves the value in a variable and returns its name

    def _value(self, avro: AvroSchema, schema: Schema, *, is_row: bool = False) -> str:
        match avro.kind:
            case "union":
                return self._union(avro, schema, is_row)
            case "record" if is_row:
                return self._row(avro, schema)
            case "array" | "map" | "record":
                return self._call(avro, schema)
        value = self._name()
        self._plain(avro, schema, value)
        self._convert(schema, value)
        return value

    def _plain(self, avro: AvroSchema, schema: Schema, value: str) -> None:
        match avro.kind:
            case "null":
                self._put(f"{value} = None")
            case "boolean":
                self._put(f"{value} = d[p] == 1", "p += 1")
            case "int" | "long":
                self._number(f"{avro.kind}_number", value)
            case "float":
                self._put(f"{value} = unpack_float(d, p)[0]", "p += 4")
            case "double":
                self._put(f"{value} = unpack_double(d, p)[0]", "p += 8")
            case "fixed":
                self._put(f"{value} = d[p:p + {avro.size}]", f"p += {avro.size}")
            case "enum":
                self._length()
                self._put(f"{value} = {self._constant(avro.symbols)}[n]")
            case _:
                self._length()
                decoded = '.decode("utf-8", "replace")' if avro.kind == "string" else ""
                self._put("q = p + n", f"{value} = d[p:q]{decoded}", "p = q")

    def _number(self, function: str, value: str) -> None:
        self._put(
            "b = d[p]",
            "p += 1",
            f"if b < 128: {value} = ZIGZAG[b]",
            "else:",
            " c = d[p]",
            f" if c < 128: {value} = ZIGZAG[b & 127 | c << 7]; p += 1",
            f" else: {value}, p = {function}(d, p - 1)",
        )

    def _length(self) -> None:
        self._put("n = d[p]", "p += 1", "if n & 129: n, p = length(d, p - 1)", "else: n >>= 1")

    def _convert(self, schema: Schema, value: str) -> None:
        if schema.type in _NARROWINGS:
            self._put(f"{value} = {_NARROWINGS[schema.type].format(value)}")
        if schema.name is not None and _LOGICAL.get(schema.name) is schema.type:
            self._put(f"{value} = {self._constant(to_logical(schema))}({value})")

    def _union(self, avro: AvroSchema, schema: Schema, is_row: bool) -> str:
        value, branch = self._name(), self._name()
        self._put(f"{branch} = d[p]", "p += 1")
        place = 0
        for index, member in enumerate(avro.branches):
            self._put(f"{'elif' if index else 'if'} {branch} == {index << 1}:")
            self._indent += 1
            if member.kind == "null":
                self._put(f"{value} = None")
            elif is_union(schema):
                inner = self._value(member, schema.fields[place].schema)
                row = ", ".join(inner if at == place else "None" for at in range(len(schema.fields)))
                self._put(f"{value} = ({row},)" if is_row else f"{value} = Struct({self._constant(schema)}, ({row},))")
                place += 1
            else:
                self._put(f"{value} = {self._value(member, schema, is_row=is_row)}")
            self._indent -= 1
        self._put("else:" if avro.branches else "if True:", f" bad_branch({branch} >> 1)")
        return value

    def _row(self, avro: AvroSchema, schema: Schema) -> str:
        value = self._name()
        pairs = zip(avro.fields, schema.fields, strict=True)
        inner = [self._value(avro_field.schema, field.schema) for avro_field, field in pairs]
        self._put(f"{value} = ({''.join(f'{name}, ' for name in inner)})")
        return value

    def _call(self, avro: AvroSchema, schema: Schema) -> str:
        key = (id(avro), id(schema))
        function = self._known.get(key)
        if function is None:
            function = self._known[key] = self._name()
            self._globals[f"{function}_of"] = (avro, schema)
            outer = self._begin(f"def {function}(d, p):")
            self._collection(avro, schema)
            self._end(outer)
        value = self._name()
        self._put(f"{value}, p = {function}(d, p)")
        return value

    def _collection(self, avro: AvroSchema, schema: Schema) -> None:
        if avro.kind == "record":
            row = self._row(avro, schema)
            self._put(f"return Struct({self._constant(schema)}, {row}), p")
            return
        is_dict = avro.kind == "map"
        self._put("items = {}" if is_dict else "items = []", "while True:")
        self._indent += 1
        self._put("count, p = block_count(d, p)", "if not count: break", "for _ in range(count):")
        self._indent += 1
        if is_dict:
            self._length()
            self._put("q = p + n", 'key = d[p:q].decode("utf-8", "replace")', "p = q")
            self._put(f"items[key] = {self._item(avro.items, schema.value_schema)}")
        elif schema.type is Type.MAP:
            by_name = {"key": schema.key_schema, "value": schema.value_schema}
            parts = {field.name: self._item(field.schema, by_name[field.name]) for field in avro.items.fields}
            self._put(f"items.append(({parts['key']}, {parts['value']}))")
        else:
            self._put(f"items.append({self._item(avro.items, schema.value_schema)})")
        self._indent -= 2
        self._put("return make_map(items), p" if schema.type is Type.MAP and not is_dict else "return items, p")

    def _item(self, avro: AvroSchema, schema: Schema | None) -> str:
        assert schema is not None
        return self._value(avro, schema)
