"""Reads one table, or one query, again and again: as batches of records with their offsets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from connect.api import Computed, RecordBatch, Repeated, SourceOrigin
from connectors.jdbc.columns import Column, Mapping, RowShape
from connectors.jdbc.database import Database, ResultSet, Session, Table
from connectors.jdbc.late_rows import LateRows, highest, late_rows
from connectors.jdbc.ranges import KeyRange
from connectors.jdbc.settings import Settings
from connectors.jdbc.tracking import Bounds, Literals, Position, PositionReader, Tracking, where_clause

log = logging.getLogger(__name__)

Row = tuple[Any, ...]


class Source:
    """What is read, and where it goes: ``select`` without conditions, all of ``table`` (None for queries).

    With ``key_range`` only that part of a table is meant, and all of it again once it was read to its end.
    """

    def __init__(
        self,
        select: str,
        topic: str,
        table: Table | None,
        partition: dict[str, str],
        key_range: KeyRange | None = None,
    ) -> None:
        self.select = select
        self.topic = topic
        self.table = table
        self.name = None if table is None else table.name
        self.partition = partition
        self.key_range = key_range


class Querier:
    """One source's state: its position, and the open result if there is one.

    ``due`` is when to ask next (seconds of a monotonic clock), ``failures`` how often in a row that went wrong.
    """

    def __init__(
        self, source: Source, tracking: Tracking, position: Position, settings: Settings, database: Database
    ) -> None:
        self.source = source
        self.due = 0.0
        self.failures = 0
        self.position = position
        self.tracking = tracking
        self._settings = settings
        self._mapping: Mapping = settings.column_mapping()
        self._timestamp, self._incrementing = _sql_columns(tracking, settings, database)
        self._result: ResultSet | None = None
        self._reader: PositionReader | None = None
        self._shape: RowShape | None = None
        self._described: list[tuple[Any, ...]] = []
        self._held: list[Row] = []
        self._safe = position
        self._late: LateRows | None = late_rows(
            settings["safe.read.window.ms"],
            by_time=self._timestamp is not None,
            by_id=self._incrementing is not None and source.key_range is None,
        )

    @property
    def is_open(self) -> bool:
        """Whether a result is being read."""
        return self._result is not None

    def next_batch(self, session: Session, size: int) -> RecordBatch | None:
        """The next rows, of a new query if none is open; None at the end of the result.

        Raises SqlError, ConnectException, DataException.
        """
        if self._result is None:
            self._open(session)
        assert self._result is not None
        rows, following = self._rows(self._result, size)
        if not rows:
            if self._late is not None:
                self._late.end()
            if self.source.key_range is not None:
                self.position = Position()
            self.close()
            return None
        return self._batch(rows, following)

    def close(self) -> None:
        """Give up the open result; the next batch begins a new query at the position."""
        result, self._result = self._result, None
        self._held = []
        if result is not None:
            result.close()

    def abandon(self) -> None:
        """The same when the connection is lost, and the result with it."""
        self._result = None
        self._held = []

    def _open(self, session: Session) -> None:
        sql = self._sql(session)
        log.debug("Running %s", sql)
        result = session.query(sql, self.source.table)
        self._result = result
        self._reader = PositionReader(self.tracking, result.columns, session, self._settings.zone)
        described = [_description(column) for column in result.columns]
        if self._shape is None or described != self._described:
            if self._shape is not None:
                log.info("The columns of %s have changed", self.source.name or "the query")
            self._shape = RowShape(self.source.name, result.columns, self._mapping)
            self._described = described

    def _sql(self, session: Session) -> str:
        suffix = self._settings["query.suffix"]
        return f"{self.source.select}{self._condition(session)}{f' {suffix}' if suffix else ''}"

    def _condition(self, session: Session) -> str:
        if self.source.key_range is not None and self._incrementing is not None:
            return self.source.key_range.condition(self._incrementing, self.position.incrementing)
        zone = self._settings.zone
        until = None
        if self._timestamp is not None:
            until = session.now(zone) - self._settings["timestamp.delay.interval.ms"] * 1_000_000
        after = self.position if self._late is None else self._late.begin(self.position)
        return where_clause(
            self._timestamp,
            self._incrementing,
            Bounds(after, until),
            Literals(
                lambda nanos: session.timestamp_literal(nanos, zone), lambda nanos: session.last_literal(nanos, zone)
            ),
        )

    def _rows(self, result: ResultSet, size: int) -> tuple[list[Row], Row | None]:
        """The next rows, and the one that follows them where that matters."""
        if self._late is not None:
            return self._unseen(result, size, self._late), None
        if not self._looks_ahead:
            return result.fetch(size), None
        rows = [*self._held, *result.fetch(size + 1 - len(self._held))]
        self._held = rows[size:]
        return rows[:size], self._held[0] if self._held else None

    def _unseen(self, result: ResultSet, size: int, late: LateRows) -> list[Row]:
        """The next rows that weren't sent before; none only at the end."""
        assert self._reader is not None
        unseen: list[Row] = []
        while not unseen and (rows := result.fetch(size)):
            unseen = late.unseen(rows, self._reader)
        return unseen

    @property
    def _looks_ahead(self) -> bool:
        """Where only the time tracks: rows of one time are done when a later one comes, and not before."""
        return self._timestamp is not None and self._incrementing is None

    def _batch(self, rows: list[Row], following: Row | None) -> RecordBatch:
        assert self._shape is not None
        size = len(rows)
        make = self._offset_maker(rows, following)
        offsets: Sequence[Any] = Repeated(None, size) if make is None else Computed(range(size), make)
        return RecordBatch(
            self.source.topic,
            self._shape.rows(rows),
            self._shape.schema,
            origin=SourceOrigin(Repeated(self.source.partition, size), offsets),
        )

    def _offset_maker(self, rows: list[Row], following: Row | None) -> Callable[[int], Any] | None:
        """What makes the offset of row ``i``, and moves the position behind the last row."""
        reader, before = self._reader, self.position
        assert reader is not None
        if self._timestamp is None and self._incrementing is None:
            return None
        if self._late is not None:
            return self._late_offset_maker(self._late, reader, rows)
        if not self._looks_ahead:
            self.position = reader.position(rows[-1])
            return lambda index: reader.position(rows[index]).to_offset()
        self.position = _finished(reader, rows, len(rows) - 1, following, before)
        return lambda index: _finished(reader, rows, index, following, before).to_offset()

    def _late_offset_maker(self, late: LateRows, reader: PositionReader, rows: list[Row]) -> Callable[[int], Any]:
        """All rows but the last one stand for what was safe before them."""
        before = self._safe
        self.position = highest(rows, reader, self.position)
        after = self._safe = late.safe_position(self.position)
        last = len(rows) - 1
        return lambda index: (after if index == last else before).to_offset()


def _finished(
    reader: PositionReader, rows: Sequence[Row], index: int, following: Row | None, before: Position
) -> Position:
    """The latest time of which all rows lie at or before ``index``."""
    following_nanos = following if index + 1 == len(rows) else rows[index + 1]
    after = None if following_nanos is None else reader.nanos(following_nanos)
    for place in range(index, -1, -1):
        nanos = reader.nanos(rows[place])
        if nanos != after:
            return Position(nanos)
    return before


def _sql_columns(tracking: Tracking, settings: Settings, database: Database) -> tuple[str | None, str | None]:
    names = [settings.column_of(database, name) for name in tracking.timestamps]
    timestamp = f"COALESCE({','.join(names)})" if len(names) > 1 else names[0] if names else None
    incrementing = None if tracking.incrementing is None else settings.column_of(database, tracking.incrementing)
    return timestamp, incrementing


def _description(column: Column) -> tuple[Any, ...]:
    return (column.name, column.kind, column.nullable, column.precision, column.scale, column.type_name)
