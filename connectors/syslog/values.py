"""Values and keys as the Confluent connector makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connect.api import (
    OPTIONAL_INT32_SCHEMA,
    OPTIONAL_STRING_SCHEMA,
    OPTIONAL_TIMESTAMP_SCHEMA,
    STRING_SCHEMA,
    TIMESTAMP_SCHEMA,
    Schema,
    SchemaBuilder,
    Struct,
)
from connect.api.logical import instants
from connectors.syslog.arrivals import Arrivals
from connectors.syslog.message import CefEvent, Element, Message

_TEXTS = SchemaBuilder.map(STRING_SCHEMA, STRING_SCHEMA).optional().build()
STRUCTURED_DATA = (
    SchemaBuilder.struct()
    .name("io.confluent.syslog.StructuredData")
    .field("id", OPTIONAL_STRING_SCHEMA)
    .field("structuredDataElements", _TEXTS)
    .build()
)
_FIELDS: tuple[tuple[str, Schema], ...] = (
    ("name", OPTIONAL_STRING_SCHEMA),
    ("type", STRING_SCHEMA),
    ("message", OPTIONAL_STRING_SCHEMA),
    ("host", OPTIONAL_STRING_SCHEMA),
    ("version", OPTIONAL_INT32_SCHEMA),
    ("level", OPTIONAL_INT32_SCHEMA),
    ("tag", OPTIONAL_STRING_SCHEMA),
    ("extension", _TEXTS),
    ("severity", OPTIONAL_STRING_SCHEMA),
    ("appName", OPTIONAL_STRING_SCHEMA),
    ("facility", OPTIONAL_INT32_SCHEMA),
    ("remoteAddress", OPTIONAL_STRING_SCHEMA),
    ("rawMessage", OPTIONAL_STRING_SCHEMA),
    ("processId", OPTIONAL_STRING_SCHEMA),
    ("messageId", OPTIONAL_STRING_SCHEMA),
    ("structuredData", SchemaBuilder.array(STRUCTURED_DATA).optional().build()),
    ("deviceVendor", OPTIONAL_STRING_SCHEMA),
    ("deviceProduct", OPTIONAL_STRING_SCHEMA),
    ("deviceVersion", OPTIONAL_STRING_SCHEMA),
    ("deviceEventClassId", OPTIONAL_STRING_SCHEMA),
)


def _schema(*times: tuple[str, Schema]) -> Schema:
    builder = SchemaBuilder.struct().name("io.confluent.syslog.Message")
    for name, schema in (*_FIELDS, *times):
        builder.field(name, schema)
    return builder.build()


DATE_FORM = _schema(("date", TIMESTAMP_SCHEMA))
TIMESTAMP_FORM = _schema(("timestamp", OPTIONAL_TIMESTAMP_SCHEMA), ("receivedDate", OPTIONAL_TIMESTAMP_SCHEMA))


class MessageValues:
    """Makes ``io.confluent.syslog.Message`` structs, keyed by the message's host."""

    key_schema: Schema = OPTIONAL_STRING_SCHEMA

    def __init__(self, *, timestamp_form: bool) -> None:
        self._timestamp_form = timestamp_form
        self.value_schema = TIMESTAMP_FORM if timestamp_form else DATE_FORM

    def keys(self, messages: Sequence[Message], arrivals: Arrivals) -> list[Any]:
        """One per message."""
        return [message[4] for message in messages]

    def rows(self, messages: Sequence[Message], arrivals: Arrivals, millis: Sequence[int]) -> list[Any]:
        """One per message. ``millis``: the messages' own times, or else when they arrived."""
        dates = instants(millis)
        times: Sequence[tuple[Any, ...]]
        if self._timestamp_form:
            times = list(zip(dates, instants(arrivals.received), strict=True))
        else:
            times = list(zip(dates, strict=True))
        return [
            _row(message, remote, raw, time)
            if message.cef is None
            else _cef_row(message, message.cef, remote, raw, time)
            for message, remote, raw, time in zip(messages, arrivals.names, arrivals.texts, times, strict=True)
        ]


def _row(message: Message, remote: str, raw: str, time: tuple[Any, ...]) -> tuple[Any, ...]:
    kind, facility, level, _, host, text, tag, process, version, app, message_id, data, _, _ = message
    structured = None if data is None else _structured(data)
    return (
        *(None, kind, text, host, version, level, tag, None, None, app, facility, remote, raw, process, message_id),
        *(structured, None, None, None, None, *time),
    )


def _structured(data: list[Element]) -> list[Struct]:
    return [Struct(STRUCTURED_DATA, element) for element in data]


def _cef_row(message: Message, cef: CefEvent, remote: str, raw: str, time: tuple[Any, ...]) -> tuple[Any, ...]:
    return (
        cef.name,
        message.type,
        message.message,
        message.host,
        message.version,
        message.level,
        message.tag,
        cef.extension,
        cef.severity,
        message.app_name,
        message.facility,
        remote,
        raw,
        message.process_id,
        message.message_id,
        message.structured_data and _structured(message.structured_data),
        cef.vendor,
        cef.product,
        cef.device_version,
        cef.event_class,
        *time,
    )
