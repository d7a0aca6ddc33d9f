"""One server process: its folder, its log, its ports, and its life from start to end."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import requests

from tests.services import keeper
from tests.services.errors import ServiceError

_POLL_SECONDS = 0.025
_TAIL_LINES = 40


class Server(ABC):
    """A server that this process started and will end, on a free loopback port or the given one.

    ``with`` starts it and closes it. A server may be stopped or killed and started again on the same ports and data;
    ``close`` also removes its folder, unless the caller gave the folder. If this process dies, the server dies with it.
    """

    name: ClassVar[str]
    start_timeout: ClassVar[float] = 60.0
    stop_timeout: ClassVar[float] = 20.0
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, *, port: int | None = None, folder: Path | None = None) -> None:
        self.port = port or free_port()
        self._folder_is_ours = folder is None
        self.folder = folder.resolve() if folder else _temporary_folder(self.name)
        self.log_path = self.folder / f"{self.name}.log"
        self.startup_seconds = 0.0  # of the last start: from the fork until ready, without downloads
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    @abstractmethod
    def prepare(self) -> None:
        """Fetch all that the server needs, write its configuration. Called before every start."""

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments. It stays in the foreground and logs to standard output."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the started server does its work; asked again until it does or ``start_timeout`` is over."""

    def initialize(self) -> None:  # noqa: B027 (most servers need nothing)
        """Put in place what tests expect of a fresh server. Called after every start, once it's ready."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where clients find it, for people to read."""

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    def user(self) -> int | None:
        """The user id to run as; None: as this process."""
        return None

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServiceError(f"{self.name} isn't running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start and wait until ready. Raises ServiceError, with the end of the log, if that fails."""
        if self.is_running:
            raise ServiceError(f"{self.name} runs already (process {self.pid})")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        began = time.monotonic()
        self._spawn()
        try:
            self._await_ready(began + self.start_timeout)
            self.initialize()
        except BaseException:
            self.kill()
            raise
        self.startup_seconds = time.monotonic() - began
        return self

    def stop(self) -> None:
        """Ask it to end with ``stop_signal``; SIGKILL for what is left of it after ``stop_timeout``. The data stays."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self.stop_timeout)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, as ``kill -9`` or a power cut would end it. The data stays."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        keeper.forget_group(self._process.pid)
        self._process = None

    def restart(self) -> Self:
        """Stop it if it runs; start it on the same ports and data."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop()
        if self._folder_is_ours:
            shutil.rmtree(self.folder, ignore_errors=True)
            keeper.forget_folder(self.folder)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def log(self) -> str:
        """All that the server has written since its last start."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as content:
            content.seek(self._log_offset)
            return content.read().decode(errors="replace")

    def log_tail(self) -> str:
        return "\n".join(self.log().splitlines()[-_TAIL_LINES:])

    def _spawn(self) -> None:
        user = self.user()
        with self.log_path.open("ab") as log:
            self._log_offset = log.tell()
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.environment(),
                start_new_session=True,  # Ctrl-C is for us; its group is what we kill
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        keeper.keep_group(self._process.pid)

    def _await_ready(self, deadline: float) -> None:
        process = self._process
        assert process is not None
        while not self.is_ready():
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(_POLL_SECONDS)
                raise ServiceError(f"{self.name} ended with code {code} while starting:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ServiceError(f"{self.name} wasn't ready after {self.start_timeout:.0f} s:\n{self.log_tail()}")


def free_port() -> int:
    """A loopback port that nobody listens on.

    It lies below the range that the kernel gives to outgoing connections, so it's still free when the server starts on
    it for the second time.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


def accepts_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        return requests.get(url, timeout=5).status_code == 200
    except requests.RequestException:
        return False


def _temporary_folder(name: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=f"connect-test-{name}-"))
    keeper.keep_folder(folder)
    return folder
