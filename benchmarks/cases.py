"""The cases, one function each: run once on a subject, give figures."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import data, rest
from benchmarks.subjects import Subject
from tests.services import KafkaBroker, MariaDB

Figures = dict[str, float]
STRING = "org.apache.kafka.connect.storage.StringConverter"
JSON = "org.apache.kafka.connect.json.JsonConverter"
_TRANSFORMS = "org.apache.kafka.connect.transforms"
_CHAIN = {
    "transforms": "hoist,insert,route",
    "transforms.hoist.type": f"{_TRANSFORMS}.HoistField$Value",
    "transforms.hoist.field": "line",
    "transforms.insert.type": f"{_TRANSFORMS}.InsertField$Value",
    "transforms.insert.static.field": "source",
    "transforms.insert.static.value": "benchmark",
    "transforms.route.type": f"{_TRANSFORMS}.RegexRouter",
    "transforms.route.regex": "(.*)-in",
    "transforms.route.replacement": "$1",
    "value.converter": JSON,
    "value.converter.schemas.enable": "false",
}

_STRINGS = {"value.converter": STRING, "key.converter": STRING}
_ERROR_HANDLING = {
    "errors.tolerance": "all",
    "errors.retry.timeout": "60000",
    "errors.log.enable": "true",
    "errors.deadletterqueue.topic.name": "bench-letters",
    "errors.deadletterqueue.topic.replication.factor": "1",
    "errors.deadletterqueue.context.headers.enable": "true",
}


@dataclass(frozen=True)
class Setting:
    """What a run is given: the broker, how many records, where files may lie."""

    broker: KafkaBroker
    records: int
    folder: Path
    java_plugins: Path | None = None
    """A folder with the plugins that Java Connect doesn't bring along."""
    mariadb: MariaDB | None = None
    """For the cases that read its tables."""

    @property
    def lines(self) -> Path:
        """The input file, written once per size."""
        path = self.folder / f"lines-{self.records}.txt"
        if not path.exists():
            data.write_lines(path, self.records)
        return path

    @property
    def csv(self) -> Path:
        """Rows with a header, written once per size."""
        return self._rows("csv", data.write_csv)

    @property
    def json(self) -> Path:
        """The same rows as JSON lines."""
        return self._rows("json", data.write_json_lines)

    def _rows(self, extension: str, write: Callable[[Path, int], None]) -> Path:
        path = self.folder / f"rows-{self.records}.{extension}"
        if not path.exists():
            write(path, self.records)
        return path


def source_to_topic(
    subject: Subject, setting: Setting, extra: Mapping[str, str], suffix: str = "", *, transactions: bool = False
) -> Figures:
    """FileStreamSource → topic: from the creation of the connector until the topic holds every line."""
    topic = f"bench-{uuid.uuid4()}"
    servers = setting.broker.bootstrap_servers
    data.create_topic(servers, topic)
    config = {"connector.class": "FileStreamSource", "file": str(setting.lines), "topic": f"{topic}{suffix}"}
    counter = data.committed_lines(servers, topic, setting.records) if transactions else data.end_offset(servers, topic)
    with counter as count:
        cpu = subject.cpu_seconds()
        subject.create(topic, {**config, "tasks.max": "1", **extra})
        first, total = data.seconds_until(count, setting.records)
    figures = figures_of(subject, setting.records, first, total, cpu)
    subject.delete(topic)
    data.delete_topic(servers, topic)
    return figures


def filestream_source(subject: Subject, setting: Setting) -> Figures:
    """Lines as strings."""
    return source_to_topic(subject, setting, _STRINGS)


def filestream_source_chain(subject: Subject, setting: Setting) -> Figures:
    """HoistField, InsertField, RegexRouter, and JSON without schemas."""
    return source_to_topic(subject, setting, _CHAIN, suffix="-in")


def filestream_source_errors(subject: Subject, setting: Setting) -> Figures:
    """The same, with errors tolerated, retried and logged; metrics are always on, and so is a process per task.

    Java Connect has no dead letter queue for sources, ours has, and it is on.
    """
    return source_to_topic(subject, setting, {**_CHAIN, **_ERROR_HANDLING}, suffix="-in")


