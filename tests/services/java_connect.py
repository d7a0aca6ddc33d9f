"""Kafka Connect in Java, to compare with and to share a cluster with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from tests.services import cache, java, kafka
from tests.services.log4j import write_log4j
from tests.services.process import Server, answers
from tests.services.properties import read_properties, write_properties

_JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter"
DEFAULTS = {
    "key.converter": _JSON_CONVERTER,
    "value.converter": _JSON_CONVERTER,
    # The plugins used here carry service files; looking into every class of every jar takes seconds.
    "plugin.discovery": "service_load",
}
DISTRIBUTED_DEFAULTS = {
    "group.id": "connect-cluster",
    "config.storage.topic": "connect-configs",
    "offset.storage.topic": "connect-offsets",
    "status.storage.topic": "connect-status",
    "config.storage.replication.factor": "1",
    "offset.storage.replication.factor": "1",
    "status.storage.replication.factor": "1",
}


class JavaConnect(Server):
    """A worker of Kafka Connect 4.3.1 in Java.

    Distributed, unless *connectors* is given: then standalone, with these connector files.

    *properties* are added to the worker's, or replace them; or *properties_file* is the whole of the worker's
    configuration. *plugin_paths* are added to the folder that holds connect-file.
    *jvm_options* replace all that makes the JVM start fast but slow in the long run; benchmarks pass their own.
    """

    name: ClassVar[str] = "java_connect"

    def __init__(
        self,
        bootstrap_servers: str = "",
        properties: Mapping[str, str] | None = None,
        *,
        properties_file: Path | None = None,
        connectors: Sequence[Path] | None = None,
        plugin_paths: Sequence[Path] = (),
        port: int | None = None,
        folder: Path | None = None,
        jvm_options: Sequence[str] | None = None,
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._properties_file = properties_file
        self._connectors = connectors
        self._jvm_options = jvm_options
        if properties_file:
            self.properties = read_properties(properties_file)
            self.port = urlsplit(self.url).port or self.port
        else:
            paths = ",".join(map(str, (plugin_folder(), *plugin_paths)))
            own = {"bootstrap.servers": bootstrap_servers, "plugin.path": paths, **self._mode_properties()}
            own["listeners"] = f"http://127.0.0.1:{self.port}"
            self.properties = {**DEFAULTS, **own, **(properties or {})}

    @property
    def is_distributed(self) -> bool:
        return self._connectors is None

    @property
    def url(self) -> str:
        """Of the REST API: the first of the worker's listeners."""
        listener = urlsplit(self.properties.get("listeners", "http://:8083").split(",")[0])
        return f"{listener.scheme.lower()}://{listener.hostname or '127.0.0.1'}:{listener.port}"

    @property
    def address(self) -> str:
        return self.url

    def prepare(self) -> None:
        if self._jvm_options is None:
            self._jvm_options = java.fast_start(connect_archive())
        if not self._properties_file:
            write_properties(self.folder / "worker.properties", self.properties)

    def command(self) -> list[str]:
        mode = "ConnectDistributed" if self.is_distributed else "ConnectStandalone"
        options = ["-Xmx512m", *(self._jvm_options or ()), write_log4j(self.folder)]
        main_class = f"org.apache.kafka.connect.cli.{mode}"
        program = java.command(main_class, kafka.classpath(), options)
        configuration = self._properties_file or self.folder / "worker.properties"
        return [*program, str(configuration), *map(str, self._connectors or ())]

    def is_ready(self) -> bool:
        return answers(f"{self.url}/connectors")

    def _mode_properties(self) -> dict[str, str]:
        if self.is_distributed:
            return DISTRIBUTED_DEFAULTS
        return {"offset.storage.file.filename": str(self.folder / "connect.offsets")}


def plugin_folder() -> Path:
    """A folder for ``plugin.path`` with FileStreamSource and FileStreamSink in it."""

    def make(target: Path) -> None:
        plugin = target / "connect-file"
        plugin.mkdir(parents=True)
        shutil.copy2(kafka.connect_file_jar(), plugin)

    return cache.make_once(f"kafka/{kafka.VERSION}-plugins", make)


def connect_archive() -> Path:
    """The JVM's archive of the worker's classes."""

    def train(options: Sequence[str]) -> None:
        with kafka.KafkaBroker() as broker, JavaConnect(broker.bootstrap_servers, jvm_options=options) as worker:
            answers(f"{worker.url}/connector-plugins")

    return java.class_archive("connect", kafka.classpath(), train)
