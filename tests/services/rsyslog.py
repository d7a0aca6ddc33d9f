"""rsyslog, which takes messages from ``logger`` and forwards them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from tests.services import debian
from tests.services.process import Server


class Rsyslog(Server):
    """rsyslogd with a socket of its own. *settings* are lines of its configuration: what it does with messages.

    *globals_* are parameters of its ``global()``, such as the files for TLS.
    """

    name: ClassVar[str] = "rsyslog"

    def __init__(
        self,
        settings: Sequence[str] = (),
        *,
        globals_: Sequence[str] = (),
        port: int | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__(port=port, folder=folder)
        self._settings = settings
        self._globals = globals_

    @property
    def socket_path(self) -> Path:
        """Where programs hand it their messages."""
        return self.folder / "log"

    @property
    def address(self) -> str:
        return str(self.socket_path)

    def prepare(self) -> None:
        _server(), _tls_module()
        self.socket_path.unlink(missing_ok=True)
        lines = [
            f'global(workDirectory="{self.folder}" {" ".join(self._globals)})',
            'module(load="imuxsock" SysSock.Use="off")',
            f'input(type="imuxsock" Socket="{self.socket_path}" RateLimit.Interval="0")',
            *self._settings,
        ]
        (self.folder / "rsyslog.conf").write_text("\n".join(lines) + "\n")

    def command(self) -> list[str]:
        modules = os.pathsep.join(str(path.parent) for path in (_input_module(), _tls_module().path))
        files = ["-f", str(self.folder / "rsyslog.conf"), "-i", str(self.folder / "rsyslogd.pid")]
        return [str(_server().path), "-n", *files, "-M", modules]

    def environment(self) -> dict[str, str]:
        libraries = [
            path for program in (_server(), _tls_module()) if (path := program.environment().get("LD_LIBRARY_PATH"))
        ]
        return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}

    def is_ready(self) -> bool:
        return self.socket_path.exists()

    def log_message(self, text: str, *options: str) -> None:
        """Have ``logger`` give it a message."""
        subprocess.run([str(logger()), "--socket", str(self.socket_path), *options, "--", text], check=True, timeout=30)


def logger() -> Path:
    """The program ``logger``."""
    return debian.provide("bsdutils", "usr/bin/logger").path


def _server() -> debian.Program:
    return debian.provide("rsyslog", "usr/sbin/rsyslogd")


def _input_module() -> Path:
    return debian.provide("rsyslog", "usr/lib/*/rsyslog/imuxsock.so").path


def _tls_module() -> debian.Program:
    return debian.provide("rsyslog-gnutls", "usr/lib/*/rsyslog/lmnsd_gtls.so")
