"""RecordIsTombstone: is the value null."""

from __future__ import annotations

from collections.abc import Sequence

from connect.api import Predicate, RecordBatch


class RecordIsTombstone(Predicate):
    """True for records whose value is null, whatever their schema says."""

    def test_batch(self, batch: RecordBatch) -> Sequence[bool]:
        return [value is None for value in batch.values]
