"""The worker that the demo starts, used the way a user does: over its REST interface."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from connect.demo.pipeline import worker_properties
from connect.demo.process import DemoFailed, Server

_START_TIMEOUT = 30.0
_CREATE_TIMEOUT = 30.0
_BUSY = frozenset({409, 503})
"""Answers of a worker that hasn't finished joining its group, or rebalances."""


@dataclass(frozen=True)
class Worker:
    server: Server
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def create(self, connector: dict[str, Any]) -> None:
        """POST a connector; asks again while the worker is busy with joining. Raises DemoFailed."""
        deadline = time.monotonic() + _CREATE_TIMEOUT
        while True:
            answer = requests.post(f"{self.url}/connectors", json=connector, timeout=_CREATE_TIMEOUT)
            if answer.status_code == requests.codes.created:
                return
            if answer.status_code not in _BUSY or time.monotonic() > deadline:
                raise DemoFailed(f"The worker refused {connector['name']}: {answer.status_code} {answer.text}")
            time.sleep(0.2)

    def check(self) -> None:
        """Raises DemoFailed with the trace when a connector or task has failed."""
        answer = requests.get(f"{self.url}/connectors", params={"expand": "status"}, timeout=10)
        for name, entry in answer.json().items() if answer.ok else ():
            status = entry["status"]
            for part in (status["connector"], *status["tasks"]):
                if part["state"] == "FAILED":
                    task = f" task {part['id']}" if "id" in part else ""
                    raise DemoFailed(f"{name}{task} failed:\n{part.get('trace', '').strip()}")


def start_worker(port: int, bootstrap_servers: str, folder: Path) -> Worker:
    """Start it in distributed mode, with its properties and log in ``folder``. Raises DemoFailed."""
    properties = folder / "worker.properties"
    properties.write_text(worker_properties(bootstrap_servers, port))
    command = [sys.executable, "-m", "connect.cli.distributed", str(properties)]
    worker = Worker(Server("The worker", command, folder / "worker.log"), port)
    worker.server.wait_until_ready(lambda: _answers(worker.url), _START_TIMEOUT)
    return worker


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.ConnectionError:
        return False
