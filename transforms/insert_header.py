"""InsertHeader: add a header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigDef, ConfigType, Header, Headers, Importance, Key, RecordBatch, Transformation
from connect.api.validators import NonNull
from connect.api.values import parse_string


class InsertHeader(Transformation):
    """Add a header to every record, after those that it has.

    The literal is read as header text is: ``42`` is a number, ``true`` a boolean, ``[1,2]`` a list. Where there is a
    header of that key already, there are two then.
    """

    EXAMPLE = {
        "config": {"header": "version", "value.literal": "2"},
        "input": {"value": {"stars": 4}, "headers": {"source": "web"}},
        "output": {"value": {"stars": 4}, "headers": {"source": "web", "version": 2}},
    }

    CONFIG = ConfigDef(
        Key("header", ConfigType.STRING, doc="Key of the header.", importance=Importance.HIGH, validator=NonNull()),
        Key(
            "value.literal",
            ConfigType.STRING,
            doc="Value of the header, as a literal.",
            importance=Importance.HIGH,
            validator=NonNull(),
        ),
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        literal = parse_string(parsed["value.literal"])
        self._header = Header(parsed["header"], literal.value, literal.schema)

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        added = (self._header,)
        if batch.headers is None:
            return [batch.replace(headers=[Headers(added) for _ in batch.values])]
        return [batch.replace(headers=[Headers((*headers, *added)) for headers in batch.headers])]
