"""The text of a CSV file, handed out in whole lines."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple

from connect.api import DataException
from connectors.spooldir.csv_line import CsvFormat
from connectors.spooldir.csv_rfc4180 import line_parser
from connectors.spooldir.text_input import TextInput

MAX_RECORD = 16 << 20
"""Characters that a record may have: a quote that is never closed must not fill the memory."""

_MAX_STEP = 1 << 20
"""Bytes that are read at a time, at most, to find a long record's end: what is read past it is held several times."""


class CsvLayout(NamedTuple):
    """How the file is laid out: format of its lines, lines to skip, header, texts that mean null."""

    csv_format: CsvFormat
    charset: str
    skip_lines: int
    header: bool
    null_values: frozenset[str]
    keep_carriage_return: bool
    portion: int


class CsvText:
    """Lines of an open file, from behind the skipped ones on. ``line`` counts those that single-line methods took."""

    def __init__(self, stream: BinaryIO, layout: CsvLayout) -> None:
        self.layout = layout
        self.line = 0
        self._stream = stream
        self._input = TextInput(
            stream, layout.charset, layout.portion, translate_newlines=not layout.keep_carriage_return
        )
        self._text = ""
        self._portions = 1
        self.skip_lines(layout.skip_lines)

    def _fill(self) -> bool:
        more = self._input.read(self._portions)
        self._text += more
        return bool(more)

    def skip_lines(self, count: int) -> None:
        """Leave out so many lines; fewer when the file ends before."""
        left = count
        while left and (self._text or self._fill()):
            lines = self._text.split("\n", left)
            taken = len(lines) - 1
            self._text = lines[-1]
            if taken < left and not self._fill():
                taken, self._text = taken + bool(self._text), ""  # the last line has no terminator
                left = taken
            left -= taken
            self.line += taken

    def read_row(self) -> list[str] | None:
        """The next row by itself; None at the end of the file."""
        parser = line_parser(self.layout.csv_format)
        while self._has_line():
            line, _, self._text = self._text.partition("\n")
            self.line += 1
            row = parser.feed(line)
            if row is not None:
                return [text or "" for text in row]
        return None

    def _has_line(self) -> bool:
        while "\n" not in self._text:
            if not self._fill():
                return bool(self._text)
        return True

    def take_lines(self) -> str | None:
        """All whole lines of the next portion; None when there is none now.

        Portions grow as long as what was taken is put back: a long record ends sooner or later.
        """
        while self._fill_for_record():
            end = self._text.rfind("\n") + 1
            if end:
                lines, self._text = self._text[:end], self._text[end:]
                self._portions = 1
                return lines
            self._portions *= 2
        return None

    def _fill_for_record(self) -> bool:
        """Fill, but only up to where the record that waits would be too long. Raises DataException when it is."""
        left = MAX_RECORD - len(self._text)
        if left <= 0:
            raise DataException(f"A record of the file is longer than {MAX_RECORD} characters")
        self._portions = min(self._portions, min(left, _MAX_STEP) // self.layout.portion + 1)
        return self._fill()

    def put_back(self, text: str) -> None:
        """Return the end of what ``take_lines`` gave, for next time."""
        self._portions = max(1, len(text) // self.layout.portion)
        self._text = text + self._text

    def take_rest(self) -> str:
        """What is left without a terminator, at the end of the file."""
        text, self._text = self._text + self._input.finish(), ""
        return text

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
