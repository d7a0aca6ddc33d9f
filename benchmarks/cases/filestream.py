"""File sources and sinks: what both workers bring along, so that they always run side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import bare, data
from benchmarks.case import Case, Life, Setting, Side
from benchmarks.cases.copying import fresh_name, into_topic, until
from benchmarks.cases.names import JSON, STRING, TRANSFORMS
from benchmarks.figures import Figures
from benchmarks.subjects import Subject

_STRINGS = {"key.converter": STRING, "value.converter": STRING}
_CHAIN = {
    "transforms": "hoist,insert,route",
    "transforms.hoist.type": f"{TRANSFORMS}.HoistField$Value",
    "transforms.hoist.field": "line",
    "transforms.insert.type": f"{TRANSFORMS}.InsertField$Value",
    "transforms.insert.static.field": "source",
    "transforms.insert.static.value": "benchmark",
    "transforms.route.type": f"{TRANSFORMS}.RegexRouter",
    "transforms.route.regex": "(.*)-in",
    "transforms.route.replacement": "$1",
    "value.converter": JSON,
}
_PARTITIONS = 4
_ERROR_HANDLING = {
    "errors.tolerance": "all",
    "errors.retry.timeout": "60000",
    "errors.log.enable": "true",
    "errors.deadletterqueue.topic.name": "bench-letters",
    "errors.deadletterqueue.topic.replication.factor": "1",
    "errors.deadletterqueue.context.headers.enable": "true",
}
_EXACTLY_ONCE = {"exactly.once.source.support": "enabled"}


def source_to_topic(
    subject: Subject, setting: Setting, extra: Mapping[str, str], suffix: str = "", *, transactions: bool = False
) -> Figures:
    """A file → topic; a suffix that a transformation takes away again."""
    topic = fresh_name()
    config = {"connector.class": "FileStreamSource", "file": str(setting.lines), "topic": f"{topic}{suffix}"}
    return into_topic(subject, setting, {**config, **extra}, topic, transactions=transactions)


def source(subject: Subject, setting: Setting) -> Figures:
    """FileStreamSource → topic: lines of 107 bytes as strings."""
    return source_to_topic(subject, setting, _STRINGS)


def source_chain(subject: Subject, setting: Setting) -> Figures:
    """FileStreamSource → HoistField, InsertField, RegexRouter → topic, as JSON without schemas."""
    return source_to_topic(subject, setting, {**_CHAIN, "value.converter.schemas.enable": "false"}, suffix="-in")


def source_errors(subject: Subject, setting: Setting) -> Figures:
    """filestream-source-chain with errors tolerated, retried and logged; ours with a dead letter queue, too.

    Metrics are always on, and so is a process per task. Java Connect has no dead letter queue for sources.
    """
    extra = {**_CHAIN, "value.converter.schemas.enable": "false", **_ERROR_HANDLING}
    return source_to_topic(subject, setting, extra, suffix="-in")


def transactions_by_poll(subject: Subject, setting: Setting) -> Figures:
    """FileStreamSource → topic, exactly once: lines as strings, a transaction per poll, which is 2,000 lines."""
    return source_to_topic(subject, setting, {**_STRINGS, "transaction.boundary": "poll"}, transactions=True)


def transactions_by_interval(subject: Subject, setting: Setting) -> Figures:
    """FileStreamSource → topic, exactly once: lines as strings, a transaction every half second."""
    extra = {"transaction.boundary": "interval", "transaction.boundary.interval.ms": "500"}
    return source_to_topic(subject, setting, {**_STRINGS, **extra}, transactions=True)


def source_envelope(subject: Subject, setting: Setting) -> Figures:
    """JSON with schema: FileStreamSource → the same three → topic, structs with their schema in each message."""
    return source_to_topic(subject, setting, {**_CHAIN, "value.converter.schemas.enable": "true"}, suffix="-in")


def _filled(setting: Setting, partitions: int) -> str:
    """A topic with the lines, made once for all runs of a case."""
    name = f"lines-{partitions}"
    if name not in setting.topics:
        topic = setting.topics[name] = fresh_name()
        servers = setting.broker.bootstrap_servers
        data.create_topic(servers, topic, partitions)
        with setting.lines.open("rb") as file:
            data.fill_topic(servers, topic, (line.rstrip(b"\n") for line in file), partitions)
        setting.stack.callback(data.delete_topic, servers, topic)
    return setting.topics[name]


def _to_file(subject: Subject, setting: Setting, partitions: int, tasks: int) -> Figures:
    topic, name = _filled(setting, partitions), fresh_name()
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        target = Path(folder) / "out.txt"
        config = {"connector.class": "FileStreamSink", "file": str(target), "topics": topic, "tasks.max": str(tasks)}
        figures = until(
            subject,
            setting.records,
            setting.lines.stat().st_size,
            data.SizeOf(target),
            lambda: subject.create(name, {**config, **_STRINGS}),
        )
        subject.delete(name)
    if setting.at_end is not None:
        setting.at_end(topic)
    return figures


def sink(subject: Subject, setting: Setting) -> Figures:
    """topic → FileStreamSink: from the creation of the connector until the file holds every line."""
    return _to_file(subject, setting, 1, 1)


def tasks_1(subject: Subject, setting: Setting) -> Figures:
    """A topic of four partitions → FileStreamSink by one task."""
    return _to_file(subject, setting, _PARTITIONS, 1)


def tasks_2(subject: Subject, setting: Setting) -> Figures:
    """The same by two tasks."""
    return _to_file(subject, setting, _PARTITIONS, 2)


def tasks_4(subject: Subject, setting: Setting) -> Figures:
    """The same by four tasks."""
    return _to_file(subject, setting, _PARTITIONS, 4)


def bare_producer(subject: Subject, setting: Setting) -> Figures:
    """A client alone writes the lines of filestream-source to a topic: no worker takes part."""
    return _alone(setting)[bare.PRODUCER]


def bare_consumer(subject: Subject, setting: Setting) -> Figures:
    """A client alone reads the topic of filestream-sink: no worker takes part."""
    return bare.consumer(setting, _filled(setting, 1))[bare.CONSUMER]


def _alone(setting: Setting) -> dict[str, Figures]:
    return bare.producer(setting, _filled(setting, 1))


_SOURCE_BOUND = (
    "The task's one Python thread reads, converts and hands over; librdkafka's threads batch and send beside it."
)
CASES = (
    Case("filestream-source", source, 1_000_000, limits=(bare.producer,), bound=_SOURCE_BOUND),
    Case("filestream-source-chain", source_chain, 600_000, limits=(bare.producer,), bound=_SOURCE_BOUND),
    Case("filestream-source-errors", source_errors, 600_000, limits=(bare.producer,), bound=_SOURCE_BOUND),
    Case(
        "filestream-source-transactions-poll",
        transactions_by_poll,
        600_000,
        worker=_EXACTLY_ONCE,
        bound="A transaction's beginning and end are round trips to the broker, for which the task waits.",
    ),
    Case(
        "filestream-source-transactions-interval",
        transactions_by_interval,
        600_000,
        worker=_EXACTLY_ONCE,
        bound=_SOURCE_BOUND,
    ),
    Case("json-with-schema", source_envelope, 600_000, limits=(bare.producer,), bound=_SOURCE_BOUND),
    Case("filestream-sink", sink, 1_000_000, limits=(bare.consumer,)),
    Case("tasks-1", tasks_1, 400_000),
    Case("tasks-2", tasks_2, 400_000, bound="Two tasks, librdkafka and the broker share the processors."),
    Case("tasks-4", tasks_4, 400_000, bound="More tasks than processors can only take turns."),
    Case("bare-producer", bare_producer, 200_000, life=Life.OWN, side=Side.NEVER),
    Case("bare-consumer", bare_consumer, 1_000_000, life=Life.OWN, side=Side.NEVER),
)
