"""Java properties files are read as Java reads them."""

import pytest

from connect.properties import parse_properties


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=1", {"a": "1"}),
        ("a : 1", {"a": "1"}),
        ("a 1 2", {"a": "1 2"}),
        ("  a  =  1  ", {"a": "1  "}),
        ("# comment\n! another\na=1", {"a": "1"}),
        ("a=1,\\\n   2,\\\n   3", {"a": "1,2,3"}),
        ("a=x\\\\\nb=2", {"a": "x\\", "b": "2"}),
        ("a\\=b=c", {"a=b": "c"}),
        ("a\\ b=c", {"a b": "c"}),
        ("a=\\u00e9\\t\\n", {"a": "é\t\n"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("a==b", {"a": "=b"}),
        ("a=1\r\nb=2\rc=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=1\na=2", {"a": "2"}),
        ("a=b\\", {"a": "b"}),
        ("a=1\\\n#not a comment", {"a": "1#not a comment"}),
        ("a=\\q", {"a": "q"}),
    ],
)
def test_text_becomes_properties(text: str, expected: dict[str, str]) -> None:
    assert parse_properties(text) == expected


def test_a_malformed_escape_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match=r"line 2: Malformed \\u escape '\\u12x4'"):
        parse_properties("a=1\nb=\\u12x4")
