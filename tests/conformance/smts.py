"""How the recorded cases of transformations and predicates are run: through the plugins' Java names."""

from __future__ import annotations

import importlib
from typing import Any

from connect.api.batch import RecordBatch, SinkOrigin, SourceOrigin, to_batches
from connect.api.record import ConnectRecord, SinkRecord, SourceRecord
from connect.plugins.builtin import BUILTIN

_TARGETS = {plugin.name: plugin.target for plugin in BUILTIN}


def make_plugin(java_class: str) -> Any:
    """A new, unconfigured instance of the plugin of that Java name."""
    module, _, name = _TARGETS[java_class].partition(":")
    return getattr(importlib.import_module(module), name)()


def batch_of(record: SourceRecord | SinkRecord, size: int) -> RecordBatch:
    """A batch of ``size`` times the same record."""
    origin: SourceOrigin | SinkOrigin
    if isinstance(record, SinkRecord):
        nothing = [None] * size
        coordinates = (record.original_topic, record.original_partition, [record.original_offset] * size)
        origin = SinkOrigin(*coordinates, record.timestamp_type, nothing, nothing)  # type: ignore[arg-type]
    else:
        origin = SourceOrigin([record.source_partition] * size, [record.source_offset] * size)
    (batch,) = to_batches([record] * size, origin, range(size))
    return batch


def records_of(batches: list[RecordBatch]) -> list[ConnectRecord]:
    """The records of some batches, in order."""
    return [record for batch in batches for record in batch.records()]
