"""What a worker tells of itself in numbers: collected for those who ask, and for ``metric.reporters``."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError

from connect.api import ConfigException, ConnectException, NotFoundException
from connect.api.metrics_reporter import Metric, MetricsReporter
from connect.herder.herder import Herder
from connect.runtime.metrics.worker_metrics import ConnectorFacts

log = logging.getLogger(__name__)

KEY = "metric.reporters"
_BUILTIN = {"OpenTelemetryReporter": "connect.runtime.metrics.opentelemetry_reporter.OpenTelemetryReporter"}
_JMX = "JmxReporter"
_COLLECT_SECONDS = 10.0


def collect_metrics(herder: Herder) -> list[Metric]:
    """All metrics of this worker, now. Connectors and tasks of other workers have their metrics there."""
    worker = herder.worker
    return worker.metrics.collect(worker.tasks, _connectors(herder))


def _connectors(herder: Herder) -> dict[str, ConnectorFacts]:
    """The connectors whose instance is on this worker."""
    found = {}
    for name in herder.connectors():
        try:
            shown = herder.connector_status(name)
            config = herder.connector_config(name)
        except NotFoundException:  # it has no status yet, or was deleted just now
            continue
        if shown["connector"]["worker_id"] == herder.worker_id:
            found[name] = ConnectorFacts(
                shown["connector"]["state"],
                shown["type"],
                str(config.get("connector.class")),
                shown["connector"].get("version") or "",
            )
    return found


def load_reporters(properties: Mapping[str, str]) -> list[MetricsReporter]:
    """The reporters of a worker, configured. Raises ConfigException.

    Java's own classes can't run here and don't keep a worker from being taken over: they are left out with a warning.
    """
    names = dict.fromkeys(name.strip() for name in properties.get(KEY, "").split(",") if name.strip())
    reporters = [reporter for name in names if (reporter := _load(name)) is not None]
    for reporter in reporters:
        reporter.configure(properties)
    return reporters


def _load(name: str) -> MetricsReporter | None:
    simple = name.rsplit(".", 1)[-1]
    if simple == _JMX:
        return None  # the default in Java; the same metrics are at /metrics
    module, _, attribute = _BUILTIN.get(simple, name).rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError, AttributeError) as error:
        if simple in _BUILTIN:
            raise ConfigException(KEY, name, f"it can't be loaded: {error}") from error
        log.warning("%s=%s: no such class of Python, so it is left out; the metrics are at /metrics.", KEY, name)
        return None
    if not (isinstance(found, type) and issubclass(found, MetricsReporter)):
        raise ConfigException(KEY, name, "it is no MetricsReporter")
    return found()


class RunningReporters:
    """The reporters of a running worker. Made on its event loop."""

    def __init__(self, reporters: Sequence[MetricsReporter], herder: Herder) -> None:
        self._reporters = reporters
        self._herder = herder
        self._loop = asyncio.get_running_loop()
        for reporter in reporters:
            reporter.start(herder.worker_id, self._collect)

    def _collect(self) -> Sequence[Metric]:
        """Called in a reporter's thread; what is collected belongs to the event loop."""

        async def collect() -> list[Metric]:
            return collect_metrics(self._herder)

        try:
            return asyncio.run_coroutine_threadsafe(collect(), self._loop).result(_COLLECT_SECONDS)
        except (RuntimeError, TimeoutError, CancelledError) as error:
            raise ConnectException("The worker tells no metrics any more: it is about to end") from error

    async def close(self) -> None:
        """Close all of them."""
        for reporter in self._reporters:
            await asyncio.to_thread(reporter.close)
