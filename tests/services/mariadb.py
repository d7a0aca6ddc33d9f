"""MariaDB, as Debian ships it; the default server for what speaks MySQL's protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.services import cache, debian
from tests.services.errors import ServiceError
from tests.services.process import Server

_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)
_SMALL_FILES = ("--innodb-log-file-size=8M", "--innodb-buffer-pool-size=64M", "--skip-log-bin")


class MariaDB(Server):
    """MariaDB, with one empty database and one user who may do anything.

    *options* are the server's own, such as ``{"log-bin": "binlog", "server-id": "1"}``.
    """

    name: ClassVar[str] = "mariadb"
    user_name: ClassVar[str] = "connect"
    password: ClassVar[str] = "connect-password"
    database: ClassVar[str] = "connect"

    def __init__(
        self, options: Mapping[str, str] | None = None, *, port: int | None = None, folder: Path | None = None
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._options = options or {}

    @property
    def url(self) -> str:
        """For SQLAlchemy, with PyMySQL as its driver."""
        return f"mysql+pymysql://{self.user_name}:{self.password}@127.0.0.1:{self.port}/{self.database}"

    @property
    def address(self) -> str:
        return self.url

    @property
    def data_folder(self) -> Path:
        return self.folder / "data"

    def prepare(self) -> None:
        if not self.data_folder.exists():
            shutil.copytree(_template(), self.data_folder)

    def command(self) -> list[str]:
        options = {
            "datadir": str(self.data_folder),
            "bind-address": "127.0.0.1",
            "port": str(self.port),
            "socket": str(self.folder / "mariadb.sock"),
            "pid-file": str(self.folder / "mariadb.pid"),
            # What a test wrote may die with its machine; the flush of every commit is what makes small ones slow.
            "innodb-flush-log-at-trx-commit": "2",
            **self._options,
        }
        return [*_program_and_basics(), *(f"--{key}={value}" for key, value in options.items())]

    def environment(self) -> dict[str, str]:
        return _server().environment()

    def is_ready(self) -> bool:
        return "ready for connections" in self.log()


def _server() -> debian.Program:
    return debian.provide("mariadb-server-core", "usr/sbin/mariadbd")


def _program_and_basics() -> list[str]:
    server = _server()
    user = ["--user=root"] if os.geteuid() == 0 else []
    messages = f"--lc-messages-dir={server.root / 'usr/share/mysql'}"
    charsets = f"--character-sets-dir={server.root / 'usr/share/mysql/charsets'}"
    return [str(server.path), "--no-defaults", *user, messages, charsets, *_SMALL_FILES]


def _template() -> Path:
    """A fresh data folder: copied for each server, since making it takes seconds."""
    server = _server()

    def make(target: Path) -> None:
        cache.announce("making MariaDB's first data folder, once")
        target.mkdir()
        done = subprocess.run(
            [*_program_and_basics(), "--bootstrap", f"--datadir={target}"],
            input=_bootstrap_sql(server.root / "usr/share/mysql"),
            env=server.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServiceError(f"MariaDB's bootstrap failed with code {done.returncode}:\n{done.stderr[-4000:]}")

    # A data folder belongs to one version of the server.
    version = subprocess.run([str(server.path), "--version"], env=server.environment(), capture_output=True, check=True)
    return cache.make_once(f"mariadb/{version.stdout.split()[2].decode()}", make)


def _bootstrap_sql(folder: Path) -> str:
    tables = "\n".join((folder / name).read_text() for name in _TABLES)
    who = f"'{MariaDB.user_name}'@'%'"
    return f"""\
CREATE DATABASE mysql;
USE mysql;
{tables}
FLUSH PRIVILEGES;
CREATE DATABASE {MariaDB.database} CHARACTER SET utf8mb4;
CREATE USER {who} IDENTIFIED BY '{MariaDB.password}';
GRANT ALL ON *.* TO {who} WITH GRANT OPTION;
"""


def installed_programs(folder: Path) -> Path:
    """Make a folder for PATH with ``mariadbd`` and ``mariadb-install-db``, as where MariaDB is installed."""
    server = _server()
    share = server.root / "usr/share"
    libraries = server.environment().get("LD_LIBRARY_PATH", "")
    home, programs = folder / "usr", folder / "path"
    for made in (home / "bin", home / "sbin", programs):
        made.mkdir(parents=True)
    (home / "share").symlink_to(share)
    (home / "bin/resolveip").symlink_to(server.root / "usr/bin/resolveip")
    messages = f"--lc-messages-dir={share}/mysql --character-sets-dir={share}/mysql/charsets"
    scripts = {
        # It reads option files, which nobody wants here, and comes in the package of the client.
        home / "bin/my_print_defaults": "true",
        home / "sbin/mariadbd": f'exec {server.path} "$@" {messages}',
        programs / "mariadbd": f'exec {server.path} "$@" {messages}',
        programs / "mariadb-install-db": f'exec {server.root}/usr/bin/mariadb-install-db "$@" --basedir={home}',
    }
    for script, command in scripts.items():
        script.write_text(f"#!/bin/sh\nexport LD_LIBRARY_PATH={libraries}\n{command}\n")
        script.chmod(0o755)
    return programs
