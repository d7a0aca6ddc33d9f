"""Lines as Avro: a struct per line, its schema in a registry."""

from __future__ import annotations

from benchmarks import bare
from benchmarks.case import Case, Setting, Side
from benchmarks.cases.filestream import source_to_topic
from benchmarks.cases.names import STRING, TRANSFORMS
from benchmarks.figures import Figures
from benchmarks.subjects import Subject
from tests.services import SchemaRegistry

_CLASS = "io.confluent.connect.avro.AvroConverter"


def avro(subject: Subject, setting: Setting) -> Figures:
    """FileStreamSource → HoistField, InsertField → topic, as Avro with Apicurio's registry."""
    return source_to_topic(
        subject,
        setting,
        {
            "transforms": "hoist,insert",
            "transforms.hoist.type": f"{TRANSFORMS}.HoistField$Value",
            "transforms.hoist.field": "line",
            "transforms.insert.type": f"{TRANSFORMS}.InsertField$Value",
            "transforms.insert.static.field": "source",
            "transforms.insert.static.value": "benchmark",
            "key.converter": STRING,
            "value.converter": _CLASS,
            "value.converter.schema.registry.url": setting.server(SchemaRegistry).url,
        },
    )


CASES = (
    Case(
        "avro",
        avro,
        500_000,
        side=Side.PLUGIN,
        needs=_CLASS,
        limits=(bare.producer,),
        bound="fastavro's writer and the rows that it is given, in the task's Python thread.",
    ),
)
