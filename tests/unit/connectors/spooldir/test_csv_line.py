import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.spooldir.csv_line import CsvFormat
from connectors.spooldir.csv_rfc4180 import line_parser


def parsed(text: str, **csv_format: object) -> list[list[str | None] | None]:
    parser = line_parser(CsvFormat(**csv_format))  # type: ignore[arg-type]
    return [parser.feed(line) for line in text.split("\n")]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        (",", ["", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('"a""b",""""', ['a"b', '"']),
        (r'"x\"y",c\d', ['x"y', "cd"]),
        (r'"a\\b","c\nd"', [r"a\b", "cnd"]),
        (r"a\,b,c", ["a", "b", "c"]),
        (r'"a\,b",c', ["a,b", "c"]),
        ('  "x" ,  y ', ['  x" ', "  y "]),
        ('abcd,   "x",y', ["abcd", "x", "y"]),
        ('abc"d"ef,g', ['abc"d"ef', "g"]),
    ],
)
def test_fields_are_told_apart_as_opencsv_does(line: str, fields: list[str]) -> None:
    assert parsed(line) == [fields]


def test_a_quoted_field_may_go_on_over_lines() -> None:
    assert parsed('a,"b\n\nc",d') == [None, None, ["a", "b\n\nc", "d"]]


def test_strict_quotes_ignore_what_is_outside_of_quotes() -> None:
    assert parsed('zz"x"zz,"y"\nplain,"z"', strict_quotes=True) == [["x", "y"], ["", "z"]]


def test_ignored_quotations_let_separators_count_everywhere() -> None:
    assert parsed('"x",y"z', ignore_quotations=True) == [["x", 'y"z']]


@pytest.mark.parametrize(
    ("unquoted", "quoted", "fields"),
    [
        (False, False, ["a", "", "", "d"]),
        (True, False, ["a", None, "", "d"]),
        (False, True, ["a", "", None, "d"]),
        (True, True, ["a", None, None, "d"]),
    ],
)
def test_empty_fields_are_null_by_choice(unquoted: bool, quoted: bool, fields: list[str | None]) -> None:
    assert parsed('a,,"",d', null_for_empty=unquoted, null_for_quoted_empty=quoted) == [fields]


@given(st.lists(st.lists(st.text(st.sampled_from('ab",\n é')), min_size=2), min_size=1))
def test_usual_csv_reads_as_the_csv_module_does(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    assert [row for row in parsed(out.getvalue()[:-1]) if row is not None] == rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('"a""b",c', [['a"b', "c"]]),
        (' "x",a"b"c', [[' "x"', 'a"b"c']]),
        (r'"x\y",a\,b', [[r"x\y", "a\\", "b"]]),
        ('"a,b","","c"', [["a,b", "", "c"]]),
        ('"a\n\nb",c', [None, None, ["a\n\nb", "c"]]),
        ('"a" ,b\n"",c', [None, ['a" ,b\n"', "c"]]),
        ('x,"y",', [["x", "y", ""]]),
    ],
)
def test_rfc_4180_knows_quotes_only_at_the_start_of_a_field(text: str, rows: list[list[str] | None]) -> None:
    assert parsed(text, escape="", ignore_leading_whitespace=False, rfc4180=True) == rows


@pytest.mark.parametrize(
    ("unquoted", "quoted", "fields"),
    [
        (False, False, ["a", "", "", "d"]),
        (True, False, ["a", None, "", "d"]),
        (False, True, ["a", "", None, "d"]),
        (True, True, ["a", None, None, "d"]),
    ],
)
def test_empty_fields_of_rfc_4180_are_null_by_choice(unquoted: bool, quoted: bool, fields: list[str | None]) -> None:
    assert parsed('a,,"",d', rfc4180=True, null_for_empty=unquoted, null_for_quoted_empty=quoted) == [fields]
