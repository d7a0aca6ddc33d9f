"""Starts child processes quickly and cheaply: a small process that has imported what all children need, and forks.

It is itself forked from the worker before the worker has any thread, so that the imported modules are shared memory for
all. It leaves the terminal's process group: Ctrl-C reaches the worker alone, which then ends its children in order.
When the worker is gone, however that happened, this process ends at once and the kernel kills its children.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import select
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import orjson

from connect.runtime import heap
from connect.runtime.stacks import write_on_signal

log = logging.getLogger(__name__)

GC_THRESHOLD = 100_000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


ChildMain = Callable[[socket.socket], None]


class ForkServer:
    """The worker's handle on the fork server."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid = pid
        self._control = control
        self._started: asyncio.Queue[tuple[int, asyncio.Future[int]]] = asyncio.Queue()
        self._exits: dict[int, asyncio.Future[int]] = {}
        self._fork_lock = asyncio.Lock()
        self.gone = asyncio.Event()
        control.setblocking(False)

    def attach(self) -> None:
        """Listen for started and ended children on the running event loop."""
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._on_message)

    async def fork(self, kind: str) -> tuple[int, socket.socket, asyncio.Future[int]]:
        """Start a child of that kind: its pid, our end of its socket, and a future of its wait status."""
        ours, theirs = socket.socketpair()
        async with self._fork_lock:
            socket.send_fds(self._control, [kind.encode()], [theirs.fileno()])
            theirs.close()
            pid, exit_status = await self._started.get()
        return pid, ours, exit_status

    def close(self) -> None:
        """End the fork server, and with it all children that are left."""
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self._control.close()
        os.waitpid(self.pid, 0)

    def _on_gone(self) -> None:
        """Somebody has killed the fork server; the kernel has then killed all children."""
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self.gone.set()
        for exit_status in self._exits.values():
            exit_status.set_result(signal.SIGKILL)
        self._exits.clear()

    def _on_message(self) -> None:
        data = self._control.recv(4096)
        if not data:
            self._on_gone()
            return
        message = orjson.loads(data)
        if "started" in message:
            exit_status = asyncio.get_running_loop().create_future()
            self._exits[message["started"]] = exit_status
            self._started.put_nowait((message["started"], exit_status))
        else:
            self._exits.pop(message["exited"]).set_result(message["status"])


def start(mains: dict[str, ChildMain], preload: Callable[[], None]) -> tuple[int, socket.socket]:
    """Fork the server off this process, which must not have threads yet.

    ``mains``: what each kind of child runs. ``preload`` is called in the server, to import what children share.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    ours.close()
    try:
        heap.tune()
        preload()
        _serve(theirs, mains)
    finally:
        os._exit(1)


def _serve(control: socket.socket, mains: dict[str, ChildMain]) -> NoReturn:
    os.setsid()
    wake_reader, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.collect()
    gc.freeze()
    heap.fill_gaps()
    # Batches hold many containers that die together and hardly any cycles: look for those less often.
    gc.set_threshold(GC_THRESHOLD)
    while True:
        ready, _, _ = select.select([control.fileno(), wake_reader], [], [])
        if wake_reader in ready:
            os.read(wake_reader, 4096)
            _reap(control)
        if control.fileno() in ready:
            kind, fds, _, _ = socket.recv_fds(control, 4096, 1)
            if not kind:
                os._exit(0)
            _fork_child(control, fds[0], mains[kind.decode()], (wake_reader, wake_writer))


def _reap(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(control, {"exited": pid, "status": status})


def _tell(control: socket.socket, message: dict[str, Any]) -> None:
    try:
        control.send(orjson.dumps(message))
    except OSError:
        os._exit(0)  # the worker is gone


def _offer_to_the_oom_killer() -> None:
    """When memory runs out, a task goes before the worker does."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _fork_child(control: socket.socket, fd: int, main: ChildMain, wake_pipe: tuple[int, int]) -> None:
    pid = os.fork()
    if pid:
        os.close(fd)
        _tell(control, {"started": pid})
        return
    try:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.setpgid(0, 0)  # what a plugin forks is killed together with it
        _offer_to_the_oom_killer()
        write_on_signal()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        control.close()
        for pipe_end in wake_pipe:
            os.close(pipe_end)
        main(socket.socket(fileno=fd))
    except BaseException:
        log.exception("Process %d ends", os.getpid())
        os._exit(1)
    os._exit(0)
