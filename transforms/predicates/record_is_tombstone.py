"""RecordIsTombstone: is the value null."""

from __future__ import annotations

from collections.abc import Sequence

from connect.api import Predicate, RecordBatch


class RecordIsTombstone(Predicate):
    """True for records whose value is null, whatever their schema says."""

    EXAMPLE = {
        "config": {},
        "holds": {"key": 3, "value": None},
        "fails": {"key": 3, "value": {"stars": 4}},
    }

    def test_batch(self, batch: RecordBatch) -> Sequence[bool]:
        return [value is None for value in batch.values]
