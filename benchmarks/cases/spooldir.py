"""Files of a spool directory → topics."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import bare, data
from benchmarks.case import Case, Setting, Side
from benchmarks.cases.copying import fresh_name, into_topic
from benchmarks.cases.names import JSON
from benchmarks.figures import Figures
from benchmarks.subjects import Subject

_PACKAGE = "com.github.jcustenborder.kafka.connect.spooldir"
_CSV_CLASS, _JSON_CLASS = f"{_PACKAGE}.SpoolDirCsvSourceConnector", f"{_PACKAGE}.SpoolDirJsonSourceConnector"
_CSV = {"connector.class": _CSV_CLASS, "csv.first.row.as.header": "true"}
_JSON = {"connector.class": _JSON_CLASS}
_NO_HEADERS = {"file.headers.enabled": "false"}
_ENVELOPE = {"value.converter.schemas.enable": "true"}


def _spooled(subject: Subject, setting: Setting, made: Path, extra: Mapping[str, str]) -> Figures:
    """A file → topic, by a connector of a spool directory of its own."""
    topic = fresh_name()
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        places = {name: Path(folder) / name for name in ("input", "finished", "error")}
        for place in places.values():
            place.mkdir()
        (places["input"] / made.name).hardlink_to(made)
        config = {
            "topic": topic,
            **{f"{name}.path": str(place) for name, place in places.items()},
            "input.file.pattern": f".*\\{made.suffix}",
            "key.schema": data.KEY_SCHEMA,
            "value.schema": data.VALUE_SCHEMA,
            "batch.size": "2000",
            "key.converter": JSON,
            "value.converter": JSON,
            "key.converter.schemas.enable": "false",
            "value.converter.schemas.enable": "false",
            **extra,
        }
        return into_topic(subject, setting, config, topic)


def _csv(subject: Subject, setting: Setting, extra: Mapping[str, str]) -> Figures:
    return _spooled(subject, setting, setting.file("rows.csv", data.write_csv), {**_CSV, **extra})


def _json(subject: Subject, setting: Setting, extra: Mapping[str, str]) -> Figures:
    return _spooled(subject, setting, setting.file("rows.json", data.write_json_lines), {**_JSON, **extra})


def csv(subject: Subject, setting: Setting) -> Figures:
    """CSV of seven typed columns → topic, as JSON without schemas."""
    return _csv(subject, setting, {})


def csv_no_headers(subject: Subject, setting: Setting) -> Figures:
    """The same without the eight headers that tell where a record stood (ours can leave them away)."""
    return _csv(subject, setting, _NO_HEADERS)


def csv_envelope(subject: Subject, setting: Setting) -> Figures:
    """CSV with headers, and with schemas in the JSON."""
    return _csv(subject, setting, _ENVELOPE)


def csv_envelope_no_headers(subject: Subject, setting: Setting) -> Figures:
    """CSV with schemas in the JSON, without headers."""
    return _csv(subject, setting, {**_NO_HEADERS, **_ENVELOPE})


def json_lines(subject: Subject, setting: Setting) -> Figures:
    """JSON lines of the same seven members → topic, as JSON without schemas."""
    return _json(subject, setting, {})


def json_lines_no_headers(subject: Subject, setting: Setting) -> Figures:
    """JSON lines without headers."""
    return _json(subject, setting, _NO_HEADERS)


_BOUND = "With headers librdkafka takes one call per record and copies eight of them, a third to a half of the time."
_NO_HEADERS_BOUND = "Parsing and the JSON text, in the task's Python thread."
CASES = tuple(
    Case(
        name,
        measure,
        300_000,
        side=Side.PLUGIN,
        needs=needs,
        limits=(bare.producer,),
        bound=_NO_HEADERS_BOUND if name.endswith("no-headers") else _BOUND,
    )
    for name, measure, needs in (
        ("spooldir-csv", csv, _CSV_CLASS),
        ("spooldir-csv-no-headers", csv_no_headers, _CSV_CLASS),
        ("spooldir-csv-envelope", csv_envelope, _CSV_CLASS),
        ("spooldir-csv-envelope-no-headers", csv_envelope_no_headers, _CSV_CLASS),
        ("spooldir-json", json_lines, _JSON_CLASS),
        ("spooldir-json-no-headers", json_lines_no_headers, _JSON_CLASS),
    )
)
