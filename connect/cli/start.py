"""What both worker commands share: read the properties, start the processes, wait for a signal, end in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from connect import logging as connect_logging
from connect.api import ConfigException, ConnectException
from connect.kafka.crash_leave import carry_out
from connect.loggers import Loggers, parse_levels
from connect.plugins.registry import use_plugins
from connect.properties import load_properties
from connect.runtime import forkserver
from connect.runtime.supervisor import child_mains, preload

log = logging.getLogger(__name__)

EXIT_USAGE, EXIT_START_ERROR, EXIT_NOT_STARTED = 1, 2, 3


class RunningWorker(Protocol):
    """A worker that has started."""

    async def stop(self) -> None:
        """End everything in order; must not raise."""


class StartFailed(Exception):
    """The worker can't start; the message is one clear line."""


Start = Callable[[Mapping[str, str], forkserver.ForkServer], Awaitable[RunningWorker]]


def read_worker_properties(path: str) -> dict[str, str]:
    """The worker's properties. Raises StartFailed that names the file and what is wrong."""
    try:
        return load_properties(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StartFailed(f"Can't read the worker properties {path}: {reason}") from None


def run_worker(properties_file: str, start: Start) -> int:
    """Run a worker in the foreground until SIGTERM or SIGINT; the exit code."""
    try:
        properties = read_worker_properties(properties_file)
    except StartFailed as error:
        return fail(str(error), EXIT_USAGE)
    connect_logging.configure()
    try:
        _set_log_levels(os.environ.get("CONNECT_LOG_LEVELS", ""))
        use_plugins(properties)  # before the fork: all children share what was found
    except (ConfigException, ConnectException) as error:
        return fail(str(error), EXIT_NOT_STARTED)
    pid, control = forkserver.start(child_mains(), preload, carry_out)
    try:
        return asyncio.run(_run(properties, pid, control, start))
    except KeyboardInterrupt:
        return 0


def _set_log_levels(text: str) -> None:
    """Before the fork: all children log at these levels. Raises ConfigException."""
    try:
        levels = parse_levels(text)
    except ValueError as error:
        raise ConfigException(f"The environment variable CONNECT_LOG_LEVELS: {error}") from None
    for logger, level in levels:
        Loggers().set_level(logger, level)


def fail(message: str, code: int) -> int:
    """Say why nothing runs, on one line; the exit code."""
    sys.stderr.write(f"{Path(sys.argv[0]).name}: {message}\n")
    return code


async def _run(properties: Mapping[str, str], pid: int, control: socket.socket, start: Start) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    fork_server = forkserver.ForkServer(pid, control)
    fork_server.attach()
    starting = asyncio.ensure_future(start(properties, fork_server))
    asked = asyncio.ensure_future(stopping.wait())
    await asyncio.wait([starting, asked], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await starting
        return 0
    try:
        worker = starting.result()
    except (ConfigException, ConnectException, StartFailed) as error:
        return fail(str(error), EXIT_NOT_STARTED)
    log.info("Kafka Connect worker started")
    gone = asyncio.ensure_future(fork_server.gone.wait())
    await asyncio.wait([asked, gone], return_when=asyncio.FIRST_COMPLETED)
    if gone.done():
        log.error("The process that starts all others was killed: this worker can't go on")
    log.info("Kafka Connect worker stopping")
    await worker.stop()
    log.info("Kafka Connect worker stopped")
    return EXIT_NOT_STARTED if gone.done() else 0
