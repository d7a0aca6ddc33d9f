"""The processes in which tasks run: one to each, or several of one connector together."""

from __future__ import annotations

import os
import socket
import threading

from connect import logging as connect_logging
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.task_run import TaskRun

_WORKER_GONE = 3
"""The exit code of a task whose worker is gone."""


def main(sock: socket.socket) -> None:
    """Entry point of a process for one task; a worker that is gone ends it at once."""

    def own(task_id: ConnectorTaskId) -> None:
        connect_logging.set_process_context(task_id.connector, f"task-{task_id.task}")
        connect_logging.capture_standard_output()

    TaskRun(sock, own).run(on_worker_gone=lambda: os._exit(_WORKER_GONE))


def pack_main(control: socket.socket) -> None:
    """Entry point of a process for several tasks of one connector: each socket sent over ``control`` is one task's.

    The process ends when the worker closes ``control``, with its last task or because it is gone.
    """
    connect_logging.capture_standard_output()
    while True:
        _, fds, _, _ = socket.recv_fds(control, 1, 1)
        if not fds:
            return
        _start_thread(socket.socket(fileno=fds[0]))


def _start_thread(sock: socket.socket) -> None:
    def of_connector(task_id: ConnectorTaskId) -> None:
        """What threads of plugins log can't be told apart by task."""
        connect_logging.set_process_context(task_id.connector, "worker")
        threading.current_thread().name = str(task_id)

    run = TaskRun(sock, of_connector)
    threading.Thread(target=run.run, args=[lambda: os._exit(_WORKER_GONE)], daemon=True).start()
