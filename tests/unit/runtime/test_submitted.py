"""Offsets become committable with their acknowledgement, per source partition, and stay so until they are stored."""

from __future__ import annotations

from connect.api import Computed, RecordBatch, Repeated, SourceOrigin
from connect.api.batch import source_batches
from connect.runtime.submitted import SubmittedRecords
from tests.unit.runtime.parts import batch_of, record


def test_nothing_is_committable_before_it_is_acknowledged() -> None:
    submitted = SubmittedRecords()
    submitted.submit(batch_of("a", "b"))
    assert submitted.committable() == []
    submitted.acknowledge_all()
    assert submitted.committable() == [({"from": "p"}, {"at": 1})]


def test_each_partition_has_its_last_offset() -> None:
    submitted = SubmittedRecords()
    for batch in source_batches(
        [record("a", 1, partition="x"), record("b", 7, partition="y"), record("c", 2, partition="x")]
    ):
        submitted.submit(batch)
    submitted.acknowledge_all()
    assert submitted.committable() == [({"from": "x"}, {"at": 2}), ({"from": "y"}, {"at": 7})]


def test_offsets_stay_committable_until_stored_and_newer_ones_replace_them() -> None:
    submitted = SubmittedRecords()
    submitted.submit(batch_of("a"))
    submitted.acknowledge_all()
    submitted.submit(batch_of("a", "b", "c"))
    submitted.acknowledge_all()
    assert submitted.committable() == [({"from": "p"}, {"at": 2})]
    submitted.committed()
    assert submitted.committable() == []


def test_lazy_origins_are_asked_for_the_last_kept_record_only() -> None:
    asked: list[int] = []

    def make(position: int) -> dict[str, int]:
        asked.append(position)
        return {"position": position}

    origin = SourceOrigin(Repeated({"file": "f"}, 3), Computed([10, 20, 30], make))
    submitted = SubmittedRecords()
    submitted.submit(RecordBatch("t", ["a", "b", "c"], origin=origin).take([0, 1]))
    submitted.acknowledge_all()
    assert submitted.committable() == [({"file": "f"}, {"position": 20})]
    assert asked == [20]
