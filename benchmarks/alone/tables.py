"""Classes by themselves: on batches of 1,000 records, on one processor, the best of many runs; no worker takes part."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.alone import (
    converters,
    elasticsearch_task,
    plugin_listing,
    registry_converters,
    syslog_parsers,
    transformations,
)
from benchmarks.case import Measured, Table

_BATCH = 1000
_TASK_RECORDS_PER_SECOND = 1_000_000
"""How many records the Elasticsearch task is given, per second that a line is to take."""


def _transformations(only: str, seconds: float, java: bool) -> list[Measured]:
    """Single transformations, and chains of them between JSON and JSON. Java's side needs a javac."""
    return list(transformations.measure_all((only,), _BATCH, seconds, with_java=java and _has_compiler()))


def _converters(only: str, seconds: float, java: bool) -> list[Measured]:
    """The converters that need no registry. Java's side needs a javac."""
    return converters.measure_all(_BATCH, seconds, with_java=java and _has_compiler())


def _registry_converters(only: str, seconds: float, java: bool) -> list[Measured]:
    """Avro, JSON Schema and Protobuf, beside fastavro alone."""
    return registry_converters.measure_all(_BATCH, seconds)


def _syslog_parsers(only: str, seconds: float, java: bool) -> list[Measured]:
    """The syslog parser beside other libraries."""
    return syslog_parsers.measure_all(_BATCH, seconds)


def _elasticsearch_task(only: str, seconds: float, java: bool) -> list[Measured]:
    """The Elasticsearch sink's task in several configurations: CPU time per record, requests included."""
    return elasticsearch_task.measure_all(int(_TASK_RECORDS_PER_SECOND * seconds))


def _plugin_listing(only: str, seconds: float, java: bool) -> list[Measured]:
    """A hundred plugins in folders of plugin.path."""
    return plugin_listing.measure_all()


def _has_compiler() -> bool:
    return shutil.which("javac") is not None


@contextmanager
def _one_processor() -> Iterator[None]:
    """For all that runs meanwhile; the collector's settings that a table makes end with it, too."""
    allowed, threshold = os.sched_getaffinity(0), gc.get_threshold()
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        gc.set_threshold(*threshold)


def _table(name: str, measure: Callable[[str, float, bool], list[Measured]]) -> Table:
    def measured(only: str, seconds: float, java: bool) -> list[Measured]:
        with _one_processor():
            return [line for line in measure(only, seconds, java) if line.name.startswith(only)]

    measured.__doc__ = f"{measure.__doc__} Microseconds per record."
    return Table(name, measured)


TABLES = (
    _table("transformations", _transformations),
    _table("converters", _converters),
    _table("registry-converters", _registry_converters),
    _table("syslog-parsers", _syslog_parsers),
    _table("elasticsearch-task", _elasticsearch_task),
    _table("plugin-listing", _plugin_listing),
)
