"""``connect top`` from statuses and metrics."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from connect.cli import client as client_module
from connect.cli.client import EXIT_UNREACHABLE, CommandFailed
from connect.cli.commands.top import Reading
from connect.cli.main import cli
from connect.cli.metrics_text import parse_metrics

METRICS = """\
# TYPE kafka_connect_source_task_metrics_source_record_write_total gauge
kafka_connect_source_task_metrics_source_record_write_total{connector="a \\"b\\"",task="0"} 12.0
kafka_connect_source_task_metrics_source_record_write_rate{connector="a \\"b\\"",task="0"} 3.5
kafka_connect_task_error_metrics_total_record_errors{connector="a \\"b\\"",task="0"} 1
not a figure
"""


def test_figures_keep_their_tags() -> None:
    found = parse_metrics(METRICS)
    name = "kafka_connect_source_task_metrics_source_record_write_total"
    assert found[name] == [({"connector": 'a "b"', "task": "0"}, 12.0)]
    assert len(found) == 3


def test_rates_are_those_since_the_last_look() -> None:
    before = Reading(10.0, {("a", 0): 100.0}, {("a", 0): 7.0}, {})
    now = Reading(12.0, {("a", 0): 150.0, ("b", 0): 9.0}, {("a", 0): 7.0}, {})
    assert now.rates_since(before) == {("a", 0): 25.0}
    assert now.rates_since(None) == {("a", 0): 7.0}


def test_a_worker_that_cannot_be_asked_leaves_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal it is shown once."""
    tasks = [{"id": 0, "state": "RUNNING", "worker_id": "one:1"}, {"id": 1, "state": "FAILED", "worker_id": "two:2"}]
    status = {"name": 'a "b"', "connector": {"state": "RUNNING", "worker_id": "one:1"}, "tasks": tasks}

    def get(self: Any, path: str, **query: Any) -> Any:
        return {'a "b"': {"status": {**status, "type": "source"}}}

    def text(self: Any, path: str) -> str:
        if "two" in self.url:
            raise CommandFailed("away", EXIT_UNREACHABLE)
        return METRICS

    monkeypatch.setattr(client_module.ConnectClient, "get", get)
    monkeypatch.setattr(client_module.ConnectClient, "text", text)
    answer = CliRunner().invoke(cli, ["top", "--url", "http://one:1", "-o", "json"])
    assert answer.exit_code == 0
    shown = [(row["task"], row["state"], row["records/s"], row["errors"]) for row in json.loads(answer.output)]
    assert shown == [(None, "RUNNING", 4, 1), (0, "RUNNING", 4, 1), (1, "FAILED", None, None)]
