"""The two workers that are compared, behind one face."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from benchmarks.process_tree import cpu_seconds, pss_megabytes
from tests.services import ConnectWorker, JavaConnect, KafkaBroker
from tests.waiting import wait_until

PYTHON, JAVA = "python", "java"
_START_SECONDS = 60.0
_SETTINGS = {"offset.flush.interval.ms": "5000"}


class Subject:
    """A distributed worker in a cluster of its own, started fresh."""

    def __init__(
        self,
        kind: str,
        broker: KafkaBroker,
        properties: Mapping[str, str] | None = None,
        java_plugins: Sequence[Path] = (),
    ) -> None:
        self.kind = kind
        cluster = f"bench-{kind}-{uuid.uuid4()}"
        own = {"group.id": cluster, **_SETTINGS, **(properties or {})}
        own |= {f"{part}.storage.topic": f"{cluster}-{part}" for part in ("config", "offset", "status")}
        # A worker as its users run it: the JVM with its default options, not with those that make tests start fast.
        self.server: ConnectWorker | JavaConnect = (
            ConnectWorker(broker.bootstrap_servers, own)
            if kind == PYTHON
            else JavaConnect(broker.bootstrap_servers, own, jvm_options=["-Xmx2g"], plugin_paths=java_plugins)
        )

    def __enter__(self) -> Subject:
        self.server.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.server.__exit__(None, None, None)

    def start_and_stop(self) -> None:
        """Once, so that its program's files are in memory."""
        with self:
            pass

    @property
    def startup_seconds(self) -> float:
        """From the start of the process until ``GET /connectors`` answered."""
        return self.server.startup_seconds

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        return cpu_seconds(self.server.pid)

    def pss_megabytes(self) -> float:
        """Memory of all its processes now."""
        return pss_megabytes(self.server.pid)

    def has_plugin(self, name: str) -> bool:
        """Whether it lists a class of this name."""
        listed = requests.get(f"{self.server.url}/connector-plugins?connectorsOnly=false", timeout=_START_SECONDS)
        return any(plugin["class"] == name for plugin in listed.json())

    def create(self, name: str, config: Mapping[str, str]) -> None:
        """Create a connector."""
        answer = requests.post(
            f"{self.server.url}/connectors", json={"name": name, "config": dict(config)}, timeout=_START_SECONDS
        )
        answer.raise_for_status()

    def connectors(self) -> list[str]:
        """The names of all."""
        names: list[str] = requests.get(f"{self.server.url}/connectors", timeout=_START_SECONDS).json()
        return names

    def delete(self, name: str) -> None:
        """Delete a connector, and wait until a new one can be created."""
        requests.delete(f"{self.server.url}/connectors/{name}", timeout=_START_SECONDS).raise_for_status()
        wait_until(lambda: name not in requests.get(f"{self.server.url}/connectors", timeout=10).json())

    def wait_until_running(self, name: str, timeout: float = _START_SECONDS) -> None:
        """Wait until the connector and all its tasks are RUNNING."""

        def states() -> bool:
            answer = requests.get(f"{self.server.url}/connectors/{name}/status", timeout=10)
            if answer.status_code != 200:
                return False
            status = answer.json()
            seen = [status["connector"]["state"], *(task["state"] for task in status["tasks"])]
            return len(seen) > 1 and set(seen) == {"RUNNING"}

        wait_until(states, timeout=timeout)
