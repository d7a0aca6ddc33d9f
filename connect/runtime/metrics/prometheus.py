"""Metrics as Prometheus reads them: ``kafka_connect_<group>_<attribute>{tags} value``.

A text, such as a status, is a label of its attribute's name on a sample of value 1.

Dashboards made for the JMX exporter know one of two sets of names: these, which are the exporter's own, or the
short ones that its example rules for Kafka Connect make, which Strimzi and Debezium took over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from connect.api.metrics_reporter import Metric, plain_name

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


_SHORT = {
    ("connect-worker-metrics", False): "worker",
    ("connect-worker-rebalance-metrics", False): "worker_rebalance",
}
"""Groups whose short name isn't their own without ``-metrics``; whether they are tagged with a connector."""


def render(metrics: Iterable[Metric], *, short: bool = False) -> str:
    """The text, samples of one name together. ``short``: under the names of the JMX exporter's example rules."""
    by_name: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for metric in metrics:
        name = _short_name(metric) if short else metric.name
        kinds[name] = "counter" if metric.is_counter else "gauge"
        by_name.setdefault(name, []).append(_sample(name, metric))
    lines = []
    for name, samples in by_name.items():
        lines += [f"# TYPE {name} {kinds[name]}", *samples]
    return "\n".join(lines) + "\n"


def _short_name(metric: Metric) -> str:
    if metric.group == "connector-task-metrics" and metric.attribute == "status":
        return "kafka_connect_connector_status"
    group = _SHORT.get((metric.group, "connector" in metric.tags)) or plain_name(metric.group.removesuffix("-metrics"))
    return f"kafka_connect_{group}_{plain_name(metric.attribute)}"


def _sample(name: str, metric: Metric) -> str:
    tags = {plain_name(tag): text for tag, text in metric.tags.items()}
    value = metric.value
    if isinstance(value, str):
        tags[plain_name(metric.attribute)] = value
        value = 1
    labels = ",".join(f'{tag}="{_escape(text)}"' for tag, text in tags.items())
    return f"{name}{{{labels}}} {_number(value)}" if labels else f"{name} {_number(value)}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
