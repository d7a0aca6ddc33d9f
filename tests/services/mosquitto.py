"""Mosquitto, the MQTT broker."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.services import debian
from tests.services.process import Server, accepts_connections


class Mosquitto(Server):
    """Mosquitto, an MQTT broker that anybody on this machine may use.

    *settings* are further lines of its configuration file.
    """

    name: ClassVar[str] = "mosquitto"

    def __init__(self, settings: Sequence[str] = (), *, port: int | None = None, folder: Path | None = None) -> None:
        super().__init__(port=port, folder=folder)
        self._settings = settings

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return self.url

    def prepare(self) -> None:
        _server()
        lines = [f"listener {self.port} 127.0.0.1", "allow_anonymous true", *self._settings]
        if os.geteuid() == 0:
            lines.append("user root")  # its own user may not exist, and may not read this folder
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        return [str(_server().path), "-c", str(self.folder / "mosquitto.conf")]

    def environment(self) -> dict[str, str]:
        return _server().environment()

    def is_ready(self) -> bool:
        return accepts_connections(self.port)


def _server() -> debian.Program:
    return debian.provide("mosquitto", "usr/sbin/mosquitto")
