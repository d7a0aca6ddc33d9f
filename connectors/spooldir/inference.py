"""Which types the columns of files have: candidates that every value seen so far fits, the narrowest of which wins."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import tzinfo
from decimal import Decimal
from types import NoneType
from typing import Any, NamedTuple

from connect.api import Field, Schema, Type
from connect.api.logical import DATE_NAME, TIMESTAMP_NAME
from connect.api.schema import OPTIONAL_STRING_SCHEMA
from connectors.spooldir.date_format import DateFormat, DateParser

Columns = Mapping[str, Sequence[Any]]
"""Values by the name of their column; None = null."""

_COMMON_FORMATS = (
    "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "yyyy-MM-dd'T'HH:mm:ssXXX",
    "yyyy-MM-dd'T'HH:mm:ss.SSS",
    "yyyy-MM-dd' 'HH:mm:ss.SSS",
    "yyyy-MM-dd'T'HH:mm:ss",
    "yyyy-MM-dd' 'HH:mm:ss",
    "yyyy-MM-dd'T'HH:mm",
    "yyyy-MM-dd' 'HH:mm",
)
"""Formats that are recognised besides the configured ones, before them; days alone are recognised last."""
_DAY_FORMAT = "yyyy-MM-dd"
_TIME_LETTERS = re.compile(r"[HhKkmsS]")

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,18})", re.ASCII)
_FLOAT = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_EXACT_DIGITS = 15
_SHORTEST_DIGITS = 17
"""How many digits a double keeps of any number, and how many are written at most for a double."""


class Candidate(NamedTuple):
    """A type, and whether a text or a JSON node has it without any loss."""

    schema: Schema
    fits: Callable[[Any], bool]
    format: str | None = None

    def fit(self, values: Iterable[Any]) -> bool:
        """Whether all values do."""
        return all(map(self.fits, values))


def _is_boolean_text(text: str) -> bool:
    return text.lower() in ("true", "false")


def _is_boolean_node(node: Any) -> bool:
    return isinstance(node, bool)


def _is_integer_text(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None and -(1 << 63) <= int(text) < 1 << 63


def _is_float_text(text: str) -> bool:
    match = _FLOAT.fullmatch(text)
    if match is None:
        return False
    digits = len(match[1]) + len(match[2] or ".") - 1
    return digits <= (_SHORTEST_DIGITS if match[2] else _EXACT_DIGITS)


def _is_integer_node(node: Any) -> bool:
    return type(node) is int and -(1 << 63) <= node < 1 << 63


def _is_float_node(node: Any) -> bool:
    return isinstance(node, Decimal) or (type(node) is int and abs(node) <= 1 << 53)


class Inference:
    """Collects what is seen of columns."""

    def __init__(self, formats: Sequence[str], zone: tzinfo, *, of_texts: bool) -> None:
        """``formats`` are the configured ones of dates; ``of_texts``: numbers are texts, not nodes of JSON."""
        self._candidates = (
            Candidate(Schema(Type.BOOLEAN, optional=True), _is_boolean_text if of_texts else _is_boolean_node),
            Candidate(Schema(Type.INT64, optional=True), _is_integer_text if of_texts else _is_integer_node),
            Candidate(Schema(Type.FLOAT64, optional=True), _is_float_text if of_texts else _is_float_node),
            *(_of_dates(text, zone) for text in dict.fromkeys((*_COMMON_FORMATS, *formats, _DAY_FORMAT))),
        )
        self._left: dict[str, tuple[Candidate, ...]] = {}
        self._seen: set[str] = set()

    def add(self, columns: Columns) -> None:
        """Take values into account."""
        for name, values in columns.items():
            left = self._left.setdefault(name, self._candidates)
            if left:
                present = distinct(values)
                if present:
                    self._seen.add(name)
                    self._left[name] = tuple(candidate for candidate in left if candidate.fit(present))

    @property
    def formats(self) -> list[str]:
        """All formats of dates that are recognised, in order of trial."""
        return [candidate.format for candidate in self._candidates if candidate.format]

    def candidates_for(self, schema: Schema, formats: Sequence[str]) -> list[Candidate]:
        """What values of a field of that schema may be; none for text, which may be anything."""
        return [
            candidate
            for candidate in self._candidates
            if candidate.schema == schema.replace(optional=True)
            and (candidate.format is None or candidate.format in formats)
        ]

    def result(self) -> list[tuple[str, Candidate | None]]:
        """The columns in the order in which they were seen first; None = text."""
        return [(name, left[0] if left and name in self._seen else None) for name, left in self._left.items()]


def _of_dates(text: str, zone: tzinfo) -> Candidate:
    is_whole = DateFormat(text, zone).is_whole
    name, held = (TIMESTAMP_NAME, Type.INT64) if _TIME_LETTERS.search(text) else (DATE_NAME, Type.INT32)

    def fits(value: Any) -> bool:
        return isinstance(value, str) and is_whole(value)

    return Candidate(Schema(held, name=name, version=1, optional=True), fits, text)


def distinct(values: Sequence[Any]) -> Collection[Any]:
    """The values without null; texts each once."""
    if set(map(type, values)) <= {str, NoneType}:
        return set(values) - {None}
    return [value for value in values if value is not None]


class InferredTypes(NamedTuple):
    """What was found: fields with their schemas, and the formats of dates that they need, in order of trial."""

    fields: list[tuple[str, Schema]]
    formats: list[str]


def types_of(samples: Iterable[Columns], inference: Inference) -> InferredTypes:
    """The types of columns from samples of their values."""
    for columns in samples:
        inference.add(columns)
    found = inference.result()
    used = {candidate.format for _, candidate in found if candidate is not None and candidate.format}
    order = [text for text in inference.formats if text in used]
    fields = [(name, OPTIONAL_STRING_SCHEMA if candidate is None else candidate.schema) for name, candidate in found]
    return InferredTypes(fields, order)


def infers(settings: Mapping[str, Any]) -> bool:
    """Whether the parsed configuration asks for inferred types."""
    return bool(settings["schema.generation.enabled"]) and settings["schema.generation.types"] == "INFER"


def dates_of(settings: Mapping[str, Any]) -> DateParser:
    """What reads dates; with inferred types nothing but a whole date is one. Raises ConfigException."""
    formats, zone = settings["parser.timestamp.date.formats"], settings["parser.timestamp.timezone"]
    return DateParser(formats, zone, strict=infers(settings))


def checks_files(settings: Mapping[str, Any]) -> bool:
    """Whether every file is to be read once more before its first row is sent."""
    return infers(settings) and settings["schema.generation.misfit"] == "FILE"


def misfits(samples: Iterable[Columns], schema: Schema, formats: Sequence[str], inference: Inference) -> frozenset[str]:
    """The optional fields of ``schema`` whose type some value in the samples doesn't have."""
    candidates = {
        field.name: inference.candidates_for(field.schema, formats) for field in schema.fields if field.schema.optional
    }
    bad: set[str] = set()
    for columns in samples:
        for name, values in columns.items():
            wanted = candidates.get(name)
            if wanted and name not in bad and not all(any(c.fits(v) for c in wanted) for v in distinct(values)):
                bad.add(name)
    return frozenset(bad)


@functools.lru_cache(64)
def with_texts(schema: Schema, names: frozenset[str]) -> Schema:
    """The struct schema with some of its fields as text."""
    fields = [
        Field(field.name, field.index, OPTIONAL_STRING_SCHEMA) if field.name in names else field
        for field in schema.fields
    ]
    return schema.replace(fields=fields)
