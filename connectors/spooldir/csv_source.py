"""SpoolDirCsvSource: the rows of CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from connect.api import ConfigType, DataException, Importance, SourceTask, Width
from connect.api.schema import OPTIONAL_STRING_SCHEMA
from connect.api.validators import Range, ValidString
from connectors.spooldir.block import RecordReader, blocks_of
from connectors.spooldir.config import COMMON, OWN, OWN_SCHEMA, SCHEMA, keys
from connectors.spooldir.connector import SchemaSourceConnector
from connectors.spooldir.csv_line import CsvFormat
from connectors.spooldir.csv_reader import CsvReader
from connectors.spooldir.csv_text import CsvLayout, CsvText
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.files import InputFile
from connectors.spooldir.inference import Columns, Inference, checks_files, dates_of, misfits, with_texts
from connectors.spooldir.rows import RowParser
from connectors.spooldir.task import Resume, SpoolDirSourceTask
from connectors.spooldir.text_input import check_charset, open_input
from connectors.spooldir.value_schema import read_schema, struct_of

_Type, _Medium, _Low = ConfigType, Importance.MEDIUM, Importance.LOW

_CSV = keys(
    "CSV Parsing",
    ("csv.skip.lines", _Type.INT, 0, _Low, "How many lines to skip at the start.", Range(0), "Skip lines"),
    (
        "csv.separator.char",
        _Type.INT,
        44,
        _Low,
        "The number of the character between fields: 44 is a comma, 9 a tab, 0 the character NUL.",
        None,
        "Separator Character",
    ),
    (
        "csv.quote.char",
        _Type.INT,
        34,
        _Low,
        "The number of the character around fields; 0 means none.",
        None,
        "Quote Character",
    ),
    (
        "csv.escape.char",
        _Type.INT,
        92,
        _Low,
        "The number of the character before a quote or separator that is text; 0 means none.",
        None,
        "Escape Character",
    ),
    (
        "csv.strict.quotes",
        _Type.BOOLEAN,
        False,
        _Low,
        "Whether characters outside quotes are ignored.",
        None,
        "Strict Quotes",
    ),
    (
        "csv.ignore.leading.whitespace",
        _Type.BOOLEAN,
        True,
        _Low,
        "Whether blanks before a quote in a field are ignored.",
        None,
        "Ignore leading whitespace",
    ),
    (
        "csv.ignore.quotations",
        _Type.BOOLEAN,
        False,
        _Low,
        "Whether separators count inside quotes too.",
        None,
        "Ignore quotations",
    ),
    (
        "csv.keep.carriage.return",
        _Type.BOOLEAN,
        False,
        _Low,
        "Whether a carriage return at the end of a line is text.",
        None,
        "Preserve Carriage Return?",
    ),
    (
        "csv.verify.reader",
        _Type.BOOLEAN,
        True,
        _Low,
        "Accepted for compatibility; has no effect.",
        None,
        "Verify reader",
    ),
    (
        "csv.null.field.indicator",
        _Type.STRING,
        "NEITHER",
        _Low,
        "Which empty fields are null: those without quotes (EMPTY_SEPARATORS), with (EMPTY_QUOTES), BOTH, NEITHER.",
        ValidString("NEITHER", "EMPTY_SEPARATORS", "EMPTY_QUOTES", "BOTH"),
        "Null Field indicator",
    ),
    (
        "csv.first.row.as.header",
        _Type.BOOLEAN,
        False,
        _Medium,
        "Whether the first row, after skipped lines, names the columns.",
        None,
        "Treat first row as header.",
    ),
    ("csv.file.charset", _Type.STRING, "UTF-8", _Low, "The character set.", None, "File character set."),
    width=Width.LONG,
) | keys(
    "",
    (
        "csv.case.sensitive.field.names",
        _Type.BOOLEAN,
        False,
        _Low,
        "Accepted for compatibility: names in the header must be written as in the schema.",
        None,
        "Case sensitive field names.",
    ),
    (
        "csv.rfc.4180.parser.enabled",
        _Type.BOOLEAN,
        False,
        _Low,
        "Whether quotes are only escaped by doubling them.",
        None,
        "Flag to determine if the RFC 4180 should be used instead.",
    ),
)
_OWN_CSV = keys(
    "CSV Parsing",
    ("csv.null.values", _Type.LIST, "", _Low, "Texts that mean null, such as NA."),
)

CONFIG = COMMON | SCHEMA | _CSV | OWN | OWN_SCHEMA | _OWN_CSV


class SpoolDirCsvSourceConnector(SchemaSourceConnector):
    """Reads the CSV files that appear in a directory, row by row, and moves each away when Kafka has its rows.

    The schemas of key and value say the types; or all columns are text, named by the header. A row that doesn't fit
    goes to the error handling with its line number and text, and reading goes on when errors are tolerated.
    """

    EXAMPLE = {
        "name": "flights",
        "config": {
            "topic": "flights",
            "input.path": "/data/flights/input",
            "finished.path": "/data/flights/finished",
            "error.path": "/data/flights/error",
            "input.file.pattern": ".*\\.csv",
            "csv.first.row.as.header": "true",
            "csv.null.field.indicator": "EMPTY_SEPARATORS",
            "schema.generation.enabled": "true",
            "schema.generation.key.fields": "id",
        },
    }

    CONFIG = CONFIG

    def task_class(self) -> type[SourceTask]:
        return SpoolDirCsvSourceTask

    def field_names(self, file: InputFile, settings: Mapping[str, Any]) -> list[str]:
        layout = _layout(settings)
        with open_input(file.path) as stream:
            row = CsvText(stream, layout).read_row()
        if row is None:
            raise DataException(f"{file.path} has no rows to make a schema from")
        return row if layout.header else [f"column{number:02d}" for number in range(1, len(row) + 1)]

    def columns_of(self, file: InputFile, settings: Mapping[str, Any]) -> Iterator[Columns]:
        return _columns_of(file, self.field_names(file, settings), _layout(settings))

    def inference(self, settings: Mapping[str, Any]) -> Inference:
        return _inference(settings)


def _columns_of(file: InputFile, names: Sequence[str], layout: CsvLayout) -> Iterator[Columns]:
    """The texts of a file; rows that are no rows are left out. Raises OSError, DataException."""
    schema = struct_of("Row", [(name, OPTIONAL_STRING_SCHEMA) for name in names])
    with open_input(file.path) as stream:
        text = CsvText(stream, layout)
        if layout.header:
            text.read_row()
        rows = RowParser(
            names, struct_of("Key", []), schema, DateParser([], "UTC"), timestamp_field=None, lenient=False
        )
        for block in blocks_of(CsvReader(text, rows)):
            if block.values:
                yield dict(zip(names, zip(*block.values, strict=True), strict=True))


def _inference(settings: Mapping[str, Any]) -> Inference:
    zone = DateParser([], settings["parser.timestamp.timezone"]).zone
    return Inference(settings["parser.timestamp.date.formats"], zone, of_texts=True)


class SpoolDirCsvSourceTask(SpoolDirSourceTask):
    """Reads CSV files."""

    CONFIG = CONFIG

    def configure(self, settings: Mapping[str, Any]) -> None:
        self._layout = _layout(settings)
        self._key = read_schema("key.schema", settings["key.schema"])
        self._value = read_schema("value.schema", settings["value.schema"])
        self.key_schema, self.value_schema = self._key, self._value
        self._dates = dates_of(settings)
        self._timestamp_field = settings["timestamp.field"] if settings["timestamp.mode"] == "FIELD" else None
        self._lenient: bool = settings["parser.lenient"]

    def open_reader(self, stream: BinaryIO, file: InputFile, resume: Resume | None) -> RecordReader:
        text = CsvText(stream, self._layout)
        names = text.read_row() if self._layout.header else [field.name for field in self._value.fields]
        if names is None:
            raise DataException(f"{file.path} has no header row")
        self.key_schema, self.value_schema = self._key, self._value
        if checks_files(self._settings):
            samples = _columns_of(file, names, self._layout)
            formats = self._settings["parser.timestamp.date.formats"]
            texts = misfits(samples, self._value, formats, _inference(self._settings))
            self.key_schema, self.value_schema = with_texts(self._key, texts), with_texts(self._value, texts)
        rows = RowParser(
            names,
            self.key_schema,
            self.value_schema,
            self._dates,
            timestamp_field=self._timestamp_field,
            lenient=self._lenient,
        )
        return CsvReader(text, rows, resume.offset if resume else 0)


def _layout(settings: Mapping[str, Any]) -> CsvLayout:
    return CsvLayout(
        CsvFormat.of(settings),
        check_charset("csv.file.charset", settings["csv.file.charset"]),
        settings["csv.skip.lines"],
        settings["csv.first.row.as.header"],
        frozenset(settings["csv.null.values"]),
        settings["csv.keep.carriage.return"],
        settings["file.buffer.size.bytes"],
    )
