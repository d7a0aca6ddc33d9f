"""DropHeaders: remove headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigDef, ConfigType, Importance, Key, RecordBatch, Transformation
from connect.api.header_columns import headers_without
from connect.api.validators import ValidList


class DropHeaders(Transformation):
    """Remove the headers of the given keys; all others stay, in their order."""

    EXAMPLE = {
        "config": {"headers": "trace,debug"},
        "input": {"value": {"stars": 4}, "headers": {"trace": "4bf9", "source": "web"}},
        "output": {"value": {"stars": 4}, "headers": {"source": "web"}},
    }

    CONFIG = ConfigDef(
        Key(
            "headers",
            ConfigType.LIST,
            doc="Keys of the headers to remove.",
            importance=Importance.HIGH,
            validator=ValidList(empty_allowed=False),
        )
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        self._dropped = frozenset(self.CONFIG.parse(config)["headers"])

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        return [batch.replace(headers=headers_without(batch.headers, self._dropped))]
