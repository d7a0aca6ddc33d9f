import io
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import DataException
from connect.api.schema import INT64_SCHEMA, OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA
from connectors.spooldir import csv_reader
from connectors.spooldir.block import Block
from connectors.spooldir.csv_line import CsvFormat, CsvLineParser
from connectors.spooldir.csv_reader import CsvReader
from connectors.spooldir.csv_text import CsvLayout, CsvText
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.rows import RowParser
from connectors.spooldir.value_schema import struct_of

DATES = DateParser(["yyyy-MM-dd"], "UTC")
KEY = struct_of("K", [])


def reader(
    text: str | bytes,
    *,
    schemas: tuple[object, ...] = (OPTIONAL_STRING_SCHEMA,) * 2,
    portion: int = 1 << 17,
    offset: int = 0,
    skip: int = 0,
    csv_format: CsvFormat = CsvFormat(),  # noqa: B008  # a constant
    null_values: frozenset[str] = frozenset(),
) -> CsvReader:
    names = "abcdefgh"[: len(schemas)]
    value_schema = struct_of("V", zip(names, schemas, strict=True))  # type: ignore[arg-type]
    stream = io.BytesIO(text.encode() if isinstance(text, str) else text)
    layout = CsvLayout(csv_format, "utf-8", skip, False, null_values, False, portion)
    rows = RowParser(names, KEY, value_schema, DATES, timestamp_field=None, lenient=False)
    return CsvReader(CsvText(stream, layout), rows, offset)


def blocks(csv_reader: CsvReader) -> Iterator[Block]:
    while (block := csv_reader.read()) is not None:
        yield block
    if (block := csv_reader.finish()) is not None:
        yield block


def records(csv_reader: CsvReader) -> list[tuple[int, tuple[object, ...]]]:
    return [
        (offset, tuple(value))
        for block in blocks(csv_reader)
        for offset, value in zip(block.offsets, block.values, strict=True)
    ]


def bad(csv_reader: CsvReader) -> list[tuple[int, str, str]]:
    return [(one.line, one.raw.decode(), str(one.error)) for block in blocks(csv_reader) for one in block.bad]


