"""A distributed worker through REST: its state lives in Kafka and survives it."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from tests.services import ConnectWorker
from tests.waiting import wait_until

FAULTY = Path(__file__).parent / "plugins"


def file_source(path: Path, topic: str) -> dict[str, str]:
    return {"connector.class": "FileStreamSource", "file": str(path), "topic": topic, "tasks.max": "1"}


def test_connectors_survive_the_worker(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text("a\n")
    worker = connect_worker()
    worker.create("src", file_source(source, f"t-{uuid.uuid4()}"))
    wait_until(lambda: worker.states("src") == ["RUNNING", "RUNNING"])
    worker.restart()
    wait_until(lambda: worker.states("src") == ["RUNNING", "RUNNING"])
    assert worker.get("/connectors/src/config") == {
        "name": "src",
        **file_source(source, worker.get("/connectors/src/config")["topic"]),
    }
    assert requests.delete(f"{worker.url}/connectors/src", timeout=30).status_code == 204
    worker.restart()
    assert worker.get("/connectors") == []


def test_a_changed_configuration_restarts_the_tasks(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path
) -> None:
    first, second, out = tmp_path / "1.txt", tmp_path / "2.txt", tmp_path / "out.txt"
    first.write_text("one\n")
    second.write_text("two\n")
    topic = f"t-{uuid.uuid4()}"
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    worker.create("src", file_source(first, topic))
    worker.create(topic, {"connector.class": "FileStreamSink", "file": str(out), "topics": topic})
    wait_until(lambda: out.exists() and out.read_text() == "one\n")
    changed = requests.put(f"{worker.url}/connectors/src/config", json=file_source(second, topic), timeout=30)
    assert changed.status_code == 200
    wait_until(lambda: out.read_text() == "one\ntwo\n")


def test_pause_stop_and_resume(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    worker = connect_worker()
    worker.create("src", file_source(tmp_path / "none", "t"))
    wait_until(lambda: worker.states("src") == ["RUNNING", "RUNNING"])
    for action, expected in (
        ("pause", ["PAUSED", "PAUSED"]),
        ("stop", ["STOPPED"]),
        ("resume", ["RUNNING", "RUNNING"]),
    ):
        assert requests.put(f"{worker.url}/connectors/src/{action}", timeout=30).ok
        wait_until(lambda expected=expected: worker.states("src") == expected)


def test_sigterm_ends_the_worker_and_all_its_processes(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path
) -> None:
    worker = connect_worker()
    worker.create("src", file_source(tmp_path / "none", "t"))
    wait_until(lambda: worker.states("src") == ["RUNNING", "RUNNING"])
    family = psutil.Process(worker.pid).children(recursive=True)
    assert len(family) >= 3  # the fork server, the connectors' host, a task
    worker.stop()
    assert "Kafka Connect worker stopped" in worker.log()
    assert not any(child.is_running() for child in family)


def test_kill_9_leaves_no_process_behind(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    worker = connect_worker()
    worker.create("src", file_source(tmp_path / "none", "t"))
    wait_until(lambda: worker.states("src") == ["RUNNING", "RUNNING"])
    family = psutil.Process(worker.pid).children(recursive=True)
    os.kill(worker.pid, 9)
    wait_until(lambda: not any(child.is_running() for child in family), timeout=5)


def test_a_taken_port_is_named(connect_worker: Callable[..., ConnectWorker]) -> None:
    worker = connect_worker()
    ended = subprocess.run(worker.command(), env=worker.environment(), capture_output=True, text=True, timeout=60)
    assert ended.returncode == 3
    (line,) = ended.stderr.splitlines()
    assert f"Can't listen on {worker.url}: Address already in use" in line


@pytest.mark.parametrize(
    ("fault", "expected"),
    [("exit", "ended with exit code 7"), ("segfault", "was killed by signal SIGSEGV"), ("raise", "no luck")],
)
def test_a_task_that_dies_is_failed_and_others_do_not_notice(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path, fault: str, expected: str
) -> None:
    worker = connect_worker(python_path=[FAULTY])
    worker.create("well", file_source(tmp_path / "none", "t"))
    worker.create("ill", {"connector.class": "faulty.FaultySource", "fault": fault, "tasks.max": "1"})
    wait_until(lambda: worker.states("ill") == ["RUNNING", "FAILED"])
    assert expected in worker.get("/connectors/ill/status")["tasks"][0]["trace"]
    wait_until(lambda: worker.states("well") == ["RUNNING", "RUNNING"])
    assert requests.post(f"{worker.url}/connectors/ill/tasks/0/restart", timeout=30).status_code == 204
    wait_until(lambda: worker.states("ill") == ["RUNNING", "FAILED"])


def test_a_task_that_hangs_is_killed_after_its_grace(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path
) -> None:
    worker = connect_worker({"task.shutdown.graceful.timeout.ms": "500"}, python_path=[FAULTY])
    worker.create("ill", {"connector.class": "faulty.FaultySource", "fault": "hang", "tasks.max": "1"})
    wait_until(lambda: worker.states("ill") == ["RUNNING", "RUNNING"])
    family = psutil.Process(worker.pid).children(recursive=True)
    assert requests.delete(f"{worker.url}/connectors/ill", timeout=30).status_code == 204
    wait_until(lambda: sum(child.is_running() for child in family) < len(family))
    assert worker.get("/connectors") == []
