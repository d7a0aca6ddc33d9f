"""What makes the values of a type, a column at a time, as the annotations (``arg.properties``) of its schema say."""

from __future__ import annotations

import json
import string
import struct
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from connect.api import DataException, Schema, Struct, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, from_millis
from connectors.datagen.avro_schema import AvroType, to_connect, to_decimal
from connectors.datagen.regex import texts_of

Fill = Callable[[Random, int, int], list[Any]]
"""``fill(rng, first, size)``: the values of the iterations ``first`` to ``first + size - 1``."""

_MILLIS_PER_DAY = 86_400_000
_LETTERS = string.ascii_letters + string.digits
_SINGLE = struct.Struct("<f")
_NUMBERS = {"int": 32, "long": 64, "float": 0, "double": 0}
_LENGTH = {"min": 8, "max": 16}
"""How long texts, bytes, arrays and maps are when their schema doesn't say."""


def filler(type: AvroType, annotations: Mapping[str, Any] | None = None) -> Fill:
    """What fills a column with values of that type; structs are rows at the top, Structs below.

    ``annotations`` take the place of the type's own. Raises DataException.
    """
    given = dict(type.node.get("arg.properties") or {}) if annotations is None else dict(annotations)
    try:
        return _filler(type, given)
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, OSError) as error:
        raise DataException(
            f"The arg.properties {json.dumps(given)} of {type.name or type.kind} make no sense"
        ) from error


def _filler(type: AvroType, given: dict[str, Any]) -> Fill:
    if "options" in given:
        options = [to_connect(type, option) for option in _options(given["options"])]
        if not options:
            raise ValueError("no options")
        return lambda rng, first, size: rng.choices(options, k=size)
    if type.kind in _NUMBERS:
        return _logical(type, _numbers(type.kind, given))
    if type.schema is not None and type.schema.name == DECIMAL_NAME:
        return _decimals(type.schema, given)
    match type.kind:
        case "null":
            return lambda rng, first, size: [None] * size
        case "boolean":
            return _booleans(given)
        case "string":
            return _texts(given)
        case "bytes":
            lengths = _lengths(given)
            return lambda rng, first, size: [rng.randbytes(length) for length in lengths(rng, size)]
        case "fixed":
            width = int(type.node["size"])
            return lambda rng, first, size: [rng.randbytes(width) for _ in range(size)]
        case "enum":
            symbols = list(type.node["symbols"])
            return lambda rng, first, size: rng.choices(symbols, k=size)
        case "array":
            return _arrays(type, given)
        case "map":
            return _maps(type, given)
        case "record":
            return _records(type)
        case _:
            return _unions(type, given)


def _options(given: Any) -> list[Any]:
    if isinstance(given, list):
        return given
    if given.get("encoding", "json") != "json":
        raise ValueError("files of options can only be JSON")
    text = Path(given["file"]).read_text(encoding="utf-8").strip()
    if text.startswith("[") and text.endswith("]"):
        return list(json.loads(text))
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _logical(type: AvroType, fill: Fill) -> Fill:
    match type.schema.name if type.schema is not None else None:
        case name if name == DATE_NAME:
            return lambda rng, first, size: [from_millis(day * _MILLIS_PER_DAY) for day in fill(rng, first, size)]
        case name if name in (TIME_NAME, TIMESTAMP_NAME):
            return lambda rng, first, size: list(map(from_millis, fill(rng, first, size)))
        case _:
            return fill


def _numbers(kind: str, given: Mapping[str, Any]) -> Fill:
    if "iteration" in given:
        return _iteration(given["iteration"], int if _NUMBERS[kind] else float)
    if _NUMBERS[kind]:
        half = 1 << (_NUMBERS[kind] - 1)
        bounds = given.get("range") or {}
        low, high = int(bounds.get("min", -half)), int(bounds.get("max", half))
        _check_range(low, high)
        width = high - low
        # Scaling a fraction is four times as fast as randrange; above 2**53 some numbers would never come.
        if width <= 1 << 53:
            return lambda rng, first, size: [low + int(rng.random() * width) for _ in range(size)]
        return lambda rng, first, size: [rng.randrange(low, high) for _ in range(size)]
    bounds = given.get("range") or {}
    least, most = float(bounds.get("min", 0.0)), float(bounds.get("max", 1.0))
    _check_range(least, most)
    span = most - least
    if kind == "float":
        return lambda rng, first, size: [_single(least + rng.random() * span) for _ in range(size)]
    return lambda rng, first, size: [least + rng.random() * span for _ in range(size)]


def _single(number: float) -> float:
    return float(_SINGLE.unpack(_SINGLE.pack(number))[0])


def _check_range(low: float, high: float) -> None:
    if low >= high:
        raise ValueError(f"min {low} is not below max {high}")


