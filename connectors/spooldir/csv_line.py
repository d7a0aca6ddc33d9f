"""CSV lines as the opencsv library reads them, with its answers to quotes and escapes in odd places."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from connect.api import ConfigException


class CsvFormat(NamedTuple):
    """The ``csv.*`` keys that say how fields are told apart. Empty text: there is no such character."""

    separator: str = ","
    quote: str = '"'
    escape: str = "\\"
    strict_quotes: bool = False
    ignore_leading_whitespace: bool = True
    ignore_quotations: bool = False
    null_for_empty: bool = False
    """Whether a field with nothing between its separators is null."""
    null_for_quoted_empty: bool = False
    """Whether a field of two quotes is null."""
    rfc4180: bool = False
    """Whether quotes are escaped only by doubling them."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> CsvFormat:
        """The format that the parsed configuration describes. Raises ConfigException."""
        rfc4180 = settings["csv.rfc.4180.parser.enabled"] or settings["csv.separator.char"] == 0
        indicator = settings["csv.null.field.indicator"]
        return cls(
            chr(_number(settings, "csv.separator.char")),
            _character(settings, "csv.quote.char"),
            "" if rfc4180 else _character(settings, "csv.escape.char"),
            settings["csv.strict.quotes"] and not rfc4180,
            settings["csv.ignore.leading.whitespace"] and not rfc4180,
            settings["csv.ignore.quotations"] and not rfc4180,
            indicator in ("EMPTY_SEPARATORS", "BOTH"),
            indicator in ("EMPTY_QUOTES", "BOTH"),
            rfc4180,
        )


def _number(settings: Mapping[str, Any], key: str) -> int:
    number: int = settings[key]
    if not 0 <= number <= 0xFFFF:
        raise ConfigException(key, number, "Must be the number of a character")
    return number


def _character(settings: Mapping[str, Any], key: str) -> str:
    number = _number(settings, key)
    return chr(number) if number else ""


class CsvLineParser:
    """Takes lines one by one; a field in quotes may go on over several of them."""

    def __init__(self, csv_format: CsvFormat) -> None:
        self._format = csv_format
        special = "".join((csv_format.separator, csv_format.quote, csv_format.escape))
        self._plain = re.compile(f"[^{re.escape(special)}]+")
        self._fields: list[str | None] = []
        self._text = ""
        self._in_quotes = False
        self._in_field = False

    @property
    def pending(self) -> bool:
        """Whether a field waits for its closing quote."""
        return self._in_quotes

    def reset(self) -> str:
        """Give up the record that waits; returns the text of its open field."""
        text = self._text
        self._fields, self._text, self._in_quotes, self._in_field = [], "", False, False
        return text

    def feed(self, line: str) -> list[str | None] | None:
        """The record that ends with this line (terminator removed), or None when it goes on."""
        csv_format = self._format
        separator, quote, escape = csv_format.separator, csv_format.quote, csv_format.escape
        quoted = self._in_quotes
        position, end = 0, len(line)
        while position < end:
            char = line[position]
            position += 1
            if char == escape:
                if self._is_inside and line[position : position + 1] in (quote, escape) and position < end:
                    self._text += line[position]
                    position += 1
            elif char == quote:
                if self._is_inside and line.startswith(quote, position):
                    self._text += quote
                    position += 1
                else:
                    self._in_quotes = not self._in_quotes
                    quoted = quoted or not self._text
                    self._take_quote(line, position)
                self._in_field = not self._in_field
            elif char == separator and (not self._in_quotes or csv_format.ignore_quotations):
                self._end_field(quoted)
                quoted = False
            elif not csv_format.strict_quotes or (self._in_quotes and not csv_format.ignore_quotations):
                run = self._plain.match(line, position - 1)
                position = run.end() if run else position
                self._text += run.group() if run else char
                self._in_field = quoted = True
        return self._end_line(quoted)

    @property
    def _is_inside(self) -> bool:
        return self._in_field or (self._in_quotes and not self._format.ignore_quotations)

    def _take_quote(self, line: str, position: int) -> None:
        """A quote in the middle of a field is part of it; ``position`` is the one behind the quote."""
        separator = self._format.separator
        if self._format.strict_quotes or not 3 < position < len(line):
            return
        if line[position - 2] == separator or line[position] == separator:
            return
        if self._format.ignore_leading_whitespace and self._text.isspace():
            self._text = ""
        else:
            self._text += self._format.quote

    def _end_field(self, quoted: bool) -> None:
        text = self._text
        null = self._format.null_for_quoted_empty if quoted else self._format.null_for_empty
        self._fields.append(None if not text and null else text)
        self._text = ""
        self._in_field = False

    def _end_line(self, quoted: bool) -> list[str | None] | None:
        if self._in_quotes and not self._format.ignore_quotations:
            self._text += "\n"
            return None
        self._end_field(quoted)
        fields = self._fields
        self._fields, self._in_quotes = [], False
        return fields
