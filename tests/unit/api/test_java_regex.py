"""Java's regular expressions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import DataException
from connect.api.java_regex import JavaReplacement, compile_java_regex


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"(.*)-(\d{8})", "orders-20190101", True),
        (r"\d+", "١٢", False),
        (r"\w+", "é", False),
        (r"(?i)ABC", "abc", True),
        (r"a(?i)b|c", "aB", True),
        (r"a(?i)b|c", "C", True),
        (r"a(?i)b|c", "Ab", False),
        (r"\Qa.b\E+", "a.bb", True),
        (r"[a-z&&[^aeiou]]+", "xyz", True),
        (r"[a-z&&[^aeiou]]+", "xae", False),
        (r"[a-c[x-z]]+", "abxyz", True),
        (r"[^a-c[x-z]]", "m", True),
        (r"\p{Alpha}\P{Digit}", "ab", True),
        (r"\p{Lu}\p{IsAlphabetic}", "Éé", True),
        (r"(?<n>a)\k<n>", "aa", True),
        (r"(a)\11", "aa1", True),
        (r"a++b", "aab", True),
        (r"\x{1F600}A\x41\0101", "\U0001f600AAA", True),
        (r"\h\R\e", "\u2003\r\n\x1b", True),
        (r"(?x) a b # comment", "ab", True),
        (r"(?s).", "\n", True),
        (r".", "\u2028", False),
        (r"a\z", "a", True),
        (r"[]a]+", "]a", True),
        (r"\cA", "\x01", True),
    ],
)
def test_patterns_match_what_java_matches(pattern: str, text: str, matches: bool) -> None:
    assert bool(compile_java_regex(pattern).fullmatch(text)) is matches


@pytest.mark.parametrize("pattern", ["(", ")", "*", "a{x}", r"\y", "[a", r"\p{Nonsense}", "(?<1>a)", "(?foo)"])
def test_wrong_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_java_regex(pattern)


@pytest.mark.parametrize(
    ("replacement", "result"),
    [("$2$1", "ba"), (r"\$1", "$1"), ("${x}!", "a!"), ("$10", "a0"), (r"\\", "\\"), ("plain", "plain"), ("$0", "ab")],
)
def test_replacements_take_groups_and_escapes(replacement: str, result: str) -> None:
    pattern = compile_java_regex("(?<x>a)(b)")
    found = pattern.fullmatch("ab")
    assert found is not None
    assert JavaReplacement(pattern, replacement).expand(found) == result


@pytest.mark.parametrize("replacement", ["$3", "${y}", "$", "$x", "\\"])
def test_a_replacement_without_its_group_fails_when_it_is_used(replacement: str) -> None:
    pattern = compile_java_regex("(?<x>a)(b)")
    found = pattern.fullmatch("ab")
    assert found is not None
    with pytest.raises(DataException):
        JavaReplacement(pattern, replacement).expand(found)


@given(st.text(r"abc\[]^-&|(){}?*+.$<>:=!PpQEdwsi0x1,"))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        compile_java_regex(text)
