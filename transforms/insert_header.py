"""InsertHeader: add a header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigDef, ConfigType, HeaderColumn, Importance, Key, RecordBatch, Repeated, Transformation
from connect.api.header_columns import headers_with
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
        self._key: str = parsed["header"]
        self._schema, self._value = parse_string(parsed["value.literal"])

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        size = len(batch)
        added = HeaderColumn(self._key, Repeated(self._value, size), Repeated(self._schema, size))
        return [batch.replace(headers=headers_with(batch.headers, [added], size))]
