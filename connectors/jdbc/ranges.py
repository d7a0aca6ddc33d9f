"""A large table in parts: ranges of its primary key, which several tasks read at a time (``bulk.range.size``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connect.api import ConnectException
from connectors.jdbc.database import Database, Session, Table
from connectors.jdbc.settings import Settings

RANGES = "table.ranges"
"""The key of a task's configuration that holds its ranges."""

_INTEGERS = frozenset(
    ("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "int2", "int4", "int8"),
)
_MOST_RANGES = 1000


class KeyRange(NamedTuple):
    """Rows of ``table`` whose ``column`` is at least ``start`` and below ``end``.

    ``is_first``: there is no lower bound, and ``start`` is only a name. ``end`` None: there is no upper bound.
    """

    table: Table
    column: str
    start: int
    end: int | None
    is_first: bool

    @property
    def partition(self) -> dict[str, str]:
        """Where the position is stored.

        A position says that all rows from ``start`` up to it were sent, whatever the size of ranges: it's of use after
        that or the table has changed.
        """
        return {"protocol": "1", "table": str(self.table), "range": str(self.start)}

    def condition(self, column: str, after: int | None) -> str:
        """What asks for the rows behind ``after``, in order; ``column`` as SQL."""
        bounds = []
        if after is not None:
            bounds.append(f"{column} > {after}")
        elif not self.is_first:
            bounds.append(f"{column} >= {self.start}")
        if self.end is not None:
            bounds.append(f"{column} < {self.end}")
        where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
        return f"{where} ORDER BY {column} ASC"


def ranges_of(settings: Settings, database: Database, session: Session, table: Table) -> list[KeyRange]:
    """A table's ranges; none where it has no single integer as primary key, or isn't larger than one range.

    Raises SqlError.
    """
    keys = [column for column in session.table_columns(table) if column.primary]
    if len(keys) != 1 or keys[0].type_name.lower() not in _INTEGERS:
        return []
    column = settings.column_of(database, keys[0].name)
    result = session.query(f"SELECT MIN({column}), MAX({column}) FROM {settings.name_of(database, table)}")  # noqa: S608
    (bounds,) = result.fetch(2)
    result.close()
    session.finish()
    if bounds[0] is None:
        return []
    starts = _starts(int(bounds[0]), int(bounds[1]), settings["bulk.range.size"])
    ends = [*starts[1:], None]
    if len(starts) == 1:
        return []
    return [
        KeyRange(table, keys[0].name, start, end, start == starts[0]) for start, end in zip(starts, ends, strict=True)
    ]


def _starts(lowest: int, highest: int, size: int) -> list[int]:
    """Multiples of ``size``, which stay the same while the table grows; of a multiple of it for widely spread keys."""
    while highest // size - lowest // size >= _MOST_RANGES:
        size *= 2
    return [number * size for number in range(lowest // size, highest // size + 1)]


def write_ranges(ranges: Sequence[KeyRange]) -> str:
    """As a task's configuration holds them."""
    return json.dumps(ranges)


def read_ranges(config: Mapping[str, str]) -> list[KeyRange]:
    """A task's ranges."""
    return [KeyRange(Table(*table), *more) for table, *more in json.loads(config.get(RANGES) or "[]")]


def start_of(key_range: KeyRange, offset: Mapping[str, object] | None) -> int | None:
    """Behind which key to go on; None: from the beginning. Raises ConnectException when the offset can't be read."""
    after = (offset or {}).get("incrementing")
    if after is not None and not isinstance(after, int):
        raise ConnectException(f"The offset's incrementing value isn't a number: {after!r}")
    return after if after is not None and (key_range.is_first or after >= key_range.start) else None
