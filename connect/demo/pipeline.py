"""What the demo sets up, as a user would write it: the worker's properties, a source and a sink."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOPIC = "flights"
"""The topic, and by the sink's rule the index as well."""

_NUMBERS = (
    *("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"),
    *("flight", "air_time", "distance", "hour", "minute"),
)
_TEXTS = ("carrier", "tailnum", "origin", "dest", "time_hour")
_KEY = ("carrier", "flight")
_NOT_SEARCHED = (
    *("year", "month", "day", "hour", "minute", "dep_time", "sched_dep_time", "arr_time", "sched_arr_time", "air_time"),
)
_RENAMED = {
    "time_hour": "scheduled",
    "dest": "destination",
    "dep_delay": "departure_delay",
    "arr_delay": "arrival_delay",
}


@dataclass(frozen=True)
class Folders:
    """Where the source finds its files and puts them afterwards, below one working folder."""

    root: Path

    @property
    def input(self) -> Path:
        return self.root / "input"

    @property
    def finished(self) -> Path:
        return self.root / "finished"

    @property
    def error(self) -> Path:
        return self.root / "error"

    @property
    def data_file(self) -> Path:
        return self.input / "flights.csv"

    def make(self) -> None:
        for folder in (self.input, self.finished, self.error):
            folder.mkdir()


def worker_properties(bootstrap_servers: str, rest_port: int) -> str:
    """A worker in distributed mode that is a whole cluster by itself."""
    return f"""\
bootstrap.servers={bootstrap_servers}
group.id=connect-demo
listeners=http://127.0.0.1:{rest_port}
rest.advertised.host.name=127.0.0.1
rest.advertised.port={rest_port}

key.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=false
value.converter=org.apache.kafka.connect.json.JsonConverter
value.converter.schemas.enable=false

config.storage.topic=connect-configs
config.storage.replication.factor=1
offset.storage.topic=connect-offsets
offset.storage.replication.factor=1
offset.storage.partitions=5
offset.flush.interval.ms=2000
status.storage.topic=connect-status
status.storage.replication.factor=1
"""


def source_connector(folders: Folders) -> dict[str, Any]:
    """Reads every CSV file that appears in the input folder; an empty field is a missing value."""
    return {
        "name": "flights-source",
        "config": {
            "connector.class": "com.github.jcustenborder.kafka.connect.spooldir.SpoolDirCsvSourceConnector",
            "tasks.max": "1",
            "topic": TOPIC,
            "input.path": str(folders.input),
            "input.file.pattern": r".*\.csv",
            "finished.path": str(folders.finished),
            "error.path": str(folders.error),
            "csv.first.row.as.header": "true",
            "csv.null.field.indicator": "EMPTY_SEPARATORS",
            "key.schema": _schema("Key", _KEY),
            "value.schema": _schema("Flight", (*_NUMBERS, *_TEXTS)),
            "topic.creation.default.partitions": "1",
            "topic.creation.default.replication.factor": "1",
        },
    }


def _schema(name: str, fields: tuple[str, ...]) -> str:
    types = {field: {"type": "INT32" if field in _NUMBERS else "STRING", "isOptional": True} for field in fields}
    return json.dumps({"name": name, "type": "STRUCT", "isOptional": False, "fieldSchemas": types})


def sink_connector(search_url: str) -> dict[str, Any]:
    """Indexes what is searched for, under names that read well."""
    return {
        "name": "flights-sink",
        "config": {
            "connector.class": "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
            "tasks.max": "1",
            "topics": TOPIC,
            "connection.url": search_url,
            "read.timeout.ms": "60000",
            "key.ignore": "true",
            "schema.ignore": "true",
            "transforms": "searchable",
            "transforms.searchable.type": "org.apache.kafka.connect.transforms.ReplaceField$Value",
            "transforms.searchable.exclude": ",".join(_NOT_SEARCHED),
            "transforms.searchable.renames": ",".join(f"{old}:{new}" for old, new in _RENAMED.items()),
        },
    }


def question(airlines: int = 20) -> dict[str, Any]:
    """Which airlines leave latest, on average? A flight without a departure delay never left."""
    delay = {"field": "departure_delay"}
    return {
        "size": 0,
        "aggs": {
            "airlines": {
                "terms": {"field": "carrier.keyword", "size": airlines},
                "aggs": {"delay": {"avg": delay}, "departed": {"value_count": delay}},
            }
        },
    }
