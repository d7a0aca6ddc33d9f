"""A source whose poll doesn't come back: its offsets are committed in time, and when it is stopped."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import requests

from tests.services import ConnectWorker
from tests.waiting import wait_until

PLUGINS = Path(__file__).parent / "plugins"
STORED = {"offsets": [{"partition": {"p": 0}, "offset": {"o": 1}}]}


def _create(worker: ConnectWorker, name: str, commits: Path) -> None:
    converter = "org.apache.kafka.connect.storage.StringConverter"
    config = {"connector.class": "waiting.WaitingSource", "topic": f"waiting-{uuid.uuid4()}", "commits": str(commits)}
    worker.create(name, {**config, "value.converter": converter})
    wait_until(lambda: worker.states(name) == ["RUNNING", "RUNNING"])


def test_offsets_are_committed_every_interval(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    commits = tmp_path / "commits"
    worker = connect_worker({"offset.flush.interval.ms": "500"}, python_path=[PLUGINS])
    _create(worker, "waiting", commits)
    wait_until(lambda: worker.get("/connectors/waiting/offsets") == STORED)
    wait_until(lambda: commits.exists() and commits.read_text().count("told") >= 3)
    metrics = requests.get(f"{worker.url}/metrics", timeout=30).text
    assert 'kafka_connect_connector_task_metrics_offset_commit_success_percentage{connector="waiting",task="0"} 1' in (
        metrics
    )


def test_offsets_are_committed_before_a_task_is_killed(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path
) -> None:
    worker = connect_worker(
        {"offset.flush.interval.ms": "3600000", "task.shutdown.graceful.timeout.ms": "2000"}, python_path=[PLUGINS]
    )
    _create(worker, "waiting", tmp_path / "commits")
    assert requests.put(f"{worker.url}/connectors/waiting/stop", timeout=60).status_code == 204
    wait_until(lambda: worker.states("waiting") == ["STOPPED"])
    wait_until(lambda: worker.get("/connectors/waiting/offsets") == STORED)
