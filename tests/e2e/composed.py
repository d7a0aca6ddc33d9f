"""The scenarios of ``compose/`` without containers: their services' environments and files, at other addresses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml

from tests.services import ConnectWorker

COMPOSE = Path(__file__).parents[2] / "compose"


class ComposedWorker(ConnectWorker):
    """A worker service of a scenario, started by the image's own start command.

    ``places`` says what stands for the addresses of the scenario: ``{"kafka:9092": "127.0.0.1:31234"}``.
    """

    name: ClassVar[str] = "composed_worker"

    def __init__(self, scenario: str, service: str, places: Mapping[str, str]) -> None:
        super().__init__("")
        self.scenario = scenario
        self._service: Mapping[str, Any] = services(scenario)[service]
        self.files = self.folder / "files"
        self.data = self.folder / "data"
        self._places = {
            **places,
            "0.0.0.0:8083": f"127.0.0.1:{self.port}",  # replaced, not bound
            "/etc/connect": str(self.files),
            "/data": str(self.data),
        }

    def prepare(self) -> None:
        """Copy the scenario's files, with other addresses, to where its mounts point."""
        self.data.mkdir(exist_ok=True)
        shutil.rmtree(self.files, ignore_errors=True)
        shutil.copytree(COMPOSE / self.scenario, self.files)
        for path in self.files.rglob("*"):
            if path.suffix in (".json", ".properties"):
                path.write_text(self._placed(path.read_text()))

    def command(self) -> list[str]:
        arguments = [self._placed(argument) for argument in self._service.get("command", [])]
        return [sys.executable, "-m", "connect.cli.container", *arguments]

    def environment(self) -> dict[str, str]:
        stated = {key: self._placed(str(value)) for key, value in self._service.get("environment", {}).items()}
        listeners = f"http://127.0.0.1:{self.port}"
        return {
            **super().environment(),
            **stated,
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "CONNECT_LISTENERS": listeners,
            "CONNECT_REST_ADVERTISED_HOST_NAME": "127.0.0.1",
        }

    def apply_connectors(self) -> None:
        """What the scenario's service ``connectors`` does."""
        command = services(self.scenario)["connectors"]["command"]
        own = {"/connectors": str(self.files / "connectors")}
        arguments = [own.get(argument, argument) for argument in command]
        arguments[arguments.index("--url") + 1] = self.url
        assert arguments[0] == "connect"
        subprocess.run([sys.executable, "-m", "connect.cli.main", *arguments[1:]], check=True, timeout=60)

    def _placed(self, text: str) -> str:
        for place, ours in self._places.items():
            text = text.replace(place, ours)
        return text


def scenarios() -> list[str]:
    """The folders that hold a ``compose.yaml``."""
    return sorted(path.parent.name for path in COMPOSE.glob("*/compose.yaml"))


def services(scenario: str) -> dict[str, Any]:
    """The services of a scenario, by name."""
    composed = yaml.safe_load((COMPOSE / scenario / "compose.yaml").read_text())
    found: dict[str, Any] = composed["services"]
    return found
