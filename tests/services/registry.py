"""Apicurio Registry, which also speaks the API of Confluent's schema registry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.services import java, maven
from tests.services.process import Server, answers

_DISTRIBUTION = maven.Artifact(
    "io.apicurio",
    "apicurio-registry-app",
    "3.3.3",
    "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63",
    extension="tar.gz",
    classifier="all",
)


class SchemaRegistry(Server):
    """Apicurio Registry 3.3, with the API of Confluent's.

    It keeps its schemas in memory: a restart forgets them. *properties* are Java system properties.
    """

    name: ClassVar[str] = "registry"

    def __init__(
        self, properties: Mapping[str, str] | None = None, *, port: int | None = None, folder: Path | None = None
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._properties = properties or {}

    @property
    def url(self) -> str:
        """What ``schema.registry.url`` wants: the base of the Confluent-compatible API."""
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    @property
    def address(self) -> str:
        return self.url

    def prepare(self) -> None:
        self._home()

    def command(self) -> list[str]:
        properties = {
            "quarkus.http.host": "127.0.0.1",
            "quarkus.http.port": str(self.port),
            "quarkus.management.host": "127.0.0.1",
            "quarkus.management.port": "0",  # any: two registries may run at a time
            "apicurio.storage.kind": "sql",
            "apicurio.storage.sql.kind": "h2",
            **self._properties,
        }
        system = [f"-D{key}={value}" for key, value in properties.items()]
        program = [str(java.home() / "bin" / "java"), *java.ALWAYS, *java.FAST_START, "-Xmx384m"]
        return [*program, *system, "-jar", str(self._home() / "quarkus-run.jar")]

    def is_ready(self) -> bool:
        return answers(f"{self.url}/subjects")

    def _home(self) -> Path:
        return maven.unpacked(_DISTRIBUTION)