def transactions_by_poll(subject: Subject, setting: Setting) -> Figures:
    """Lines as strings, exactly once: a transaction per poll, which is 2,000 lines."""
    return source_to_topic(subject, setting, {**_STRINGS, "transaction.boundary": "poll"}, transactions=True)


def transactions_by_interval(subject: Subject, setting: Setting) -> Figures:
    """Lines as strings, exactly once: a transaction every half second."""
    extra = {"transaction.boundary": "interval", "transaction.boundary.interval.ms": "500"}
    return source_to_topic(subject, setting, {**_STRINGS, **extra}, transactions=True)


def filestream_sink(subject: Subject, setting: Setting) -> Figures:
    """topic → FileStreamSink: from the creation of the connector until the file holds every line."""
    topic = f"bench-{uuid.uuid4()}"
    servers = setting.broker.bootstrap_servers
    data.create_topic(servers, topic)
    with setting.lines.open("rb") as file:
        data.fill_topic(servers, topic, (line.rstrip(b"\n") for line in file))
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        target = Path(folder) / "out.txt"
        cpu = subject.cpu_seconds()
        subject.create(
            topic,
            {
                "connector.class": "FileStreamSink",
                "file": str(target),
                "topics": topic,
                "tasks.max": "1",
                "value.converter": STRING,
                "key.converter": STRING,
            },
        )
        first, total = data.seconds_until(data.SizeOf(target), setting.lines.stat().st_size)
        figures = figures_of(subject, setting.records, first, total, cpu)
        subject.delete(topic)
    data.delete_topic(servers, topic)
    return figures


def figures_of(subject: Subject, records: int, first: float, total: float, cpu_before: float) -> Figures:
    """What a run shows: ``first`` and ``total`` in seconds, ``cpu_before`` as the subject's was."""
    return {
        "records/s": records / total,
        "first record, s": first,
        "CPU µs/record": (subject.cpu_seconds() - cpu_before) / records * 1e6,
        "PSS MB": subject.pss_megabytes(),
    }


def _spooled(subject: Subject, setting: Setting, made: Path, extra: Mapping[str, str]) -> Figures:
    """A file → topic, by a connector of a spool directory of its own."""
    topic = f"bench-{uuid.uuid4()}"
    servers = setting.broker.bootstrap_servers
    data.create_topic(servers, topic)
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder, data.end_offset(servers, topic) as count:
        places = {name: Path(folder) / name for name in ("input", "finished", "error")}
        for place in places.values():
            place.mkdir()
        (places["input"] / made.name).hardlink_to(made)
        cpu = subject.cpu_seconds()
        subject.create(
            topic,
            {
                "tasks.max": "1",
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
            },
        )
        first, total = data.seconds_until(count, setting.records)
        figures = figures_of(subject, setting.records, first, total, cpu)
        subject.delete(topic)
    bare = data.bare_client_rate(servers, topic, min(setting.records, _BARE_RECORDS))
    data.delete_topic(servers, topic)
    return {**figures, "of a bare client's rate": figures["records/s"] / bare}


_BARE_RECORDS = 200_000
"""How many records a client alone is tried with; they are held in memory."""
_SPOOLDIR = "com.github.jcustenborder.kafka.connect.spooldir"
_CSV = {"connector.class": f"{_SPOOLDIR}.SpoolDirCsvSourceConnector", "csv.first.row.as.header": "true"}
_NO_HEADERS = {"file.headers.enabled": "false"}


def spooldir_csv(subject: Subject, setting: Setting) -> Figures:
    """CSV of seven typed columns → topic, as JSON without schemas."""
    return _spooled(subject, setting, setting.csv, _CSV)


def spooldir_csv_no_headers(subject: Subject, setting: Setting) -> Figures:
    """The same without the eight headers that tell where a record stood (ours can leave them away)."""
    return _spooled(subject, setting, setting.csv, {**_CSV, **_NO_HEADERS})


def spooldir_csv_envelope(subject: Subject, setting: Setting) -> Figures:
    """The same with headers, and with schemas in the JSON."""
    return _spooled(subject, setting, setting.csv, {**_CSV, "value.converter.schemas.enable": "true"})


