"""TimestampRouter: put the time into the topic."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, cast

from connect.api import (
    ConfigDef,
    ConfigType,
    ConnectRecord,
    DataException,
    Importance,
    Key,
    RecordBatch,
    SinkRecord,
    SourceRecord,
    Transformation,
)
from connect.api.java_text import to_java_string
from transforms.simple_date_format import SimpleDateFormat


class TimestampRouter(Transformation):
    """Put the record's timestamp into its topic's name, so that a sink writes one table or index per day, say.

    A record without a timestamp or without a topic is an error.
    """

    EXAMPLE = {
        "config": {"topic.format": "${topic}-${timestamp}", "timestamp.format": "yyyy-MM"},
        "input": {"topic": "ratings", "value": {"stars": 4}, "timestamp": 1735689600000},
        "output": {"topic": "ratings-2025-01", "value": {"stars": 4}, "timestamp": 1735689600000},
    }

    CONFIG = ConfigDef(
        Key(
            "topic.format",
            ConfigType.STRING,
            "${topic}-${timestamp}",
            "The new topic; ${topic} stands for the old one, ${timestamp} for the time.",
            Importance.HIGH,
        ),
        Key(
            "timestamp.format",
            ConfigType.STRING,
            "yyyyMMdd",
            "Pattern for ${timestamp} as java.text.SimpleDateFormat reads it, in UTC.",
            Importance.HIGH,
        ),
    )

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)
        self._topic_format: str = parsed["topic.format"]
        self._timestamp_format: str = parsed["timestamp.format"]
        self._format: SimpleDateFormat | None = None

    def apply_batch(self, batch: RecordBatch) -> list[RecordBatch]:
        texts = self._texts(batch)
        if batch.topic is None:
            raise DataException("Topic missing on record")
        template = self._topic_format.replace("${topic}", batch.topic)
        routed: list[RecordBatch] = []
        start = 0
        for text, group in groupby(texts):
            stop = start + len(list(group))
            part = batch if stop - start == len(batch) else batch.slice(start, stop)
            routed.append(part.replace(topic=template.replace("${timestamp}", text)))
            start = stop
        return routed

    def _texts(self, batch: RecordBatch) -> list[str]:
        """The time of each record, written as configured."""
        if batch.timestamps is None or None in batch.timestamps:
            missing = 0 if batch.timestamps is None else batch.timestamps.index(None)
            raise DataException(f"Timestamp missing on record: {_record_text(batch.record(missing))}")
        return self._formatter().format_all(cast("list[int]", batch.timestamps))

    def _formatter(self) -> SimpleDateFormat:
        """A bad pattern is found with the first record, as in Java."""
        if self._format is None:
            try:
                self._format = SimpleDateFormat(self._timestamp_format)
            except ValueError as error:
                raise DataException(f"{error} in timestamp.format {self._timestamp_format}") from None
        return self._format


def _record_text(record: ConnectRecord) -> str:
    """A record as Java's texts show it."""
    headers = ", ".join(
        f"ConnectHeader(key={h.key}, value={to_java_string(h.value, h.schema)}, schema={_text(h.schema)})"
        for h in record.headers
    )
    common = (
        f"ConnectRecord{{topic='{_text(record.topic)}', kafkaPartition={_text(record.partition)}, "
        f"key={to_java_string(record.key, record.key_schema)}, keySchema={_text(record.key_schema)}, "
        f"value={to_java_string(record.value, record.value_schema)}, valueSchema={_text(record.value_schema)}, "
        f"timestamp={_text(record.timestamp)}, headers=ConnectHeaders(headers=[{headers}])}}"
    )
    if isinstance(record, SourceRecord):
        partition, offset = to_java_string(record.source_partition), to_java_string(record.source_offset)
        return f"SourceRecord{{sourcePartition={partition}, sourceOffset={offset}}} {common}"
    assert isinstance(record, SinkRecord)
    return (
        f"SinkRecord{{kafkaOffset={record.offset}, timestampType={record.timestamp_type.value}, "
        f"originalTopic={_text(record.original_topic)}, originalKafkaPartition={_text(record.original_partition)}, "
        f"originalKafkaOffset={record.original_offset}}} {common}"
    )


def _text(value: object) -> str:
    return "null" if value is None else str(value)
