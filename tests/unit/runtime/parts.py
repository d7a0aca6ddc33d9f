"""Small plugins and surroundings from which the tests build tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from connect.api import (
    NULL,
    ConnectRecord,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Predicate,
    RecordBatch,
    RecordMetadata,
    Schema,
    SchemaAndValue,
    SinkRecord,
    SinkTask,
    SourceRecord,
    SourceTask,
    TopicPartition,
    Transformation,
)
from connect.api.batch import source_batches
from connect.runtime.conversion import Converters
from connect.runtime.errors.tolerance import ErrorPolicy, ErrorReporter, Failure, ToleranceOperator
from connect.runtime.ids import State
from connect.runtime.progress import Progress


class TextConverter(Converter, HeaderConverter):
    """UTF-8 text; refuses text that begins with ``bad``."""

    def configure(self, config: Mapping[str, Any], is_key: bool) -> None: ...

    def configure_header(self, config: Mapping[str, Any]) -> None: ...

    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        if isinstance(value, str) and value.startswith("bad"):
            raise DataException(f"can't convert {value}")
        return None if value is None else str(value).encode()

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        if data is not None and data.startswith(b"bad"):
            raise DataException(f"can't read {data!r}")
        return NULL if data is None else SchemaAndValue(None, data.decode())

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        return self.from_connect_data(topic, schema, value)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        return self.to_connect_data(topic, data)


def text_converters() -> Converters:
    converter = TextConverter()
    return Converters(converter, converter, converter, "Text", "Text", "Text")


class Change(Transformation):
    """Applies a function to each value; drops records for which it gives None."""

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self._change = change

    def apply(self, record: Any) -> Any:
        value = self._change(record.value)
        return None if value is None else record.replace(value=value)


class Holds(Predicate):
    """True where a function of the value is."""

    def __init__(self, condition: Callable[[Any], bool]) -> None:
        self._condition = condition

    def test(self, record: ConnectRecord) -> bool:
        return self._condition(record.value)


class CollectingReporter:
    """Keeps failures."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []

    def report(self, failure: Failure) -> None:
        self.failures.append(failure)


def operator(
    *reporters: ErrorReporter, wait: Callable[[float], bool] = lambda _: False, **policy: Any
) -> ToleranceOperator:
    return ToleranceOperator(ErrorPolicy(**policy), reporters, Progress(), wait)


def record(value: Any, position: int = 0, topic: str = "t", partition: str = "p", **attributes: Any) -> SourceRecord:
    return SourceRecord({"from": partition}, {"at": position}, topic, value=value, **attributes)


def batch_of(*values: Any, **attributes: Any) -> RecordBatch:
    return source_batches([record(value, position, **attributes) for position, value in enumerate(values)])[0]


class ScriptedSource(SourceTask):
    """Gives out prepared polls, then has the test's ``when_done`` called."""

    def __init__(self, polls: Iterable[Any], when_done: Callable[[], None]) -> None:
        self._polls = iter(polls)
        self._when_done = when_done
        self.calls: list[str] = []

    def start(self, config: Mapping[str, str]) -> None:
        self.calls.append("start")

    def poll(self) -> Sequence[SourceRecord] | None:
        for item in self._polls:
            if isinstance(item, Exception):
                raise item
            return item() if callable(item) else item
        self._when_done()
        return None

    def commit(self) -> None:
        self.calls.append("commit")

    def stop(self) -> None:
        self.calls.append("stop")


class AcknowledgedSource(ScriptedSource):
    """Wants to hear of every record."""

    def __init__(self, polls: Iterable[Any], when_done: Callable[[], None]) -> None:
        super().__init__(polls, when_done)
        self.acknowledged: list[tuple[Any, int | None]] = []

    def commit_record(self, record: SourceRecord, metadata: RecordMetadata | None) -> None:
        self.acknowledged.append((record.value, None if metadata is None else metadata.offset))


class ScriptedSink(SinkTask):
    """Remembers what it is given; ``on_put`` may raise."""

    def __init__(self, on_put: Callable[[list[SinkRecord]], None] = lambda _: None) -> None:
        self._on_put = on_put
        self.values: list[Any] = []
        self.calls: list[str] = []
        self.put_something = threading.Event()

    def start(self, config: Mapping[str, str]) -> None:
        self.calls.append("start")

    def open(self, partitions: Iterable[TopicPartition]) -> None:
        self.calls.append(f"open {sorted(partitions)}")

    def put(self, records: Sequence[SinkRecord]) -> None:
        self._on_put(list(records))
        self.values += [record.value for record in records]
        if records:
            self.put_something.set()

    def flush(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.calls.append(f"flush {dict(offsets)}")

    def close(self, partitions: Iterable[TopicPartition]) -> None:
        self.calls.append(f"close {sorted(partitions)}")

    def stop(self) -> None:
        self.calls.append("stop")


class States:
    """Keeps what a task reports."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.topics: list[str] = []
        self.changed = threading.Condition()

    def report_state(self, state: State, trace: str | None = None) -> None:
        with self.changed:
            self.states.append(state)
            self.changed.notify_all()

    def report_topics(self, topics: Sequence[str]) -> None:
        self.topics += topics

    def wait_for(self, state: State) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: bool(self.states) and self.states[-1] is state, 10)


class StoredOffsets:
    """Source offsets in memory; ``fail`` makes the next stores fail."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}
        self.failures: list[Exception] = []

    def load(self, partitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
        return [self.stored.get(partition["from"]) for partition in partitions]

    def store(self, offsets: Sequence[tuple[Mapping[str, Any], Any]], timeout: float) -> None:
        if self.failures:
            raise self.failures.pop()
        self.stored |= {partition["from"]: offset for partition, offset in offsets}

    def store_in_worker(self, offsets: Sequence[tuple[Mapping[str, Any], Any]], timeout: float) -> None:
        self.store(offsets, timeout)

    def mirror(self, offsets: Sequence[tuple[Mapping[str, Any], Any]]) -> None:
        self.store(offsets, 0)

    def fence(self) -> AbstractContextManager[None]:
        return nullcontext()
