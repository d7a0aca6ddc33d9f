"""``connect`` as scripts and people use it, against a real worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.services import ConnectWorker, KafkaBroker

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def worker(kafka_broker: KafkaBroker) -> Iterator[ConnectWorker]:
    names = {f"{kind}.storage.topic": f"cli-{kind}" for kind in ("config", "offset", "status")}
    with ConnectWorker(kafka_broker.bootstrap_servers, {"group.id": "cli", **names}) as running:
        yield running


@pytest.fixture
def run(worker: ConnectWorker, tmp_path: Path) -> Run:
    """Runs ``connect`` with the worker as its current context."""
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "CONNECT_URL": worker.url}

    def connect(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "connect.cli.main", *arguments],
            capture_output=True,
            text=True,
            env={**environment, **variables},
            timeout=90,
        )

    return connect


def connector_file(folder: Path, name: str, **changes: str) -> Path:
    config = {"connector.class": "FileStreamSource", "file": str(folder / "none"), "topic": "cli", "tasks.max": "1"}
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"name": name, "config": {**config, **changes}}))
    return file


def succeeded(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_life_of_a_connector(run: Run, tmp_path: Path) -> None:
    assert "created life" in succeeded(run("create", str(connector_file(tmp_path, "life")), "--wait"))
    listed: dict[str, Any] = json.loads(succeeded(run("list", "-o", "json")))
    assert listed["life"]["status"]["connector"]["state"] == "RUNNING"
    assert "life" in succeeded(run("list"))
    assert yaml.safe_load(succeeded(run("get", "life", "-o", "yaml")))["topic"] == "cli"
    succeeded(run("pause", "life", "--wait"))
    assert "PAUSED" in succeeded(run("status", "life"))
    succeeded(run("stop", "life", "--wait"))
    succeeded(run("resume", "life", "--wait"))
    succeeded(run("restart", "life", "--tasks", "--wait"))
    succeeded(run("restart", "life", "--task", "0", "--wait"))
    succeeded(run("delete", "life", "--yes"))
    assert "life" not in succeeded(run("list"))


def test_apply_shows_the_difference_and_does_nothing_twice(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "connectors"
    folder.mkdir()
    connector_file(folder, "one", **{"secret.password": "hunter2"})
    connector_file(folder, "two")
    dry = succeeded(run("apply", "-f", str(folder), "--dry-run"))
    assert "would create one" in dry
    assert "hunter2" not in dry
    assert "create one" in succeeded(run("apply", "-f", str(folder), "--wait"))
    again = succeeded(run("apply", "-f", str(folder)))
    assert again == "unchanged one\nunchanged two\n"
    connector_file(folder, "two", topic="other")
    assert succeeded(run("apply", "-f", str(folder))).splitlines() == [
        "unchanged one",
        "change two",
        "  - topic=cli",
        "  + topic=other",
    ]
    for name in ("one", "two"):
        succeeded(run("delete", name, "--yes"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["get", "nobody"], 4, "Connector nobody not found"),
        (["status", "nobody"], 4, "No status found for connector nobody"),
        (["list", "--url", "http://127.0.0.1:9"], 3, "No worker answers at http://127.0.0.1:9"),
        (["nonsense"], 2, "No such command"),
        (["list", "--context", "nowhere"], 1, "There is no context 'nowhere'"),
    ],
)
def test_failures_have_their_exit_code_and_one_clear_line(run: Run, arguments: list[str], code: int, says: str) -> None:
    result = run(*arguments)
    assert (result.returncode, says in result.stderr) == (code, True)
    assert "Traceback" not in result.stderr


def test_creating_twice_is_a_conflict(run: Run, tmp_path: Path) -> None:
    file = str(connector_file(tmp_path, "twice"))
    succeeded(run("create", file))
    assert run("create", file).returncode == 5
    succeeded(run("delete", "twice", "--yes"))


def test_contexts_name_clusters(run: Run, worker: ConnectWorker) -> None:
    succeeded(run("context", "set", "here", worker.url))
    succeeded(run("context", "set", "gone", "http://127.0.0.1:9"))
    assert "here" in succeeded(run("context", "list"))
    succeeded(run("list", CONNECT_URL=""))
    succeeded(run("context", "use", "gone"))
    assert run("list", CONNECT_URL="").returncode == 3
    succeeded(run("list", "--context", "here", CONNECT_URL=""))
    succeeded(run("context", "delete", "gone"))


def test_plugins_are_listed_under_the_names_that_users_know(run: Run) -> None:
    assert "org.apache.kafka.connect.file.FileStreamSourceConnector" in succeeded(run("plugins"))
    assert "org.apache.kafka.connect.transforms.Cast$Value" in succeeded(run("plugins", "--all"))


def test_the_doctor_looks_at_broker_topics_and_worker(run: Run, worker: ConnectWorker) -> None:
    report = succeeded(run("doctor", "--worker", str(worker.folder / "worker.properties"), "--url", worker.url))
    assert "cluster" in report
    assert "compacted" in report
    assert "healthy" in report


def test_shells_get_a_completion_script(run: Run) -> None:
    assert "_CONNECT_COMPLETE" in succeeded(run("completion", "bash"))


def test_a_dry_run_shows_each_stage_and_produces_nothing(run: Run, worker: ConnectWorker, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("one\ntwo\nthree\n")
    transform = {
        "transforms": "wrap,route",
        "transforms.wrap.type": "org.apache.kafka.connect.transforms.HoistField$Value",
        "transforms.wrap.field": "line",
        "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.route.regex": "cli",
        "transforms.route.replacement": "routed",
    }
    file = connector_file(tmp_path, "dry", file=str(lines), **transform)
    shown = succeeded(run("run", str(file), "--dry-run", "-n", "2"))
    assert shown.count("record ") == 2
    for expected in ("polled", "transforms.wrap", "Struct{line=one}", "to topic routed", '{"line":"two"}'):
        assert expected in shown
    assert "routed" not in worker.get("/connectors")


def test_offsets_are_shown_and_reset(run: Run, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("one\n")
    succeeded(run("create", str(connector_file(tmp_path, "moving", file=str(lines))), "--wait"))
    succeeded(run("stop", "moving", "--wait"))
    found = json.loads(succeeded(run("offsets", "get", "moving", "-o", "json")))
    assert found["offsets"] == [{"partition": {"filename": str(lines)}, "offset": {"position": 4}}]
    assert "reset successfully" in succeeded(run("offsets", "reset", "moving", "--yes"))
    assert json.loads(succeeded(run("offsets", "get", "moving", "-o", "json"))) == {"offsets": []}
    succeeded(run("delete", "moving", "--yes"))


def test_log_levels_are_set_and_listed(run: Run) -> None:
    succeeded(run("loggers", "set", "connect.herder", "debug"))
    assert "DEBUG" in succeeded(run("loggers", "list"))


def test_validation_names_key_and_error(run: Run, tmp_path: Path) -> None:
    good, bad = connector_file(tmp_path, "good"), connector_file(tmp_path, "bad", **{"tasks.max": "many"})
    assert "is valid" in succeeded(run("validate", str(good)))
    result = run("validate", str(bad))
    assert result.returncode == 1
    assert "tasks.max" in result.stdout
    assert "Not a number of type INT" in result.stdout
