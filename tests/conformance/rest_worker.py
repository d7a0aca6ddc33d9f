"""A worker of ours in a process of its own, as users start it."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.services.process import Server, answers
from tests.services.properties import write_properties

PLUGINS = Path(__file__).with_name("plugins")
_JSON = "org.apache.kafka.connect.json.JsonConverter"
JSON_CONVERTERS = {
    "key.converter": _JSON,
    "value.converter": _JSON,
    "key.converter.schemas.enable": "false",
    "value.converter.schemas.enable": "false",
}


class ConnectWorker(Server):
    """A distributed worker, or a standalone one, with the settings that the recorded scenarios have in common."""

    name: ClassVar[str] = "connect-worker"
    start_timeout: ClassVar[float] = 30.0

    def __init__(
        self,
        bootstrap_servers: str,
        properties: Mapping[str, str],
        *,
        standalone: bool = False,
        group: str | None = None,
    ) -> None:
        super().__init__()
        self.group = group or f"rest-{uuid.uuid4()}"
        self._standalone = standalone
        self._properties = {
            "bootstrap.servers": bootstrap_servers,
            "listeners": f"http://127.0.0.1:{self.port}",
            "plugin.path": str(PLUGINS),
            **JSON_CONVERTERS,
            "offset.flush.interval.ms": "1000",
            "scheduled.rebalance.max.delay.ms": "5000",
            **(self._standalone_properties() if standalone else self._distributed_properties()),
            **properties,
        }

    def _standalone_properties(self) -> dict[str, str]:
        return {"offset.storage.file.filename": str(self.folder / "offsets")}

    def _distributed_properties(self) -> dict[str, str]:
        stores = {"config", "offset", "status"}
        topics = {f"{store}.storage.topic": f"{self.group}-{store}" for store in stores}
        return {"group.id": self.group, **topics, **{f"{store}.storage.replication.factor": "1" for store in stores}}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        write_properties(self.folder / "worker.properties", self._properties)

    def command(self) -> list[str]:
        module = "connect.cli.standalone" if self._standalone else "connect.cli.distributed"
        return [sys.executable, "-m", module, str(self.folder / "worker.properties")]

    def environment(self) -> dict[str, str]:
        # As when installed: modules are compiled once, not at every start.
        return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def is_ready(self) -> bool:
        return answers(self.address)
