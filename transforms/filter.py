"""Filter: drop records."""

from __future__ import annotations

from connect.api import RecordBatch, Transformation


class Filter(Transformation):
    """Drop every record that gets here; a predicate says which ones do.

    Without a predicate that is every record of the connector. The offsets of dropped records are committed as usual.
    """

    EXAMPLE = {
        "config": {"predicate": "tombstone"},
        "predicates": {"tombstone": {"type": "RecordIsTombstone"}},
        "input": {"key": 3, "value": None},
        "output": None,
    }

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        return []
