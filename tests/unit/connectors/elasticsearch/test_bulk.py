"""Lines to requests, answers to verdicts."""

from __future__ import annotations

import pytest

from connect.api import TopicPartition
from connectors.elasticsearch.bulk import Verdict, judge
from connectors.elasticsearch.lanes import Lane, compose
from connectors.elasticsearch.operations import Target
from connectors.elasticsearch.progress import Chunk
from tests.unit.connectors.elasticsearch.fakes import batch

ORDERS = TopicPartition("orders", 0)
BY_COORDINATES = Target("orders", key_ignored=True, schema_ignored=True)
KEYED = Target("orders", key_ignored=False, schema_ignored=True)
VERSIONED = b'{"index":{"_id":"k","version":1,"version_type":"external"}}\n{}\n'
PLAIN = b'{"index":{"_id":"k"}}\n{"version_type":"external"}\n'


def chunk(lines: list[bytes], target: Target = BY_COORDINATES) -> Chunk:
    return Chunk(ORDERS, target, batch([{}] * len(lines)), lines, range(len(lines)), range(len(lines)))


@pytest.mark.parametrize(
    ("action", "line", "target", "status", "type", "verdict"),
    [
        ("index", VERSIONED, KEYED, 409, "version_conflict_engine_exception", Verdict.STALE),
        ("index", PLAIN, KEYED, 409, "version_conflict_engine_exception", Verdict.CONFLICT),
        ("create", PLAIN, BY_COORDINATES, 409, "version_conflict_engine_exception", Verdict.STALE),
        ("create", PLAIN, KEYED, 409, "version_conflict_engine_exception", Verdict.CONFLICT),
        ("update", PLAIN, KEYED, 409, "version_conflict_engine_exception", Verdict.REJECTED),
        ("index", PLAIN, KEYED, 429, "es_rejected_execution_exception", Verdict.REJECTED),
        ("index", PLAIN, KEYED, 503, "unavailable_shards_exception", Verdict.REJECTED),
        ("index", PLAIN, KEYED, 403, "cluster_block_exception", Verdict.REJECTED),
        ("index", PLAIN, KEYED, 400, "mapper_parsing_exception", Verdict.MALFORMED),
        ("index", PLAIN, KEYED, 400, "document_parsing_exception", Verdict.MALFORMED),
        ("index", PLAIN, KEYED, 400, "strict_dynamic_mapping_exception", Verdict.MALFORMED),
        ("index", PLAIN, KEYED, 404, "index_not_found_exception", Verdict.FATAL),
        ("index", PLAIN, KEYED, 403, "security_exception", Verdict.FATAL),
    ],
)
def test_verdicts(action: str, line: bytes, target: Target, status: int, type: str, verdict: Verdict) -> None:
    """What an item's error means."""
    assert judge(chunk([line], target), 0, action, status, type, f"[type={type}]") is verdict


def test_bulks_are_cut_by_lines_and_bytes() -> None:
    """A line that reaches the limit of bytes is the last of its bulk."""
    lane = Lane("orders", ordered=False)
    lane.append(chunk([b"12345\n"] * 5), 0.0)
    assert compose([lane], 10, 12).lines == 2
    assert compose([lane], 2, None).lines == 2
    rest = compose([lane], 10, 1000)
    assert rest.body() == b"12345\n"
    assert (lane.lines, lane.size) == (0, 0)


def test_a_bulk_takes_from_several_lanes() -> None:
    """As much as fits, in order."""
    first, second = Lane("a", ordered=False), Lane("b", ordered=False)
    first.append(chunk([b"a\n"] * 2), 0.0)
    second.append(chunk([b"b\n"] * 2), 0.0)
    bulk = compose([first, second], 3, None)
    assert bulk.body() == b"a\na\nb\n"
    assert bulk.lanes == {first, second}
    assert second.lines == 1


def test_a_lane_that_was_rejected_sends_a_probe() -> None:
    """Ten lines tell whether the rest would be taken."""
    lane = Lane("a", ordered=False, rejections=1)
    lane.append(chunk([b"a\n"] * 100), 0.0)
    assert compose([lane], 100, None).lines == 10


def test_lines_are_put_back_in_front() -> None:
    """Those that were rejected, with the time of the first rejection."""
    lane = Lane("a", ordered=False)
    lane.append(chunk([b"1\n", b"2\n", b"3\n"]), 0.0)
    (part,) = compose([lane], 2, None).parts
    lane.put_back(part, [1], 5.0)
    bulk = compose([lane], 10, None)
    assert bulk.body() == b"2\n3\n"
    assert bulk.parts[0].since == 5.0
