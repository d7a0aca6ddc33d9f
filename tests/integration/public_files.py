"""CSV files that others have published, as the connector reads them and as two independent readers do."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from connect.api import Schema
from connectors.spooldir.csv_source import SpoolDirCsvSourceConnector
from tests.unit.connectors.source_context import Errant, FakeSourceContext, batches
from tests.unit.connectors.spooldir.spool import Spool

RAGGED = {"arima212_forecast.csv": 201, "scotland_population.csv": 8}
"""Rows with fewer fields than the header has; those files are no tables."""
REFUSED_BY_ARROW = {*RAGGED, "dietox.csv", "unemp.csv"}
"""These too have rows with more fields than the header, or another kind of header."""


@dataclass
class Found:
    """What the connector made of a file."""

    rows: int = 0
    types: dict[str, str] = field(default_factory=dict)
    errants: list[Errant] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)


def spooled(path: Path, charset: str, folder: Path) -> Found:
    spool = Spool(folder, SpoolDirCsvSourceConnector, csv_first_row_as_header="true", csv_file_charset=charset)
    shutil.copy2(path, spool.root / "in")
    context, found = FakeSourceContext(), Found()
    task = spool.task(
        context,
        schema_generation_enabled="true",
        schema_generation_types="INFER",
        schema_generation_misfit="FILE",
        csv_null_field_indicator="BOTH",
        csv_null_values="NA",
        file_settle_ms="0",
    )
    for batch in batches(task):
        found.rows += len(batch)
        assert batch.value_schema is not None
        found.types = {each.name: type_name(each.schema) for each in batch.value_schema.fields}
    task.commit()
    found.errants, found.files = context.errants, spool.files()
    return found


def type_name(schema: Schema) -> str:
    return schema.type.name if schema.name is None else schema.name.rpartition(".")[2]


def charset_of(path: Path) -> str:
    try:
        path.read_text("utf-8")
    except UnicodeDecodeError:
        return "ISO-8859-1"
    return "UTF-8"


def rows_by_csv_module(path: Path, charset: str) -> int:
    with path.open(encoding=charset, newline="") as file:
        return sum(1 for row in csv.reader(file) if row) - 1


def rows_by_arrow(path: Path, charset: str) -> int:
    options = arrow_csv.ParseOptions(newlines_in_values=True)
    return int(arrow_csv.read_csv(path, arrow_csv.ReadOptions(encoding=charset), options).num_rows)


def check(root: Path, paths: Iterable[Path], folder: Path) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Read the files below ``root`` and compare; returns files, and columns of each type, by package."""
    types: dict[str, Counter[str]] = {}
    files: Counter[str] = Counter()
    for number, path in enumerate(paths):
        charset = charset_of(path)
        found = spooled(path, charset, folder / str(number))
        assert found.rows + len(found.errants) == rows_by_csv_module(path, charset), path
        assert len(found.errants) == RAGGED.get(path.name, 0), path
        assert found.files == {"in": [], "finished": [path.name], "error": []}
        try:
            assert found.rows == rows_by_arrow(path, charset), path
        except pa.ArrowInvalid:
            assert path.name in REFUSED_BY_ARROW
        package = path.relative_to(root).parts[0]
        files[package] += 1
        types.setdefault(package, Counter()).update(found.types.values())
    return files, types
