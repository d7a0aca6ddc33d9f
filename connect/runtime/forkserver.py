"""Starts child processes quickly and cheaply: a small process that has imported what all children need, and forks.

It is itself forked from the worker before the worker has any thread, so that the imported modules are shared memory for
all. It leaves the terminal's process group: Ctrl-C reaches the worker alone, which then ends its children in order.
When the worker is gone, however that happened, this process kills all children and ends; when it is killed itself, the
kernel kills them. In between it carries out the last will of a worker that had no time to do so.
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
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from connect.runtime import heap
from connect.runtime.stacks import write_on_signal

log = logging.getLogger(__name__)

GC_THRESHOLD = 100_000
_PR_SET_PDEATHSIG = 1
_MESSAGE_BYTES = 1 << 18
_WILL = b"will:"
_DEATH_SECONDS = 2.0
_WILL_SECONDS = 15
_libc = ctypes.CDLL(None, use_errno=True)


ChildMain = Callable[[socket.socket], None]
CarryOut = Callable[[bytes], None]
"""Does what a dead worker's last will says; in the fork server, when no other process of the worker is left."""


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

    def bequeath(self, will: bytes) -> None:
        """What is to be done when this worker dies without a word; empty for nothing. On any thread."""
        try:
            self._control.send(_WILL + will)
        except OSError as error:
            log.warning("Nobody will act for this worker should it die: %s", error)

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


def start(
    mains: dict[str, ChildMain], preload: Callable[[], None], carry_out: CarryOut | None = None
) -> tuple[int, socket.socket]:
    """Fork the server off this process, which must not have threads yet.

    ``mains``: what each kind of child runs. ``preload`` is called in the server, to import what children share.
    """
    worker = os.getpid()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid:
        theirs.close()
        return pid, ours
    ours.close()
    try:
        heap.tune()
        preload()
        children: set[int] = set()
        will = _serve(theirs, mains, children)
        if will and carry_out is not None and _has_died(worker):
            signal.alarm(_WILL_SECONDS)  # ends this process, whatever it waits for
            _end_children(children)
            carry_out(will)
        os._exit(0)
    finally:
        os._exit(1)


def _has_died(worker: int) -> bool:
    """Whether the worker ends soon after its end of the socket; its children get another parent when it has."""
    deadline = time.monotonic() + _DEATH_SECONDS
    while os.getppid() == worker:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _serve(control: socket.socket, mains: dict[str, ChildMain], children: set[int]) -> bytes:
    """Fork and reap children until the worker closes the socket or is gone; what its last will is then."""
    os.setsid()
    wake_reader, wake_writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.collect()
    gc.freeze()
    heap.fill_gaps()
    # Batches hold many containers that die together and hardly any cycles: look for those less often.
    gc.set_threshold(GC_THRESHOLD)
    will = b""
    while True:
        ready, _, _ = select.select([control.fileno(), wake_reader], [], [])
        if wake_reader in ready:
            os.read(wake_reader, 4096)
            _reap(control, children)
        if control.fileno() in ready:
            message, fds, _, _ = _receive(control)
            if not message:
                return will
            if message.startswith(_WILL):
                will = message.removeprefix(_WILL)
            else:
                children.add(_fork_child(control, fds[0], mains[message.decode()], (wake_reader, wake_writer)))


def _receive(control: socket.socket) -> tuple[bytes, list[int], int, Any]:
    try:
        return socket.recv_fds(control, _MESSAGE_BYTES, 1)
    except ConnectionResetError:  # the worker died before it read all that was told
        return b"", [], 0, None


def _reap(control: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        children.discard(pid)
        _tell(control, {"exited": pid, "status": status})


def _end_children(children: set[int]) -> None:
    """Kill the children with all that plugins in them have forked, and wait until they are gone."""
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)  # it may not have a group of its own yet
    for pid in children:
        os.waitpid(pid, 0)


def _tell(control: socket.socket, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # the worker is gone, as the next look at the socket tells
        control.send(orjson.dumps(message))


def _offer_to_the_oom_killer() -> None:
    """When memory runs out, a task goes before the worker does."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _fork_child(control: socket.socket, fd: int, main: ChildMain, wake_pipe: tuple[int, int]) -> int:
    pid = os.fork()
    if pid:
        os.close(fd)
        _tell(control, {"started": pid})
        return pid
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