def spooldir_csv_envelope_no_headers(subject: Subject, setting: Setting) -> Figures:
    """With schemas in the JSON, without headers."""
    return _spooled(subject, setting, setting.csv, {**_CSV, **_NO_HEADERS, "value.converter.schemas.enable": "true"})


def spooldir_json_no_headers(subject: Subject, setting: Setting) -> Figures:
    """JSON lines without headers."""
    extra = {"connector.class": f"{_SPOOLDIR}.SpoolDirJsonSourceConnector", **_NO_HEADERS}
    return _spooled(subject, setting, setting.json, extra)


def spooldir_json(subject: Subject, setting: Setting) -> Figures:
    """JSON lines of the same seven members → topic, as JSON without schemas."""
    return _spooled(subject, setting, setting.json, {"connector.class": f"{_SPOOLDIR}.SpoolDirJsonSourceConnector"})


def rest_status(subject: Subject, setting: Setting) -> Figures:
    """GET /connectors/<name>/status over 32 connections at a time, 200 requests each after 50 to warm up."""
    name = rest.fresh_name()
    lines = setting.folder / "rest.txt"
    lines.write_text("one line\n")
    subject.create(name, {"connector.class": "FileStreamSource", "file": str(lines), "topic": name, "tasks.max": "1"})
    subject.wait_until_running(name)
    figures = rest.status_figures(subject.server.url, name)
    subject.delete(name)
    return figures


RECORD_CASES: dict[str, Callable[[Subject, Setting], Figures]] = {
    "filestream-source": filestream_source,
    "filestream-source-chain": filestream_source_chain,
    "filestream-source-errors": filestream_source_errors,
    "filestream-source-transactions-poll": transactions_by_poll,
    "filestream-source-transactions-interval": transactions_by_interval,
    "filestream-sink": filestream_sink,
    "rest-status": rest_status,
}
"""Cases that move records or answer requests: a long-lived worker of each kind, warmed up, takes turns."""

_EXACTLY_ONCE = {"exactly.once.source.support": "enabled"}
WORKER_PROPERTIES: dict[str, Mapping[str, str]] = {
    "filestream-source-transactions-poll": _EXACTLY_ONCE,
    "filestream-source-transactions-interval": _EXACTLY_ONCE,
}
"""What the workers of a case need."""

PLUGIN_CASES: dict[str, Callable[[Subject, Setting], Figures]] = {
    "spooldir-csv": spooldir_csv,
    "spooldir-csv-no-headers": spooldir_csv_no_headers,
    "spooldir-csv-envelope": spooldir_csv_envelope,
    "spooldir-csv-envelope-no-headers": spooldir_csv_envelope_no_headers,
    "spooldir-json": spooldir_json,
    "spooldir-json-no-headers": spooldir_json_no_headers,
}
"""The same, of connectors that Java Connect has only when somebody adds them."""


def startup(subject: Subject) -> Figures:
    """From the start of the process until GET /connectors answers; memory with no connector."""
    return {
        "REST ready, s": subject.startup_seconds,
        "CPU s": subject.cpu_seconds(),
        "PSS MB": subject.pss_megabytes(),
    }


def idle(subject: Subject, folder: Path, connectors: int) -> Figures:
    """Connectors on empty files: how long until all run, and what they hold."""
    import time

    began = time.perf_counter()
    names = [f"idle-{number}" for number in range(connectors)]
    for name in names:
        empty = folder / f"{name}.txt"
        empty.touch()
        subject.create(
            name, {"connector.class": "FileStreamSource", "file": str(empty), "topic": name, "tasks.max": "1"}
        )
    for name in names:
        subject.wait_until_running(name)
    ready = time.perf_counter() - began
    time.sleep(5)
    cpu, began = subject.cpu_seconds(), time.perf_counter()
    time.sleep(10)
    used = (subject.cpu_seconds() - cpu) / (time.perf_counter() - began)
    return {"all RUNNING, s": ready, "CPU % of a core": used * 100, "PSS MB": subject.pss_megabytes()}
