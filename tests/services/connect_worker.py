"""This project's own worker, as a process like any other server."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import requests

from tests.services.java_connect import DEFAULTS, DISTRIBUTED_DEFAULTS
from tests.services.process import Server, answers
from tests.services.properties import write_properties

_ROOT = Path(__file__).parents[2]


class ConnectWorker(Server):
    """A worker; distributed, unless *connectors* is given: then standalone, with these connector files.

    *properties* are added to the worker's, or replace them. *python_path* lets it import plugins of tests.
    """

    name: ClassVar[str] = "connect_worker"
    start_timeout: ClassVar[float] = 30.0

    def __init__(
        self,
        bootstrap_servers: str,
        properties: Mapping[str, str] | None = None,
        *,
        connectors: Sequence[Path] | None = None,
        python_path: Sequence[Path] = (),
        port: int | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._connectors = connectors
        self._python_path = python_path
        mode = DISTRIBUTED_DEFAULTS if connectors is None else self._offset_file()
        own = {"bootstrap.servers": bootstrap_servers, "listeners": f"http://127.0.0.1:{self.port}", **mode}
        defaults = {key: value for key, value in DEFAULTS.items() if key != "plugin.discovery"}
        self.properties = {**defaults, **own, **(properties or {})}

    def _offset_file(self) -> dict[str, str]:
        return {"offset.storage.file.filename": str(self.folder / "connect.offsets")}

    @property
    def url(self) -> str:
        """Of the REST API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return self.url

    def prepare(self) -> None:
        write_properties(self.folder / "worker.properties", self.properties)

    def command(self) -> list[str]:
        mode = "distributed" if self._connectors is None else "standalone"
        program = [sys.executable, "-m", f"connect.cli.{mode}", str(self.folder / "worker.properties")]
        return [*program, *map(str, self._connectors or ())]

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join(map(str, (_ROOT, *self._python_path)))
        # As when installed: modules are compiled once, not at every start.
        inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, "PYTHONPATH": path}

    def is_ready(self) -> bool:
        return answers(f"{self.url}/connectors")

    # What tests ask of it

    def get(self, path: str) -> Any:
        """The JSON answer to GET; None for 404."""
        answer = requests.get(f"{self.url}{path}", timeout=30)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.json()

    def create(self, name: str, config: Mapping[str, str]) -> None:
        """Create a connector."""
        answer = requests.post(f"{self.url}/connectors", json={"name": name, "config": dict(config)}, timeout=30)
        assert answer.status_code == 201, answer.text

    def states(self, connector: str) -> list[str]:
        """The states of a connector and of its tasks."""
        status = self.get(f"/connectors/{connector}/status")
        if status is None:
            return []
        return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]
