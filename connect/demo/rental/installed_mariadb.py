"""A MariaDB of the demo's own: the server that is installed, with an empty folder, gone when the demo ends."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from connect.demo.process import DemoFailed, Server, free_port

_FOLDERS = ("/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")
"""Where distributions keep servers: not all of them are in a user's PATH."""
_DATABASE = "sakila"
_USER = "demo"


@dataclass(frozen=True)
class InstalledMariaDb:
    """The two programs that are needed."""

    server: str
    installer: str

    def start(self, folder: Path, stack: ExitStack) -> str:
        """Start it on a free port of 127.0.0.1, with its files in ``folder``.

        Returns its address, ``jdbc:mariadb://user:password@host:port/database``. Raises DemoFailed.
        """
        home = folder / "mariadb"
        home.mkdir()
        data = home / "data"
        # The server refuses to run as root unless it is told so.
        user = ["--user=root"] if os.geteuid() == 0 else []
        self._install(data, user)
        port, password = free_port(), secrets.token_hex(16)
        statements = home / "init.sql"
        statements.touch(mode=0o600)
        statements.write_text(
            f"CREATE DATABASE {_DATABASE} CHARACTER SET utf8mb4;\n"
            f"CREATE USER '{_USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
            f"GRANT ALL ON {_DATABASE}.* TO '{_USER}'@'127.0.0.1';\n"
        )
        options = {
            "datadir": data,
            "socket": "demo.sock",  # in the data folder: a whole path would soon be too long for a socket
            "pid-file": home / "pid",
            "port": port,
            "bind-address": "127.0.0.1",
            "init-file": statements,
            "innodb-buffer-pool-size": "64M",
            "innodb-log-file-size": "8M",
        }
        arguments = [f"--{key}={value}" for key, value in options.items()]
        log = home / "mariadb.log"
        server = Server("MariaDB", [self.server, "--no-defaults", *user, "--skip-name-resolve", *arguments], log)
        stack.callback(server.stop)
        server.wait_until_ready(lambda: "ready for connections" in log.read_text(errors="replace"), timeout=60)
        return f"jdbc:mariadb://{_USER}:{password}@127.0.0.1:{port}/{_DATABASE}"

    def _install(self, data: Path, user: list[str]) -> None:
        options = [f"--datadir={data}", "--skip-test-db", "--auth-root-authentication-method=socket"]
        done = subprocess.run(  # noqa: S603  the programs are those that were found
            [self.installer, "--no-defaults", *options, *user], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip()[-1000:]
            raise DemoFailed(f"MariaDB's {self.installer} ended with exit code {done.returncode}.\n{said}")


def installed_mariadb() -> InstalledMariaDb | None:
    """The MariaDB of this machine; None if a program or the driver (extra ``mysql``) isn't there."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_FOLDERS))
    server, installer = (shutil.which(name, path=path) for name in ("mariadbd", "mariadb-install-db"))
    if server is None or installer is None or importlib.util.find_spec("pymysql") is None:
        return None
    return InstalledMariaDb(server, installer)
