"""One run looked at closely, apart from those that are timed: memory over time, and whose the CPU time was."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Self

import psutil

from benchmarks.process_tree import cpu_seconds, pss_megabytes, thread_times

_EVERY_SECONDS = 0.1
WORKER, PYTHON_CODE, LIBRDKAFKA = "worker (REST, herder)", "tasks: Python", "tasks: librdkafka"


class Observer:
    """Samples the processes below ``pid`` until the ``with`` block ends; ``servers`` are processes by name."""

    def __init__(self, pid: int, servers: Mapping[str, int]) -> None:
        self.memory: list[tuple[float, float]] = []
        """Seconds since the beginning, and the family's PSS in MB."""
        self.cpu: dict[str, float] = {}
        """CPU seconds by part: of the worker's own process, of its tasks by kind of thread, and of the servers."""
        self._pid = pid
        self._servers = servers
        self._times: dict[tuple[int, int], tuple[str, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._before = thread_times(self._pid)
        self._servers_before = {name: cpu_seconds(pid) for name, pid in self._servers.items()}
        self._began = time.perf_counter()
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """Look no longer. Does nothing the second time."""
        if not self._over.is_set():
            self._over.set()
            self._thread.join()
            self.cpu = self._cpu()

    def _cpu(self) -> dict[str, float]:
        parts: dict[str, float] = defaultdict(float)
        for key, (thread, used) in self._times.items():
            parts[part_of(self._pid, key[0], thread)] += used - self._before.get(key, ("", 0.0))[1]
        for name, pid in self._servers.items():
            parts[name] = cpu_seconds(pid) - self._servers_before[name]
        return dict(parts)

    @property
    def peak_megabytes(self) -> float:
        """The most that was seen."""
        return max(megabytes for _, megabytes in self.memory)

    def _run(self) -> None:
        while True:
            try:
                self._times |= thread_times(self._pid)
                self.memory.append((round(time.perf_counter() - self._began, 2), round(pss_megabytes(self._pid), 1)))
            except psutil.NoSuchProcess:
                return  # the worker has ended
            if self._over.wait(_EVERY_SECONDS):
                return


def part_of(worker_pid: int, pid: int, thread: str) -> str:
    """Whose CPU time a thread's is; librdkafka's threads carry names that begin with ``rdk:``."""
    if pid == worker_pid:
        return WORKER
    return LIBRDKAFKA if thread.startswith("rdk:") else PYTHON_CODE
