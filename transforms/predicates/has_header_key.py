"""HasHeaderKey: is there such a header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import ConfigDef, ConfigType, HeaderColumns, Importance, Key, Predicate, RecordBatch, Repeated
from connect.api.validators import NonEmptyString


class HasHeaderKey(Predicate):
    """True for records that have at least one header of the given key."""

    EXAMPLE = {
        "config": {"name": "debug"},
        "holds": {"value": {"stars": 4}, "headers": {"debug": True}},
        "fails": {"value": {"stars": 4}, "headers": {"source": "web"}},
    }

    CONFIG = ConfigDef(
        Key(
            "name",
            ConfigType.STRING,
            doc="Key of the header.",
            importance=Importance.MEDIUM,
            validator=NonEmptyString(),
        )
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        self._name: str = self.CONFIG.parse(config)["name"]

    def test_batch(self, batch: RecordBatch) -> Sequence[bool]:
        if batch.headers is None:
            return Repeated(False, len(batch))
        name = self._name
        if isinstance(batch.headers, HeaderColumns):
            return Repeated(any(column.key == name for column in batch.headers.columns), len(batch))
        return [any(header.key == name for header in headers) for headers in batch.headers]
