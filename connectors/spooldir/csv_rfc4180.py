"""CSV lines as the opencsv library reads them with its RFC 4180 parser: a quote counts only at the start of a field."""

from __future__ import annotations

from connectors.spooldir.csv_line import CsvFormat, CsvLineParser


class Rfc4180LineParser:
    """Takes lines one by one; a field that begins with a quote may go on over several of them."""

    def __init__(self, csv_format: CsvFormat) -> None:
        self._format = csv_format
        self._fields: list[str | None] = []
        self._text = ""

    @property
    def pending(self) -> bool:
        """Whether a field waits for its closing quote."""
        return bool(self._text)

    def reset(self) -> str:
        """Give up the record that waits; returns the text of its open field, with its quotes."""
        text = self._text
        self._fields, self._text = [], ""
        return text

    def feed(self, line: str) -> list[str | None] | None:
        """The record that ends with this line (terminator removed), or None when it goes on."""
        separator, quote = self._format.separator, self._format.quote
        text, self._text = self._text + line, ""
        if not quote or quote not in text:
            return [self._value(part) for part in text.split(separator)]
        parts = self._split(text)
        if self._is_open(parts[-1]):
            self._text = parts.pop() + "\n"
        elif text.endswith(separator):
            parts.append("")
        self._fields += map(self._value, parts)
        if self._text:
            return None
        fields, self._fields = self._fields, []
        return fields

    def _split(self, text: str) -> list[str]:
        separator, quote = self._format.separator, self._format.quote
        parts = []
        start = 0
        while start < len(text):
            end = text.find(separator, start)
            if end < 0:
                end = len(text)
            elif text[start] == quote:
                end = self._end_of_quoted(text, start)
            parts.append(text[start:end])
            start = end + 1
        return parts

    def _end_of_quoted(self, text: str, start: int) -> int:
        """Where the separator stands that follows the closing quote, else the end of the text."""
        separator, quote = self._format.separator, self._format.quote
        closes = True
        place = text.find(quote, start + 1)
        while place >= 0:
            if closes and text.startswith(separator, place + 1):
                return place + 1
            closes = not closes
            place = text.find(quote, place + 1)
        return len(text)

    def _is_open(self, part: str) -> bool:
        quote = self._format.quote
        return part.count(quote) % 2 == 1 or (part.startswith(quote) and not part.endswith(quote))

    def _value(self, part: str) -> str | None:
        quote = self._format.quote
        if not part:
            return None if self._format.null_for_empty else ""
        if not quote or quote not in part:
            return part
        if part.startswith(quote) and part.count(quote) > 1:
            part = part.removeprefix(quote).removesuffix(quote)
        part = part.replace(quote * 2, quote)
        return None if not part and self._format.null_for_quoted_empty else part


def line_parser(csv_format: CsvFormat) -> CsvLineParser | Rfc4180LineParser:
    """The parser that the format asks for."""
    return Rfc4180LineParser(csv_format) if csv_format.rfc4180 else CsvLineParser(csv_format)
