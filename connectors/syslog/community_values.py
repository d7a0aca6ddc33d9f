"""Values and keys as the community plugin makes them: only the header of a message is taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connect.api import (
    OPTIONAL_INT32_SCHEMA,
    OPTIONAL_STRING_SCHEMA,
    OPTIONAL_TIMESTAMP_SCHEMA,
    Schema,
    SchemaBuilder,
)
from connect.api.logical import instants
from connectors.syslog.arrivals import Arrivals
from connectors.syslog.message import Message

_PACKAGE = "com.github.jcustenborder.kafka.connect.syslog"
KEY = SchemaBuilder.struct().name(f"{_PACKAGE}.SyslogKey").field("remote_address", OPTIONAL_STRING_SCHEMA).build()
VALUE = (
    SchemaBuilder.struct()
    .name(f"{_PACKAGE}.SyslogValue")
    .field("date", OPTIONAL_TIMESTAMP_SCHEMA)
    .field("facility", OPTIONAL_INT32_SCHEMA)
    .field("host", OPTIONAL_STRING_SCHEMA)
    .field("level", OPTIONAL_INT32_SCHEMA)
    .field("message", OPTIONAL_STRING_SCHEMA)
    .field("charset", OPTIONAL_STRING_SCHEMA)
    .field("remote_address", OPTIONAL_STRING_SCHEMA)
    .field("hostname", OPTIONAL_STRING_SCHEMA)
    .build()
)


class SyslogValues:
    """Makes ``SyslogValue`` structs, whose message begins with the host; keyed by the sender's address and port."""

    key_schema: Schema = KEY
    value_schema: Schema = VALUE

    def __init__(self, charset: str, *, host_names: bool) -> None:
        self._charset = charset
        self._host_names = host_names

    def keys(self, messages: Sequence[Message], arrivals: Arrivals) -> list[Any]:
        """One per message."""
        return [(remote,) for remote in arrivals.remotes()]

    def rows(self, messages: Sequence[Message], arrivals: Arrivals, millis: Sequence[int]) -> list[Any]:
        """One per message. ``millis``: the messages' own times, or else when they arrived."""
        names = arrivals.names if self._host_names else [None] * len(messages)
        return [
            (date, message[1], message[4] or address, message[2], message[13], self._charset, remote, name)
            for message, date, address, remote, name in zip(
                messages, instants(millis), arrivals.names, arrivals.remotes(), names, strict=True
            )
        ]
