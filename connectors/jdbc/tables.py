"""Which tables are copied, and by which task."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from connect.api import ConfigException, ConnectException
from connectors.jdbc.database import Database, Session, Table, TableFilter
from connectors.jdbc.settings import Settings

T = TypeVar("T")


def find_tables(settings: Settings, database: Database, session: Session) -> list[Table]:
    """The tables that the filters let through, in the catalogue's order.

    Raises SqlError; ConnectException when two tables would share a topic.
    """
    wanted = TableFilter(settings["catalog.pattern"], settings["schema.pattern"], settings["table.types"])
    tables = [table for table in session.tables(wanted) if _is_copied(table, settings, database)]
    _check_names(tables, settings, database)
    return tables


def _is_copied(table: Table, settings: Settings, database: Database) -> bool:
    names = {table.name, str(table), database.quoted(*table.parts)}
    white, black = settings["table.whitelist"], settings["table.blacklist"]
    if white:
        return bool(names & set(white))  # as in Java, the blacklist then has no say
    if names & set(black):
        return False
    include, exclude = settings["table.include.list"], settings["table.exclude.list"]
    return (not include or _matches(table, include)) and not _matches(table, exclude)


def _matches(table: Table, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(pattern, str(table)) for pattern in patterns)


def _check_names(tables: Sequence[Table], settings: Settings, database: Database) -> None:
    by_name: dict[str, list[str]] = {}
    for table in tables:
        by_name.setdefault(table.name, []).append(settings.name_of(database, table))
    several = [f"[{', '.join(names)}]" for names in by_name.values() if len(names) > 1]
    if not several:
        return
    given = [f"'{key}'" for key in ("table.whitelist", "table.blacklist") if settings[key]]
    keys = given[0] if given else "'table.whitelist' or 'table.blacklist'"
    raise ConnectException(
        "The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table "
        "names. This could lead to mixed data types in the topic and downstream processing errors. To prevent such "
        "processing errors, the JDBC Source connector fails to start when it detects duplicate table name "
        f"configurations. Update the connector's {keys} config to include exactly one table in each of the tables "
        f"listed below.\n\t[{', '.join(several)}]"
    )


def in_groups(tables: Sequence[T], groups: int) -> list[list[T]]:
    """Divide tables, or parts of them, over tasks: neighbours together.

    The first groups are one larger where it doesn't come out even.
    """
    count = min(len(tables), groups)
    if not count:
        return []
    size, larger = divmod(len(tables), count)
    divided, start = [], 0
    for index in range(count):
        end = start + size + (index < larger)
        divided.append(list(tables[start:end]))
        start = end
    return divided


def split_names(text: str, database: Database) -> list[Table]:
    """The tables of a task's ``tables``: qualified names as SQL, with commas between.

    Raises ConfigException for a quote that isn't closed.
    """
    tables: list[Table] = []
    parts: list[str] = []
    for name, end in _names(text, database.quote):
        parts.append(name)
        if end != ".":
            tables.append(database.table(parts))
            parts = []
    return tables


def _names(text: str, quote: tuple[str, str]) -> list[tuple[str, str]]:
    """The parts of all names, each with what stands behind it: a dot, a comma or nothing."""
    before, behind = map(re.escape, quote)
    pattern = re.compile(rf"(?:{before}((?:[^{behind}]|{behind}{behind})*){behind}|([^.,{before}]*))([.,]|$)")
    found, position = [], 0
    while position < len(text):
        match = pattern.match(text, position)
        if match is None:
            raise ConfigException("tables", text, "A quote isn't closed")
        name = match[2] if match[1] is None else match[1].replace(quote[1] * 2, quote[1])
        found.append((name, match[3]))
        position = match.end()
    return found
