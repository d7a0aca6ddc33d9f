"""A server in a process of its own, which never outlives the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class DemoFailed(Exception):
    """The demo can't go on; the text says what happened and what helps."""


class Server:
    """A command that runs in the background, with its output in ``log``.

    It is in a session of its own, so that Ctrl-C reaches only the demo, which then stops its servers in order. On Linux
    the kernel ends it when the demo is gone without having stopped it (kill -9): start it from the main thread.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  the commands are the demo's own
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | (environment or {}),
                start_new_session=True,
                preexec_fn=_end_with_parent(os.getpid()),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises DemoFailed when the server has ended."""
        code = self._process.poll()
        if code is not None:
            raise DemoFailed(f"{self.name} ended with exit code {code}.\n{self.last_lines()}")

    def last_lines(self, count: int = 15) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-count:]
        return "\n".join(["Its last lines:", *lines]) if lines else "It said nothing."

    def wait_until_ready(self, ready: Callable[[], bool], timeout: float) -> None:
        """Raises DemoFailed when the server ends or isn't ready after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"{self.name} isn't ready after {timeout:.0f} s.\n{self.last_lines()}")
            time.sleep(0.02)

    def stop(self, grace: float = 10.0) -> None:
        """End it in order, by force after ``grace`` seconds, and whatever it has left behind as well."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(grace)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if _group_exists(self.pid):
            os.killpg(self.pid, signal.SIGKILL)


def _group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _end_with_parent(parent: int) -> Callable[[], None]:
    """What a child does between fork and exec. Only Linux can tie its life to the parent's."""

    def tie() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before the call
                os._exit(1)

    return tie


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
