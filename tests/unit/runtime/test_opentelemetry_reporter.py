"""Metrics as they reach a collector of OpenTelemetry: here a small HTTP server that decodes what it is sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from connect.api import ConfigException, ConnectException
from connect.api.metrics_reporter import Metric
from connect.runtime.metrics.opentelemetry_reporter import OpenTelemetryReporter

METRICS = [
    Metric("connect-worker-metrics", "task-count", 2, {}),
    Metric("source-task-metrics", "source-record-write-total", 5.0, {"connector": "a", "task": "0"}),
    Metric("source-task-metrics", "source-record-write-total", 7.0, {"connector": "a", "task": "1"}),
    Metric("connector-metrics", "status", "running", {"connector": "a"}),
]


class Collector(ThreadingHTTPServer):
    """Keeps the requests that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[ExportMetricsServiceRequest] = []
        self.received = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.requests.append(ExportMetricsServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.received.set()

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()
        thread.join()


def test_metrics_arrive_with_their_kinds_and_attributes(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", "10")
    reporter = OpenTelemetryReporter()
    reporter.configure({})
    reporter.start("host:8083", lambda: METRICS)
    assert collector.received.wait(30)
    reporter.close()
    [resource] = collector.requests[0].resource_metrics
    attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert attributes["service.name"] == "kafka-connect-worker"
    assert attributes["service.instance.id"] == "host:8083"
    found = {metric.name: metric for metric in resource.scope_metrics[0].metrics}
    assert [point.as_int for point in found["kafka_connect_connect_worker_metrics_task_count"].gauge.data_points] == [2]
    written = found["kafka_connect_source_task_metrics_source_record_write_total"].sum
    assert written.is_monotonic
    assert [point.as_double for point in written.data_points] == [5.0, 7.0]
    assert {each.key: each.value.string_value for each in written.data_points[1].attributes} == {
        "connector": "a",
        "task": "1",
    }
    [status] = found["kafka_connect_connector_metrics_status"].gauge.data_points
    assert {each.key: each.value.string_value for each in status.attributes} == {"connector": "a", "status": "running"}


def test_the_end_of_the_worker_is_sent_too(collector: Collector) -> None:
    reporter = OpenTelemetryReporter()
    reporter.configure({})
    reporter.start("w", lambda: METRICS)
    reporter.close()
    assert len(collector.requests) == 1


def test_a_worker_that_is_gone_is_no_trouble(collector: Collector) -> None:
    def collect() -> list[Metric]:
        raise ConnectException("gone")

    reporter = OpenTelemetryReporter()
    reporter.configure({})
    reporter.start("w", collect)
    reporter.close()
    assert collector.requests == []


@pytest.mark.parametrize("interval", ["soon", "0", "-1"])
def test_an_interval_that_is_none_is_refused(interval: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_METRIC_EXPORT_INTERVAL", interval)
    with pytest.raises(ConfigException, match="OTEL_METRIC_EXPORT_INTERVAL"):
        OpenTelemetryReporter().configure({})
