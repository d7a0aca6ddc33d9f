"""Metrics for OpenTelemetry, sent by OTLP over HTTP (extra ``otel``).

Where to, how often and with which headers is said as everywhere with OpenTelemetry, by its environment variables
(https://opentelemetry.io/docs/specs/otel/protocol/exporter/): ``OTEL_EXPORTER_OTLP_ENDPOINT``,
``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_METRIC_EXPORT_INTERVAL``, ``OTEL_SERVICE_NAME``, ``OTEL_RESOURCE_ATTRIBUTES``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Metric as ExportedMetric
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from connect.api import ConfigException, ConnectException
from connect.api.metrics_reporter import Collect, Metric, MetricsReporter, plain_name

log = logging.getLogger(__name__)

_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
_INTERVAL_MS = "60000"
_SERVICE = "kafka-connect-worker"
_CLOSE_SECONDS = 5.0


class OpenTelemetryReporter(MetricsReporter):
    """Sends all metrics once per interval, and once more when the worker ends."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._started_ns = time.time_ns()
        self._failing = False

    def configure(self, properties: Mapping[str, str]) -> None:
        """Read the environment. Raises ConfigException for an interval that is none."""
        text = os.environ.get(_INTERVAL, _INTERVAL_MS)
        if not text.isdecimal() or int(text) == 0:
            raise ConfigException(_INTERVAL, text, "it must be a number of milliseconds, such as 60000")
        self._seconds = int(text) / 1000
        self._exporter = OTLPMetricExporter()

    def start(self, worker_id: str, collect: Collect) -> None:
        """Begin to send."""
        self._collect = collect
        attributes = {"service.instance.id": worker_id}
        if "OTEL_SERVICE_NAME" not in os.environ:
            attributes["service.name"] = _SERVICE
        self._resource = Resource.create(attributes)
        self._thread = threading.Thread(target=self._send_forever, name="opentelemetry-reporter", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send a last time and end."""
        self._ended.set()
        self._thread.join(_CLOSE_SECONDS)
        self._exporter.shutdown(timeout_millis=_CLOSE_SECONDS * 1000)

    def _send_forever(self) -> None:
        while not self._ended.wait(self._seconds):
            self._send()
        self._send()

    def _send(self) -> None:
        try:
            sent = self._exporter.export(self._data(self._collect())) is MetricExportResult.SUCCESS
        except ConnectException as error:
            log.info("No metrics are sent: %s", error)
            return
        if sent == self._failing:
            log.log(
                logging.INFO if sent else logging.WARNING,
                "Metrics %s OpenTelemetry's collector.",
                "reach" if sent else "do not reach",
            )
            self._failing = not sent

    def _data(self, metrics: Iterable[Metric]) -> MetricsData:
        scope = ScopeMetrics(
            scope=InstrumentationScope("connect"), metrics=_exported(metrics, self._started_ns), schema_url=""
        )
        resource = ResourceMetrics(resource=self._resource, scope_metrics=[scope], schema_url="")
        return MetricsData(resource_metrics=[resource])


def _exported(metrics: Iterable[Metric], started_ns: int) -> list[ExportedMetric]:
    """The metrics of one name together; a text is an attribute on a point of value 1."""
    now = time.time_ns()
    points: dict[str, list[NumberDataPoint]] = {}
    counters = set()
    for metric in metrics:
        attributes = {plain_name(tag): text for tag, text in metric.tags.items()}
        value = metric.value
        if isinstance(value, str):
            attributes[plain_name(metric.attribute)] = value
            value = 1
        if metric.is_counter:
            counters.add(metric.name)
        points.setdefault(metric.name, []).append(NumberDataPoint(attributes, started_ns, now, value))
    return [
        ExportedMetric(
            name=name,
            description="",
            unit="",
            data=Sum(found, AggregationTemporality.CUMULATIVE, is_monotonic=True) if name in counters else Gauge(found),
        )
        for name, found in points.items()
    ]
