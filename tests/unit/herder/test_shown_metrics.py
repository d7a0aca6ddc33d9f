"""Reporters of metrics: which are loaded, and what they may ask."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import pytest

from connect.api import ConfigException
from connect.api.metrics_reporter import Collect, MetricsReporter
from connect.herder.shown_metrics import load_reporters
from connect.runtime.metrics.opentelemetry_reporter import OpenTelemetryReporter


class Listening(MetricsReporter):
    def configure(self, properties: Mapping[str, str]) -> None:
        self.properties = properties

    def start(self, worker_id: str, collect: Collect) -> None:
        self.worker_id = worker_id


def test_reporters_are_loaded_and_configured() -> None:
    properties = {"metric.reporters": f"{__name__}.Listening, org.apache.kafka.common.metrics.JmxReporter"}
    [reporter] = load_reporters(properties)
    assert isinstance(reporter, Listening)
    assert reporter.properties == properties


def test_ours_has_a_short_name() -> None:
    [reporter] = load_reporters({"metric.reporters": "OpenTelemetryReporter"})
    assert isinstance(reporter, OpenTelemetryReporter)


def test_those_of_java_are_left_out_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert load_reporters({"metric.reporters": "com.example.StatsdReporter"}) == []
    assert "metric.reporters=com.example.StatsdReporter: no such class of Python" in caplog.text


def test_other_classes_are_refused() -> None:
    with pytest.raises(ConfigException, match="it is no MetricsReporter"):
        load_reporters({"metric.reporters": "collections.OrderedDict"})
