"""The bytes of the group protocol: known examples, and what a reader puts up with."""

from __future__ import annotations

import pytest

from connect.api import ConnectException
from connect.herder.distributed.protocol import (
    Assignment,
    Metadata,
    Protocol,
    Work,
    decode_assignment,
    decode_metadata,
    encode_assignment,
    encode_metadata,
)
from connect.runtime.ids import ConnectorTaskId

URL = "http://w:8083/"
HEAD = "000e687474703a2f2f773a383038332f0000000000000005"
HELD = Assignment("m1", URL, 5, Work(("c",), (ConnectorTaskId("c", 0),)))
GIVEN_BYTES = "0000000200016300000002ffffffff000000000001640000000100000001"
GIVEN = Work(("c",), (ConnectorTaskId("c", 0), ConnectorTaskId("d", 1)))


@pytest.mark.parametrize(
    ("protocol", "allocation", "expected"),
    [
        (Protocol.EAGER, None, f"0000{HEAD}"),
        (Protocol.COMPATIBLE, None, f"0001{HEAD}ffffffff"),
        (Protocol.SESSIONED, None, f"0002{HEAD}ffffffff"),
        (
            Protocol.SESSIONED,
            HELD,
            f"0002{HEAD}0000003b0002000000026d31{HEAD}0000000100016300000002ffffffff000000000000000000000000",
        ),
    ],
)
def test_metadata_are_the_known_bytes(protocol: Protocol, allocation: Assignment | None, expected: str) -> None:
    metadata = Metadata(URL, 5, allocation)
    assert encode_metadata(protocol, metadata).hex() == expected
    assert decode_metadata(bytes.fromhex(expected)) == metadata


@pytest.mark.parametrize(
    ("protocol", "assignment", "expected"),
    [
        (
            Protocol.EAGER,
            Assignment("m1", URL, 5, GIVEN),
            f"0000000000026d31{HEAD}{GIVEN_BYTES}",
        ),
        (
            Protocol.COMPATIBLE,
            Assignment("m1", URL, 5),
            f"0001000000026d31{HEAD}000000000000000000000000",
        ),
        (
            Protocol.SESSIONED,
            Assignment("m1", URL, 5, GIVEN, Work((), (ConnectorTaskId("e", 2),)), 300000),
            f"0002000000026d31{HEAD}{GIVEN_BYTES}000000010001650000000100000002000493e0",
        ),
    ],
)
def test_assignments_are_the_known_bytes(protocol: Protocol, assignment: Assignment, expected: str) -> None:
    assert encode_assignment(protocol, assignment).hex() == expected
    assert decode_assignment(bytes.fromhex(expected)) == assignment


def test_a_worker_offers_its_protocol_and_the_older_ones() -> None:
    assert [each.group_name for each in Protocol.SESSIONED.offered()] == ["sessioned", "compatible", "default"]
    assert [each.group_name for each in Protocol.COMPATIBLE.offered()] == ["compatible", "default"]
    assert [each.group_name for each in Protocol.EAGER.offered()] == ["default"]


def test_a_draining_member_says_so_behind_what_others_read() -> None:
    data = encode_metadata(Protocol.SESSIONED, Metadata(URL, 5, None, draining=True))
    assert data.hex() == f"0002{HEAD}ffffffff01"
    assert decode_metadata(data).draining


def test_null_lists_of_work_are_empty() -> None:
    data = bytes.fromhex(f"0002000000026d31{HEAD}ffffffffffffffff00000000")
    assert decode_assignment(data) == Assignment("m1", URL, 5)


@pytest.mark.parametrize("data", ["", "0002", "00020", f"0002{HEAD}0000003b"])
def test_bytes_that_end_too_early_are_refused(data: str) -> None:
    with pytest.raises((ConnectException, ValueError)):
        decode_metadata(bytes.fromhex(data))


def test_negative_versions_are_refused() -> None:
    with pytest.raises(ConnectException, match="Unsupported subscription version: -1"):
        decode_metadata(bytes.fromhex(f"ffff{HEAD}"))
