"""Reading JSON messages: the fast parser for batches, the careful one for every message that needs it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import groupby, islice
from typing import Annotated, Any

import msgspec
import orjson

from connect.api import DataException, Run, Schema, SerializationException, Type, to_held
from converters.json_decode import Inexact, value_reader
from converters.json_envelope import WRONG_ENVELOPE, Frame, candidate_frames, schema_of
from converters.json_java import exceeds_limits, may_hold_negative_zero, reads_differently, suspects
from converters.json_rows import RowReader
from converters.json_text import MAX_NUMBER_LENGTH, MISSING, parse_nodes, parse_values

_UNREADABLE = "Converting byte[] to Kafka Connect data failed due to serialization error: "
_ODD = (ValueError, Inexact, DataException, RecursionError)
"""What the batch forms raise for a message that has to be read by itself; the parsers' own errors are ValueErrors."""


_Long = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_decode_without_floats = msgspec.json.Decoder(dict[str, bool | _Long | str | None]).decode
_decode_with_floats = msgspec.json.Decoder(dict[str, bool | _Long | float | str | None]).decode


def _flat_maps(payloads: Sequence[bytes]) -> list[Any] | None:
    """The maps of payloads that are objects without nesting or large integers, None where there are others.

    Decoding by type leaves little or nothing to look for in the text, which takes a third of the time of decoding.
    """
    if max(map(len, payloads)) > MAX_NUMBER_LENGTH:
        return None
    with suppress(ValueError):
        return list(map(_decode_without_floats, payloads))
    with suppress(ValueError):
        maps: list[Any] = list(map(_decode_with_floats, payloads))
        return None if may_hold_negative_zero(b"\n".join(payloads)) else maps
    return None


class PayloadReader:
    """Reads payloads of one schema (None = schemaless)."""

    def __init__(self, schema: Schema | None, replace_nulls: bool) -> None:
        self.schema = schema
        self._read = None if schema is None else value_reader(schema, replace_nulls)
        is_struct = schema is not None and schema.type is Type.STRUCT
        self._rows = RowReader(schema, replace_nulls) if schema is not None and is_struct else None

    def read(self, payloads: Sequence[bytes]) -> list[Any]:
        """The values as a batch holds them. Raises one of ``_ODD`` when a payload needs the careful parser."""
        if self.schema is None:
            maps = _flat_maps(payloads)
            if maps is not None:
                return maps
        if exceeds_limits(payloads):
            raise Inexact
        if self._rows is not None:
            return self._rows.read(payloads)
        nodes = list(map(orjson.loads, payloads))
        if self._read is not None:
            return list(map(self._read, nodes))
        if suspects(payloads, reads_differently):
            raise Inexact
        return nodes

    def value_of(self, node: Any) -> Any:
        """The value of a node from the careful parser, as a batch holds it."""
        assert self._read is not None
        return to_held(self.schema, self._read(node))


class MessageReader:
    """Reads the messages of one converter."""

    def __init__(self, *, with_schemas: bool, schema: Schema | None, replace_nulls: bool, cache_size: int) -> None:
        self._replace_nulls = replace_nulls
        self._enveloped = with_schemas and schema is None
        self._reader = PayloadReader(schema if with_schemas else None, replace_nulls)
        self._reader_of = lru_cache(maxsize=cache_size)(self._new_reader)

    def read(self, messages: Sequence[bytes | None]) -> list[Run]:
        """The values of all messages as runs of one schema. Raises DataException at the first that can't be read."""
        runs: list[Run] = []
        try:
            if self._enveloped:
                self._read_envelopes(messages, runs)
            elif None not in messages:
                self._read_alike(self._reader, messages, messages, runs)  # type: ignore[arg-type]  # no null in it
            else:
                for is_null, group in groupby(messages, key=lambda message: message is None):
                    payloads = list(group)
                    if is_null:
                        _extend(runs, None, payloads)
                    else:
                        self._read_alike(self._reader, payloads, payloads, runs)  # type: ignore[arg-type]
        except RecursionError:
            raise DataException(_UNREADABLE) from None
        return runs

    def _read_envelopes(self, messages: Sequence[bytes | None], runs: list[Run]) -> None:
        position = 0
        while position < len(messages):
            message = messages[position]
            found = None if message is None else self._find_reader(message)
            if found is None:
                _extend(runs, *((None, [None]) if message is None else self._read_carefully(message)))
                position += 1
                continue
            frame, reader = found
            payloads = _payloads_in(frame, islice(messages, position, None))
            alike = messages[position : position + len(payloads)]
            self._read_alike(reader, payloads, alike, runs)  # type: ignore[arg-type]  # no null in it
            position += len(payloads)

    def _find_reader(self, message: bytes) -> tuple[Frame, PayloadReader] | None:
        for frame in candidate_frames(message):
            reader = self._reader_of(frame.schema)
            if reader is not None:
                return frame, reader
        return None

    def _new_reader(self, schema_text: bytes) -> PayloadReader | None:
        """None where the text isn't one JSON value, or no schema."""
        try:
            orjson.loads(schema_text)
            return PayloadReader(schema_of(parse_nodes(schema_text), self._replace_nulls), self._replace_nulls)
        except (ValueError, SerializationException, DataException):
            return None

    def _read_alike(
        self, reader: PayloadReader, payloads: Sequence[bytes], messages: Sequence[bytes], runs: list[Run]
    ) -> None:
        """Read the payloads of ``messages``; halve until the one that needs care is alone."""
        if not payloads:
            return
        try:
            values = reader.read(payloads)
        except _ODD:
            if len(payloads) == 1:
                _extend(runs, *self._read_carefully(messages[0]))
                return
            half = len(payloads) // 2
            self._read_alike(reader, payloads[:half], messages[:half], runs)
            self._read_alike(reader, payloads[half:], messages[half:], runs)
        else:
            _extend(runs, reader.schema, values)

    def _read_carefully(self, message: bytes) -> Run:
        if not self._enveloped:
            reader = self._reader
            value = _careful_values(message) if reader.schema is None else reader.value_of(_careful_nodes(message))
            return reader.schema, [value]
        nodes = _careful_nodes(message)
        if not isinstance(nodes, dict) or nodes.keys() != {"schema", "payload"}:
            raise DataException(WRONG_ENVELOPE)
        schema = schema_of(nodes["schema"], self._replace_nulls)
        if schema is None:
            return None, [_careful_values(message)["payload"]]
        return schema, [PayloadReader(schema, self._replace_nulls).value_of(nodes["payload"])]


def _careful_nodes(message: bytes) -> Any:
    try:
        return parse_nodes(message)
    except SerializationException as error:
        raise DataException(_UNREADABLE) from error


def _careful_values(message: bytes) -> Any:
    try:
        value = parse_values(message)
    except SerializationException as error:
        raise DataException(_UNREADABLE) from error
    return None if value is MISSING else value


def _payloads_in(frame: Frame, messages: islice[bytes | None]) -> list[bytes]:
    """The payloads of the first messages, as far as they lie in that frame."""
    start, end, _ = frame
    first, last = len(start), -len(end)
    payloads = []
    for message in messages:
        if message is None or not message.startswith(start) or not message.endswith(end):
            break
        payloads.append(message[first:last])
    return payloads


def _extend(runs: list[Run], schema: Schema | None, values: list[Any]) -> None:
    if runs and (runs[-1][0] is schema or runs[-1][0] == schema):
        runs[-1][1].extend(values)
    else:
        runs.append((schema, values))
