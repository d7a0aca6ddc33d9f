"""CSV text to records, a block at a time.

Three ways lead from text to rows, from fast to exact: text without quotes is split as a whole; text whose quotes are
all in the usual places is left to the csv module; the rest goes line by line through the exact parser of the format.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from connect.api import DataException
from connectors.spooldir.block import BadRecord, Block
from connectors.spooldir.csv_line import CsvFormat
from connectors.spooldir.csv_rfc4180 import line_parser
from connectors.spooldir.csv_text import CsvText
from connectors.spooldir.rows import Nulls, RowParser

csv.field_size_limit(sys.maxsize)  # the limit of a record is ours

Row = Sequence[str | None]

_LONG = 1 << 20
"""Characters of text from which on a long field must be in it."""


class QuotePatterns(NamedTuple):
    """What matches whole records whose quotes are in the usual places, an empty quoted field, and a field of those."""

    records: re.Pattern[str]
    quoted_empty: re.Pattern[str]
    field: re.Pattern[str]


class CsvReader:
    """Reads a CSV file. A record's offset counts the physical lines up to its end, without skipped lines and header."""

    def __init__(self, text: CsvText, rows: RowParser, offset: int = 0) -> None:
        """``text`` is positioned behind the header; reading begins ``offset`` lines later."""
        layout = text.layout
        self._source = text
        self._format = layout.csv_format
        self._rows = rows
        self._text_nulls: Nulls = layout.null_values | ({""} if self._format.null_for_empty else frozenset())
        self._parsed_nulls: Nulls = layout.null_values | {None}
        self._patterns = _quote_patterns(self._format)
        self._first_line = text.line
        text.skip_lines(offset)
        self._line = text.line
        """Physical lines taken so far."""

    def read(self) -> Block | None:
        while True:
            text = self._source.take_lines()
            if text is None:
                return None
            block = self._block(text, final=False)
            if block is not None:
                return block
            self._source.put_back(text)

    def finish(self) -> Block | None:
        text = self._source.take_rest()
        if not text:
            return None
        return self._block(text if text.endswith("\n") else text + "\n", final=True)

    def close(self) -> None:
        self._source.close()

    def _block(self, text: str, *, final: bool) -> Block | None:
        """The records of whole lines, None when none ends there; a record that goes on is put back into the input."""
        quote, escape = self._format.quote, self._format.escape
        if self._format.strict_quotes or (escape and escape in text):
            return self._by_lines(text, final)
        if not quote or quote not in text:
            return self._by_splitting(text)
        whole = text if final else text[: _end_outside_quotes(text, quote)]
        if whole and self._is_well_formed(whole):
            self._source.put_back(text[len(whole) :])
            return self._by_csv_module(whole)
        return self._by_lines(text, final)

    def _is_well_formed(self, text: str) -> bool:
        """Whether the csv module reads the text as the exact parser does."""
        if self._patterns is None or "\r" in text or self._confuses_nulls(text, self._patterns):
            return False
        return self._patterns.records.fullmatch(text) is not None

    def _confuses_nulls(self, text: str, patterns: QuotePatterns) -> bool:
        """Whether empty fields with and without quotes are there, and not the same."""
        if self._format.null_for_empty == self._format.null_for_quoted_empty:
            return False
        return self._format.null_for_quoted_empty or patterns.quoted_empty.search(text) is not None

    def _by_splitting(self, text: str) -> Block:
        separator = self._format.separator
        width = text.count(separator, 0, text.index("\n")) + 1
        if width >= self._rows.width and width > 1:
            # With the line ends as cells of their own, one slice per column shows that every row has the same width.
            cells = text.replace("\n", f"{separator}\n{separator}").split(separator)
            cells.pop()
            ends = cells[width :: width + 1]
            if len(cells) == len(ends) * (width + 1) and ends.count("\n") == len(ends):
                columns = [cells[place :: width + 1] for place in range(self._rows.width)]
                block = self._by_columns(columns, len(ends))
                if block is not None:
                    return block
        rows = [line.split(separator) for line in text[:-1].split("\n")]
        return self._by_rows(rows, range(self._line + 1, self._line + len(rows) + 1), text, self._text_nulls)

    def _by_csv_module(self, text: str) -> Block:
        csv_format = self._format
        if len(text) > _LONG:
            rows = list(self._rows_of(text))
        else:
            lines = io.StringIO(text, newline="\n")
            rows = list(csv.reader(lines, delimiter=csv_format.separator, quotechar=csv_format.quote, strict=True))
        if len(rows) == text.count("\n") and set(map(len, rows)) == {len(rows[0])} and len(rows[0]) >= self._rows.width:
            block = self._by_columns(list(zip(*rows, strict=True)), len(rows))
            if block is not None:
                return block
        return self._by_lines(text, final=True)  # type: ignore[return-value]  # whole records: never None

    def _rows_of(self, text: str) -> Iterator[list[str]]:
        """What the csv module reads from well-formed text; it would take four bytes per character of a field."""
        assert self._patterns is not None
        quote = self._format.quote
        row: list[str] = []
        for match in self._patterns.field.finditer(text):
            quoted, plain, end = match.groups()
            row.append(plain if quoted is None else quoted.replace(quote * 2, quote))
            if end == "\n":
                yield row
                row = []

    def _by_columns(self, columns: Sequence[Row], size: int) -> Block | None:
        """The records of rows of one physical line each; None when a row is bad."""
        if self._rows.width == 1 and not self._text_nulls.isdisjoint(columns[0]):
            return None
        try:
            block = self._rows.block(columns, size, self._offsets(size), self._text_nulls)
        except (ValueError, ArithmeticError):
            return None
        self._line += size
        return block

    def _offsets(self, size: int) -> range:
        first = self._line - self._first_line + 1
        return range(first, first + size)

    def _by_lines(self, text: str, final: bool) -> Block | None:
        parser = line_parser(self._format)
        lines = text[:-1].split("\n")
        rows: list[Row] = []
        ends: list[int] = []
        for number, line in enumerate(lines, self._line + 1):
            row = parser.feed(line)
            if row is not None:
                rows.append(row)
                ends.append(number)
        taken = ends[-1] - self._line if ends else 0
        if taken == len(lines):
            return self._by_rows(rows, ends, text, self._parsed_nulls)
        rest = "\n".join(lines[taken:]) + "\n"
        if not final:
            if not ends:
                return None
            self._source.put_back(rest)
            return self._by_rows(rows, ends, text, self._parsed_nulls)
        block = self._by_rows(rows, ends, text, self._parsed_nulls)
        block.bad.append(self._unterminated(len(block.values), parser.reset(), rest))
        self._line += len(lines) - taken
        return block

    def _unterminated(self, before: int, lost: str, raw: str) -> BadRecord:
        reason = f"Unterminated quoted field at end of CSV line. Beginning of lost text: [{lost[:100]}]"
        return BadRecord(before, DataException(reason), raw.encode(errors="replace"), self._line + 1)

    def _by_rows(self, rows: Sequence[Row], ends: Sequence[int], text: str, nulls: Nulls) -> Block:
        """Row by row, to tell the bad from the good; ``ends`` are the physical lines in which the rows end."""
        good: list[Row] = []
        offsets: list[int] = []
        bad: list[BadRecord] = []
        lines = text.split("\n")
        start = self._line
        for row, end in zip(rows, ends, strict=True):
            offset = end - self._first_line
            if not self._is_blank(row, nulls):
                try:
                    good.append(self._rows.row(row, nulls, offset))
                    offsets.append(offset)
                except DataException as error:
                    raw = "\n".join(lines[start - self._line : end - self._line])
                    bad.append(BadRecord(len(good), error, raw.encode(errors="replace"), start + 1))
            start = end
        self._line = start
        block = self._rows.block_of_rows(good, offsets)
        block.bad = bad
        return block

    def _is_blank(self, row: Row, nulls: Nulls) -> bool:
        """An empty line: of one column it is a record, unless its value would be null."""
        return len(row) == 1 and not row[0] and (self._rows.width > 1 or row[0] in nulls)


def _end_outside_quotes(text: str, quote: str) -> int:
    """Where the last line ends that isn't inside quotes, if quotes come in pairs; 0 when none is found soon."""
    end = len(text)
    for _ in range(20):
        if text.count(quote, 0, end) % 2 == 0:
            return end
        end = text.rfind("\n", 0, text.rfind(quote, 0, end)) + 1
    return 0


def _quote_patterns(csv_format: CsvFormat) -> QuotePatterns | None:
    if not csv_format.quote or csv_format.ignore_quotations:
        return None
    quote, separator = re.escape(csv_format.quote), re.escape(csv_format.separator)
    in_quotes = rf"(?:[^{quote}]++|{quote}{quote})*+"
    plain = rf"[^{quote}{separator}\n]*+"
    end = rf"[{separator}\n]"
    return QuotePatterns(
        re.compile(rf"(?:{quote}{in_quotes}{quote}{end}|{plain}{end})*+"),
        re.compile(rf"(?:\A|{end}){quote}{quote}(?={end})"),
        re.compile(rf"(?:{quote}({in_quotes}){quote}|({plain}))({end})"),
    )
