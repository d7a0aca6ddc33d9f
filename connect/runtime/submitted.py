"""Which source offsets are safe to commit. No Kafka in it.

Offsets never pass a record that Kafka has not acknowledged. Batches are acknowledged together: what was submitted
before a producer flush that left nothing over and met no error is safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from connect.api import RecordBatch
from connect.api.batch import SourceOrigin
from connect.api.lazy import Repeated

Offsets = list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]


class SubmittedRecords:
    """The last submitted offset per source partition, and what of it is acknowledged."""

    def __init__(self) -> None:
        self._submitted: dict[bytes, tuple[Mapping[str, Any], Mapping[str, Any] | None]] = {}
        self._acknowledged: dict[bytes, tuple[Mapping[str, Any], Mapping[str, Any] | None]] = {}

    def submit(self, batch: RecordBatch) -> None:
        """The batch was handed to the producer."""
        origin = batch.origin
        if not isinstance(origin, SourceOrigin) or not len(batch):
            return
        if isinstance(origin.partitions, Repeated):
            partition, position = origin.partitions.item, batch.positions[-1]
            if partition is not None:
                self._submitted[_key(partition)] = (partition, origin.offsets[position])
            return
        for position in batch.positions:
            partition = origin.partitions[position]
            if partition is not None:
                self._submitted[_key(partition)] = (partition, origin.offsets[position])

    def acknowledge_all(self) -> None:
        """Kafka has everything that was submitted so far."""
        self._acknowledged |= self._submitted
        self._submitted = {}

    def committable(self) -> Offsets:
        """The offsets that may be stored now; they stay committable until :meth:`committed`."""
        return list(self._acknowledged.values())

    def committed(self) -> None:
        """The committable offsets are stored."""
        self._acknowledged = {}


def _key(partition: Mapping[str, Any]) -> bytes:
    return orjson.dumps(partition, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
