"""PostgreSQL, as Debian ships it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.services import debian, unprivileged
from tests.services.errors import ServiceError
from tests.services.process import Server


class PostgreSQL(Server):
    """PostgreSQL, whose superuser needs no password.

    *options* are settings, such as ``{"wal_level": "logical"}``.
    """

    name: ClassVar[str] = "postgresql"
    user_name: ClassVar[str] = "connect"
    stop_signal = signal.SIGINT  # SIGTERM would wait for the clients to leave

    def __init__(
        self, options: Mapping[str, str] | None = None, *, port: int | None = None, folder: Path | None = None
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._options = options or {}

    @property
    def url(self) -> str:
        return f"postgresql://{self.user_name}@127.0.0.1:{self.port}/postgres"

    @property
    def address(self) -> str:
        return self.url

    @property
    def data_folder(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        if self.data_folder.exists():
            return
        unprivileged.give(self.folder)
        create = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", f"--username={self.user_name}"]
        user = self.user()
        done = subprocess.run(
            [str(self._server().path.with_name("initdb")), *create, f"--pgdata={self.data_folder}"],
            env=self.environment(),
            cwd=self.folder,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServiceError(f"initdb failed with code {done.returncode}:\n{done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            **self._options,
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(self._server().path), "-D", str(self.data_folder), *settings]

    def environment(self) -> dict[str, str]:
        return {**self._server().environment(), "HOME": str(self.folder)}

    def user(self) -> int | None:
        return unprivileged.user()

    def is_ready(self) -> bool:
        return "database system is ready to accept connections" in self.log()

    def _server(self) -> debian.Program:
        server = debian.provide("postgresql", "usr/lib/postgresql/*/bin/postgres")
        root = unprivileged.reachable(server.root, self.folder)
        return debian.Program(root / server.path.relative_to(server.root), root)
