"""MySQL 9, which Debian ships in its suite sid only: unpacked with all that it needs, and run by its own loader."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

from tests.services import cache, debian
from tests.services.errors import ServiceError
from tests.services.process import Server

_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
_SMALL = (
    "--innodb-redo-log-capacity=32M",
    "--innodb-buffer-pool-size=64M",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--mysqlx=OFF",
    "--secure-file-priv=",
)


class MySQL(Server):
    """MySQL 9, with one empty database and one user who may do anything.

    The user logs in by ``caching_sha2_password``, MySQL's default. Only for x86-64.
    """

    name: ClassVar[str] = "mysql"
    user_name: ClassVar[str] = "connect"
    password: ClassVar[str] = "connect-password"
    database: ClassVar[str] = "connect"

    @property
    def address(self) -> str:
        return f"mysql+pymysql://{self.user_name}:{self.password}@127.0.0.1:{self.port}/{self.database}"

    def prepare(self) -> None:
        if not (self.folder / "data").exists():
            shutil.copytree(_template(), self.folder / "data")

    def command(self) -> list[str]:
        options = {
            "datadir": self.folder / "data",
            "bind-address": "127.0.0.1",
            "port": self.port,
            "socket": self.folder / "mysql.sock",
            "pid-file": self.folder / "mysql.pid",
            "innodb-flush-log-at-trx-commit": 2,
        }
        return [*_program(), *(f"--{key}={value}" for key, value in options.items())]

    def is_ready(self) -> bool:
        return "ready for connections" in self.log()


def _program() -> list[str]:
    root = debian.unpacked_whole("mysql-server-core", "sid")
    user = ["--user=root"] if os.geteuid() == 0 else []
    return [
        str(root / _LOADER),
        "--library-path",
        str(root / "usr/lib/x86_64-linux-gnu"),
        str(root / "usr/sbin/mysqld"),
        "--no-defaults",
        *user,
        f"--lc-messages-dir={root / 'usr/share/mysql'}",
        f"--character-sets-dir={root / 'usr/share/mysql/charsets'}",
        f"--plugin-dir={root / 'usr/lib/mysql/plugin'}",
        *_SMALL,
    ]


def _template() -> Path:
    """A fresh data folder: copied for each server, since making it takes seconds."""
    program = _program()

    def make(target: Path) -> None:
        cache.announce("making MySQL's first data folder, once")
        start = cache.root() / "mysql" / "start.sql"
        start.parent.mkdir(exist_ok=True)
        start.write_text(_START_SQL, encoding="utf-8")
        command = [*program, "--initialize-insecure", f"--datadir={target}", f"--init-file={start}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ServiceError(f"MySQL's start failed with code {done.returncode}:\n{done.stderr[-4000:]}")

    version = subprocess.run([*program[:4], "--version"], capture_output=True, text=True, check=True)
    return cache.make_once(f"mysql/{version.stdout.split()[2]}", make)


_START_SQL = f"""\
CREATE DATABASE {MySQL.database} CHARACTER SET utf8mb4;
CREATE USER '{MySQL.user_name}'@'%' IDENTIFIED BY '{MySQL.password}';
GRANT ALL ON *.* TO '{MySQL.user_name}'@'%' WITH GRANT OPTION;
"""
