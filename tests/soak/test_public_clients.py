"""A published client that can't be installed beside this project, since its distribution has the same name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.test_public_clients import config_of
from tests.services import ConnectWorker
from tests.waiting import wait_until

CLIENT = "kafka-connect-py==1.0.0"


def test_the_client_of_the_same_name_manages_a_connector(
    connect_worker: Callable[..., ConnectWorker], tmp_path: Path
) -> None:
    worker = connect_worker()
    target = tmp_path / "client"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), CLIENT]
    subprocess.run(install, check=True, timeout=300)

    def client(*arguments: str) -> Any:
        program = [sys.executable, "-c", "from kafka_connect.cli import cli; cli()", "--url", worker.url, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(target)}
        done = subprocess.run(program, check=True, timeout=60, env=environment, capture_output=True, text=True)
        return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout

    config = config_of("third", tmp_path)
    client("create", "--config-data", json.dumps({"name": "third", "config": config}))
    wait_until(lambda: worker.states("third") == ["RUNNING", "RUNNING"])
    assert client("get", "third")["config"] == config
    client("pause", "third")
    wait_until(lambda: worker.states("third") == ["PAUSED", "PAUSED"])
    client("resume", "third")
    wait_until(lambda: worker.states("third") == ["RUNNING", "RUNNING"])
    client("restart", "third", "--include-tasks")
    wait_until(lambda: client("status", "third")["tasks"][0]["state"] == "RUNNING")
    assert "third" in client("list")
    client("delete", "third")
    wait_until(lambda: worker.states("third") == [])