def exactly(text: str) -> tuple[list[tuple[int, tuple[object, ...]]], list[int]]:
    """Good rows with their offsets, and the lines in which bad ones begin, by the exact parser alone."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    parser, start = CsvLineParser(CsvFormat()), 1
    good: list[tuple[int, tuple[object, ...]]] = []
    errors: list[int] = []
    for number, line in enumerate(lines, 1):
        row = parser.feed(line)
        if row is None:
            continue
        if len(row) >= 2:
            good.append((number, tuple(row[:2])))
        elif row != [""]:
            errors.append(start)
        start = number + 1
    return good, errors + [start] * parser.pending


PIECES = st.sampled_from(
    ["a", "b", ",", ",", "\n", "\n", '"', '""', "\\", '"x,y"', '"l\nm"', "é", "\r\n", " ", "\x0b", "\0"]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@given(TEXTS, st.integers(1, 50), st.sampled_from([0, csv_reader._LONG]))
def test_all_ways_of_reading_agree_with_the_exact_parser(text: str, portion: int, long: int) -> None:
    expected, errors = exactly(text)
    with patch.object(csv_reader, "_LONG", long):
        assert records(reader(text, portion=portion)) == expected
        assert [line for line, _, _ in bad(reader(text, portion=portion))] == errors


@given(TEXTS, st.integers(1, 50))
def test_reading_can_begin_behind_any_record(text: str, portion: int) -> None:
    whole = records(reader(text))
    for index, (offset, _) in enumerate(whole):
        assert records(reader(text, portion=portion, offset=offset)) == whole[index + 1 :]


def test_a_bad_row_is_told_with_its_physical_line_and_text() -> None:
    text = '# skipped\n1,"x\ny"\nno,"z\nz"\n3,c\n'
    schemas = (INT64_SCHEMA, OPTIONAL_STRING_SCHEMA)
    assert records(reader(text, schemas=schemas, skip=1)) == [(2, (1, "x\ny")), (5, (3, "c"))]
    [(line, raw, message)] = bad(reader(text, schemas=schemas, skip=1))
    assert (line, raw) == (4, 'no,"z\nz"')
    assert message == "Exception thrown while parsing data for 'a'. linenumber=4"


def test_the_cause_of_a_bad_row_names_text_and_type() -> None:
    [block] = blocks(reader("300x,1\n", schemas=(INT64_SCHEMA, OPTIONAL_STRING_SCHEMA)))
    cause = block.bad[0].error.__cause__
    assert isinstance(cause, DataException)
    assert str(cause) == "Could not parse '300x' to 'Long'"


def test_a_short_row_is_bad_and_a_long_one_is_cut() -> None:
    text = "1,2\n3\n4,5,6\n"
    assert records(reader(text)) == [(1, ("1", "2")), (3, ("4", "5"))]
    assert bad(reader(text)) == [(2, "3", "The row has 1 values instead of 2. linenumber=2")]


def test_rows_that_make_up_for_each_other_are_not_mixed() -> None:
    assert records(reader("1,2,3\n4,5\n6,7,8,9\n", schemas=(OPTIONAL_STRING_SCHEMA,) * 3)) == [
        (1, ("1", "2", "3")),
        (3, ("6", "7", "8")),
    ]


def test_blank_lines_between_rows_are_left_out() -> None:
    assert records(reader("1,2\n\n3,4\n\n\n")) == [(1, ("1", "2")), (3, ("3", "4"))]


def test_a_blank_line_is_a_record_of_one_column() -> None:
    one = (OPTIONAL_STRING_SCHEMA,)
    assert records(reader("1\n\n3\n", schemas=one)) == [(1, ("1",)), (2, ("",)), (3, ("3",))]
    both = CsvFormat(null_for_empty=True, null_for_quoted_empty=True)
    assert records(reader("1\n\n3\n", schemas=one, csv_format=both)) == [(1, ("1",)), (3, ("3",))]


def test_texts_can_stand_for_null() -> None:
    schemas = (OPTIONAL_INT64_SCHEMA, OPTIONAL_STRING_SCHEMA)
    found = records(reader("1,x\nNA,NA\n,y\n", schemas=schemas, null_values=frozenset({"NA", ""})))
    assert [row for _, row in found] == [(1, "x"), (None, None), (None, "y")]


def test_a_quote_that_is_never_closed_makes_the_rest_one_bad_record() -> None:
    text = '1,2\n"x,3\n4,5\n'
    assert records(reader(text)) == [(1, ("1", "2"))]
    message = "Unterminated quoted field at end of CSV line. Beginning of lost text: [x,3\n4,5\n]"
    assert bad(reader(text)) == [(2, '"x,3\n4,5\n', message)]


def test_a_record_may_be_long_but_not_endless() -> None:
    long = "x" * (10 << 20)
    assert records(reader(f'1,"{long}"\n')) == [(1, ("1", long))]
    with pytest.raises(DataException, match="longer than"):
        records(reader('1,"' + "x" * (40 << 20)))


def test_a_byte_order_mark_and_malformed_bytes_do_no_harm() -> None:
    assert records(reader(b"\xef\xbb\xbf1,\xff\n")) == [(1, ("1", "\ufffd"))]


def test_a_file_may_grow_while_it_is_read() -> None:
    stream = io.BytesIO(b"1,2\n3")
    layout = CsvLayout(CsvFormat(), "utf-8", 0, False, frozenset(), False, 100)
    value_schema = struct_of("V", [("a", OPTIONAL_STRING_SCHEMA), ("b", OPTIONAL_STRING_SCHEMA)])
    rows = RowParser("ab", KEY, value_schema, DATES, timestamp_field=None, lenient=False)
    csv_reader = CsvReader(CsvText(stream, layout), rows)
    first = csv_reader.read()
    assert first is not None
    assert first.values == [("1", "2")]
    assert csv_reader.read() is None
    stream.write(b",4\n")
    stream.seek(5)
    second = csv_reader.read()
    assert second is not None
    assert (second.values, list(second.offsets)) == ([("3", "4")], [2])
