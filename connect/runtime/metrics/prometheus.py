"""Metrics as Prometheus reads them: ``kafka_connect_<group>_<attribute>{tags} value``.

A text, such as a status, is a label of its attribute's name on a sample of value 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from connect.api.metrics_reporter import Metric, plain_name

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render(metrics: Iterable[Metric]) -> str:
    """The text, samples of one name together."""
    by_name: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    for metric in metrics:
        name = metric.name
        kinds[name] = "counter" if metric.is_counter else "gauge"
        by_name.setdefault(name, []).append(_sample(name, metric))
    lines = []
    for name, samples in by_name.items():
        lines += [f"# TYPE {name} {kinds[name]}", *samples]
    return "\n".join(lines) + "\n"


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