def _iteration(given: Mapping[str, Any], convert: Callable[[Any], Any]) -> Fill:
    """Counts from ``start`` in steps; at ``restart`` it begins again."""
    start = convert(given.get("start", 0))
    restart = given.get("restart")
    step = convert(given.get("step", -1 if restart is not None and convert(restart) < start else 1))
    if not step:
        raise ValueError("a step of 0")
    if restart is None:
        return lambda rng, first, size: [start + step * place for place in range(first, first + size)]
    period = -int((start - convert(restart)) // step)
    if period <= 0:
        raise ValueError("restart is never reached")
    return lambda rng, first, size: [start + step * (place % period) for place in range(first, first + size)]


def _decimals(schema: Schema, given: Mapping[str, Any]) -> Fill:
    scale = int((schema.parameters or {}).get("scale", "0"))
    digits = int((schema.parameters or {}).get("connect.decimal.precision", scale + 4))
    bounds = given.get("range") or {"min": 0, "max": 10 ** (digits - scale)}
    low, high = (to_decimal(schema, bounds[end]) for end in ("min", "max"))
    units = _numbers("long", {"range": {"min": int(low.scaleb(scale)), "max": int(high.scaleb(scale))}})
    unit = Decimal(1).scaleb(-scale)
    return lambda rng, first, size: [number * unit for number in units(rng, first, size)]


def _booleans(given: Mapping[str, Any]) -> Fill:
    if "iteration" in given:
        start = bool(given["iteration"]["start"])
        return lambda rng, first, size: [start ^ bool(place % 2) for place in range(first, first + size)]
    odds = float(given.get("odds", 0.5))
    return lambda rng, first, size: [rng.random() < odds for _ in range(size)]


def _lengths(given: Mapping[str, Any]) -> Callable[[Random, int], list[int]]:
    length = given.get("length", _LENGTH)
    if not isinstance(length, Mapping):
        return lambda rng, size: [int(length)] * size
    low, high = int(length.get("min", 0)), int(length["max"])
    _check_range(low, high)
    return lambda rng, size: [rng.randrange(low, high) for _ in range(size)]


def _texts(given: Mapping[str, Any]) -> Fill:
    fill = _bare_texts(given)
    prefix, suffix = given.get("prefix", ""), given.get("suffix", "")
    if not prefix and not suffix:
        return fill
    return lambda rng, first, size: [f"{prefix}{text}{suffix}" for text in fill(rng, first, size)]


def _bare_texts(given: Mapping[str, Any]) -> Fill:
    if "iteration" in given:
        count = _iteration(given["iteration"], int)
        return lambda rng, first, size: list(map(str, count(rng, first, size)))
    if "regex" in given:
        make = texts_of(given["regex"])
        return lambda rng, first, size: make(rng, size)
    lengths = _lengths(given)
    return lambda rng, first, size: ["".join(rng.choices(_LETTERS, k=length)) for length in lengths(rng, size)]


def _inner(type: AvroType) -> Fill:
    """As ``filler``, for a type below the top: rows become Structs."""
    fill, schema = filler(type), type.schema
    if schema is None or schema.type is not Type.STRUCT or type.kind == "union":
        return fill
    return lambda rng, first, size: [Struct(schema, row) for row in fill(rng, first, size)]


def _arrays(type: AvroType, given: Mapping[str, Any]) -> Fill:
    items, lengths = _inner(type.parts[0]), _lengths(given)
    return lambda rng, first, size: [items(rng, 0, length) for length in lengths(rng, size)]


def _maps(type: AvroType, given: Mapping[str, Any]) -> Fill:
    keys = _keys(given.get("keys") or {})
    values, lengths = _inner(type.parts[0]), _lengths(given)

    def fill(rng: Random, first: int, size: int) -> list[Any]:
        return [dict(zip(keys(rng, 0, length), values(rng, 0, length), strict=True)) for length in lengths(rng, size)]

    return fill


def _keys(given: dict[str, Any]) -> Fill:
    if "options" not in given:
        return _texts(given)
    options = list(map(str, _options(given["options"])))

    def fill(rng: Random, first: int, size: int) -> list[Any]:
        # As many different keys as there are, since each can occur once in a map.
        different = rng.sample(options, min(size, len(options)))
        return different + different[:1] * (size - len(different))

    return fill


def _records(type: AvroType) -> Fill:
    fills = [_inner(part) for part in type.parts]

    def fill(rng: Random, first: int, size: int) -> list[Any]:
        if not fills:
            return [()] * size
        return list(zip(*[column(rng, first, size) for column in fills], strict=True))

    return fill


def _unions(type: AvroType, given: Mapping[str, Any]) -> Fill:
    branches = [_branch(type, place) for place in range(len(type.parts))]
    position, weights = given.get("position"), given.get("distribution")
    if position is not None:
        return branches[int(position)]
    if isinstance(weights, Mapping):
        weights = [float(weights.get(str(place), 0)) for place in range(len(branches))]

    def fill(rng: Random, first: int, size: int) -> list[Any]:
        chosen = rng.choices(range(len(branches)), weights, k=size)
        columns = {place: branches[place](rng, first, size) for place in sorted(set(chosen))}
        return [columns[place][index] for index, place in enumerate(chosen)]

    return fill


def _branch(type: AvroType, place: int) -> Fill:
    fill, union = _inner(type.parts[place]), type.schema
    present = [part for part in type.parts if part.schema is not None]
    if union is None or len(present) == 1 or type.parts[place].schema is None:
        return fill
    index = present.index(type.parts[place])

    def fill_union(rng: Random, first: int, size: int) -> list[Any]:
        return [
            Struct(union, [value if at == index else None for at in range(len(present))])
            for value in fill(rng, first, size)
        ]

    return fill_union
