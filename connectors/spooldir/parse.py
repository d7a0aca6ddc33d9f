"""From the texts of a column to typed values, a column at a time."""

from __future__ import annotations

import decimal
import re
from array import array
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from connect.api import DataException, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, from_millis
from connectors.spooldir.date_format import DateParser

Convert = Callable[[Sequence[str]], list[Any]]

_SAMPLE = 64
"""How many texts of a column are looked at to see whether they repeat."""

BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
JAVA_TYPES = {
    Type.INT8: "Byte",
    Type.INT16: "Short",
    Type.INT32: "Integer",
    Type.INT64: "Long",
    Type.FLOAT32: "Float",
    Type.FLOAT64: "Double",
    Type.BOOLEAN: "Boolean",
    Type.STRING: "String",
}
# Python reads more than Java does ("1_000", " 1 "), so numbers of other characters are looked at one by one.
_NOT_FLOAT = re.compile(r"[^0-9eE.+-]")
_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[\da-fA-F]+\.?[\da-fA-F]*|\.[\da-fA-F]+)[pP][+-]?\d+[fFdD]?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_BOOLEANS = {"true": True, "false": False}


class ColumnParser(NamedTuple):
    """How the texts of one field become values. ``convert`` raises ValueError or ArithmeticError for a bad text."""

    schema: Schema
    java_type: str
    convert: Convert

    def column(self, texts: Sequence[str | None], nulls: frozenset[str | None]) -> list[Any]:
        """The values, None for texts in ``nulls``. Raises like ``convert``, and ValueError for a forbidden null."""
        has_nulls = any(null in texts for null in nulls)
        if self.convert is _strings:
            return self._nullable_texts(texts, nulls) if has_nulls else list(texts)
        sample = texts[:_SAMPLE]
        if has_nulls or len(set(sample)) * 2 <= len(sample):
            return self._repetitive_column(texts, nulls)
        return self.convert(texts)  # type: ignore[arg-type]  # nulls contains None wherever texts can

    def _repetitive_column(self, texts: Sequence[str | None], nulls: frozenset[str | None]) -> list[Any]:
        """The same, converting each text once: looking a value up costs less than making it."""
        distinct = set(texts)
        found = list(distinct - nulls)
        known: dict[str | None, Any] = dict(zip(found, self.convert(found), strict=True))  # type: ignore[arg-type]
        if len(found) < len(distinct):
            self._check_nullable()
            known |= dict.fromkeys(nulls)
        return list(map(known.__getitem__, texts))

    def _nullable_texts(self, texts: Sequence[str | None], nulls: frozenset[str | None]) -> list[Any]:
        self._check_nullable()
        return [None if text in nulls else text for text in texts]

    def _check_nullable(self) -> None:
        if not self.schema.optional and self.schema.default_value is None:
            raise ValueError("schema is not optional so input cannot be null.")

    def cell(self, name: str, text: str | None, nulls: frozenset[str | None], line: int) -> Any:
        """One value. Raises DataException that names field and line number."""
        try:
            try:
                return self.column([text], nulls)[0]
            except (ValueError, ArithmeticError) as error:
                if text is None or text in nulls:
                    raise
                raise DataException(f"Could not parse '{text}' to '{self.java_type}'") from error
        except (DataException, ValueError) as error:
            raise DataException(f"Exception thrown while parsing data for '{name}'. linenumber={line}") from error


def column_parser(schema: Schema, dates: DateParser, *, lenient: bool) -> ColumnParser:
    """The parser for a field. Raises DataException for types that text can't hold."""
    if schema.name == DECIMAL_NAME:
        return ColumnParser(schema, "BigDecimal", _decimals(int((schema.parameters or {}).get("scale", "0"))))
    read_date = {DATE_NAME: dates.date, TIME_NAME: dates.time, TIMESTAMP_NAME: dates.timestamp}.get(schema.name or "")
    if read_date is not None:
        return ColumnParser(schema, "Date", _instants(read_date))
    convert = _converter(schema.type, lenient)
    if convert is None:
        raise DataException(f"Schema {schema.type.name}({schema.name or 'null'}) is not supported")
    return ColumnParser(schema, JAVA_TYPES[schema.type], convert)


def _converter(type: Type, lenient: bool) -> Convert | None:
    if type in BITS:
        return _integers(BITS[type])
    if type is Type.BOOLEAN:
        return _lenient_booleans if lenient else _booleans
    return {Type.STRING: _strings, Type.FLOAT64: _doubles, Type.FLOAT32: _singles}.get(type)


def _strings(texts: Sequence[str]) -> list[Any]:
    return list(texts)


def _integers(bits: int) -> Convert:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def convert(texts: Sequence[str]) -> list[Any]:
        values = _json_integers(texts)
        if values is None:
            for text in texts:
                _check(_INTEGER, text)
            values = list(map(int, texts))
        if values and (min(values) < low or max(values) > high):
            outside = next(value for value in values if not low <= value <= high)
            raise ValueError(f'Value out of range. Value:"{outside}" Radix:10')
        return values

    return convert


def _json_integers(texts: Sequence[str]) -> list[Any] | None:
    """The same integers, read as one JSON array; None where they aren't written as JSON has them."""
    joined = ",".join(texts).encode(errors="replace")
    if joined.translate(None, b"0123456789-,"):
        return None
    try:
        values: list[Any] = orjson.loads(b"[%b]" % joined)
    except orjson.JSONDecodeError:
        return None
    return values if len(values) == len(texts) and set(map(type, values)) == {int} else None


def _doubles(texts: Sequence[str]) -> list[Any]:
    if _NOT_FLOAT.search("".join(texts)) is None:
        return list(map(float, texts))
    return list(map(_java_double, texts))


def _java_double(text: str) -> float:
    stripped = text.strip()
    if _HEXADECIMAL.fullmatch(stripped) is not None:
        return float.fromhex(stripped.rstrip("fFdD"))
    _check(_FLOAT, stripped)
    return float(stripped.rstrip("fFdD") if stripped[-1] in "fFdD" else stripped)


def _singles(texts: Sequence[str]) -> list[Any]:
    return list(array("f", _doubles(texts)))


def _check(pattern: re.Pattern[str], text: str) -> None:
    if pattern.fullmatch(text) is None:
        raise ValueError(f'For input string: "{text}"')


def _booleans(texts: Sequence[str]) -> list[Any]:
    try:
        return [_BOOLEANS[text.lower()] for text in texts]
    except KeyError as error:
        raise ValueError(f"Not a boolean: {error.args[0]}") from None


def _lenient_booleans(texts: Sequence[str]) -> list[Any]:
    return [text.lower() == "true" for text in texts]


def _decimals(scale: int) -> Convert:
    unit = decimal.Decimal(1).scaleb(-scale)
    context = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
    context.traps[decimal.Inexact] = True

    def convert(texts: Sequence[str]) -> list[Any]:
        if _NOT_FLOAT.search("".join(texts)) is not None or "" in texts:
            for text in texts:
                _check(_DECIMAL, text)
        try:
            return [decimal.Decimal(text).quantize(unit, context=context) for text in texts]
        except decimal.Inexact:
            raise ArithmeticError("Rounding necessary") from None

    return convert


def _instants(read: Callable[[str], int]) -> Convert:
    def convert(texts: Sequence[str]) -> list[Any]:
        return [from_millis(read(text)) for text in texts]

    return convert
