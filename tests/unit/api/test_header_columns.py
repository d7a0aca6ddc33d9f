"""Headers of a batch as columns: they look like a list of tuples, and change as a whole."""

from __future__ import annotations

import pytest

from connect.api import Header, HeaderColumn, HeaderColumns, Headers, Repeated
from connect.api.header_columns import headers_with, headers_without
from connect.api.schema import STRING_SCHEMA

A = HeaderColumn("a", [1, 2, 3], Repeated(None, 3))
B = HeaderColumn("b", Repeated("x", 3), Repeated(STRING_SCHEMA, 3))
COLUMNS = HeaderColumns([A, B], 3)
ROWS = [(Header("a", n), Header("b", "x", STRING_SCHEMA)) for n in (1, 2, 3)]


def test_columns_read_as_one_tuple_per_record() -> None:
    assert list(COLUMNS) == ROWS
    assert [COLUMNS[i] for i in range(3)] == ROWS
    assert COLUMNS[-1] == ROWS[-1]
    with pytest.raises(IndexError):
        COLUMNS[3]


def test_parts_of_columns_are_columns() -> None:
    assert list(COLUMNS[1:]) == ROWS[1:]
    assert list(COLUMNS.take([2, 0])) == [ROWS[2], ROWS[0]]
    assert isinstance(COLUMNS.take([1]).columns[1].values, Repeated)


def test_no_columns_are_records_without_headers() -> None:
    assert list(HeaderColumns([], 2)) == [(), ()]


@pytest.mark.parametrize("headers", [COLUMNS, ROWS, [Headers(row) for row in ROWS]], ids=["columns", "tuples", "lists"])
def test_headers_are_added_and_dropped_alike_in_all_forms(headers: object) -> None:
    added = headers_with(headers, [HeaderColumn("c", Repeated(5, 3), Repeated(None, 3))], 3)  # type: ignore[arg-type]
    assert [tuple(each) for each in added] == [(*row, Header("c", 5)) for row in ROWS]
    dropped = headers_without(added, {"a", "c"})
    assert dropped is not None
    assert [tuple(each) for each in dropped] == [row[1:] for row in ROWS]


def test_columns_that_lost_all_are_no_headers() -> None:
    assert headers_without(COLUMNS, {"a", "b"}) is None
    assert headers_without(None, {"a"}) is None
