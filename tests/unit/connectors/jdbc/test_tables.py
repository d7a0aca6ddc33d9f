"""Which tables go to which task, and how their names are read again there."""

from __future__ import annotations

import pytest

from connect.api import ConfigException
from connectors.jdbc.database import Table
from connectors.jdbc.tables import in_groups, split_names

TICKS, QUOTES, BRACKETS = ("`", "`"), ('"', '"'), ("[", "]")


def test_neighbours_stay_together_and_the_first_groups_are_larger() -> None:
    assert in_groups(["a", "b", "c", "d", "e"], 3) == [["a", "b"], ["c", "d"], ["e"]]
    assert in_groups(["a"], 3) == [["a"]]
    assert in_groups([], 3) == []


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("`db`.`t`", TICKS, [Table(None, "db", "t")]),
        ("`a``b`,`c.d`.`e,f`", TICKS, [Table(None, None, "a`b"), Table(None, "c.d", "e,f")]),
        ('"cat"."s"."T"', QUOTES, [Table("cat", "s", "T")]),
        ("[s].[T],plain.t2", BRACKETS, [Table(None, "s", "T"), Table(None, "plain", "t2")]),
    ],
)
def test_names_are_read_back(text: str, quote: tuple[str, str], expected: list[Table]) -> None:
    assert split_names(text, quote) == expected


def test_an_open_quote_is_an_error() -> None:
    with pytest.raises(ConfigException, match="A quote isn't closed"):
        split_names("`a", TICKS)
