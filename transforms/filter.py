"""Filter: drop records."""

from __future__ import annotations

from connect.api import RecordBatch, Transformation


class Filter(Transformation):
    """Drop every record that gets here; a predicate says which ones do."""

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        return []
