"""Which tables go to which task, and how their names are read again there."""

from __future__ import annotations

import pytest

from connect.api import ConfigException, ConnectException
from connectors.jdbc.database import Database, Table, TableFilter
from connectors.jdbc.settings import Settings
from connectors.jdbc.tables import find_tables, in_groups, split_names

URLS = {
    "mysql": "jdbc:mysql://h/d",
    "sqlite": "jdbc:sqlite:d",
    "postgresql": "jdbc:postgresql://h/d",
    "sqlserver": "jdbc:sqlserver://h;serverCertificate=/ca.pem",
}


def database(kind: str) -> Database:
    return Settings({"connection.url": URLS[kind]}).database()


def test_neighbours_stay_together_and_the_first_groups_are_larger() -> None:
    assert in_groups(["a", "b", "c", "d", "e"], 3) == [["a", "b"], ["c", "d"], ["e"]]
    assert in_groups(["a"], 3) == [["a"]]
    assert in_groups([], 3) == []


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("`db`.`t`", "mysql", [Table("db", None, "t")]),
        ("`a``b`,`c.d`.`e,f`", "mysql", [Table(None, None, "a`b"), Table("c.d", None, "e,f")]),
        ("`t`", "sqlite", [Table(None, None, "t")]),
        ('"cat"."s"."T","s"."t"', "postgresql", [Table("cat", "s", "T"), Table(None, "s", "t")]),
        ("[d].[s].[T],plain.t2", "sqlserver", [Table("d", "s", "T"), Table(None, "plain", "t2")]),
    ],
)
def test_names_are_read_back(text: str, kind: str, expected: list[Table]) -> None:
    assert split_names(text, database(kind)) == expected


def test_an_open_quote_is_an_error() -> None:
    with pytest.raises(ConfigException, match="A quote isn't closed"):
        split_names("`a", database("mysql"))


class Catalogue:
    """A session that only knows tables."""

    def __init__(self, *tables: Table) -> None:
        self._tables = list(tables)

    def tables(self, _wanted: TableFilter) -> list[Table]:
        return self._tables


def found(catalogue: Catalogue, **more: str) -> list[str]:
    keys = {name.replace("_", "."): value for name, value in more.items()}
    settings = Settings({"connection.url": "jdbc:postgresql://h/d", "mode": "bulk", **keys})
    return [str(table) for table in find_tables(settings, settings.database(), catalogue)]  # type: ignore[arg-type]


def test_filters_know_a_table_by_its_name_alone_and_qualified_and_quoted() -> None:
    catalogue = Catalogue(Table(None, "a", "t"), Table(None, "a", "u"), Table(None, "b", "v"))
    assert found(catalogue, table_whitelist='t,a.u,"b"."v"') == ["a.t", "a.u", "b.v"]
    assert found(catalogue, table_blacklist='t,"b"."v"') == ["a.u"]
    assert found(catalogue, table_include_list="a[.].*", table_exclude_list=".*u") == ["a.t"]
    assert found(catalogue, table_include_list="a") == []


def test_beside_a_whitelist_the_blacklist_has_no_say() -> None:
    assert found(Catalogue(Table(None, "a", "t")), table_whitelist="t", table_blacklist="t") == ["a.t"]


@pytest.mark.parametrize(
    ("filters", "keys"),
    [
        ({"table_whitelist": "t"}, "'table.whitelist' config"),
        ({"table_blacklist": "u"}, "'table.blacklist' config"),
        ({"table_include_list": ".*"}, "'table.whitelist' or 'table.blacklist' config"),
    ],
)
def test_two_tables_of_one_name_are_refused(filters: dict[str, str], keys: str) -> None:
    catalogue = Catalogue(Table(None, "a", "t"), Table(None, "b", "t"))
    with pytest.raises(ConnectException, match=f"Update the connector's {keys} to include exactly one table"):
        found(catalogue, **filters)
