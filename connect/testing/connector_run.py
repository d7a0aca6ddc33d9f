"""Runs a connector in this process as a worker would, against Kafka in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from connect.api import Connector
from connect.kafka.door import Message
from connect.kafka.fake import FakeKafka
from connect.plugins.registry import CONNECTOR_KINDS, process_plugins
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.progress import Progress
from connect.runtime.rate_limits import RateLimits
from connect.runtime.task_builder import TaskBuilder, TaskSpec
from connect.runtime.task_context import OffsetReader
from connect.runtime.task_link import TaskControl
from connect.testing.offsets import MemoryOffsets

_WORKER = {
    "key.converter": "org.apache.kafka.connect.json.JsonConverter",
    "key.converter.schemas.enable": "false",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
    "offset.flush.interval.ms": "50",
}
_LOOK_EVERY_SECONDS = 0.01


class ConnectorRunFailed(AssertionError):
    """The connector or a task failed, or what was waited for did not come; the cause is what was raised."""


class ConnectorRun:
    """One life of a connector, from ``start`` to ``stop``; ``with`` does both.

    ``config`` is what a user would POST (``name`` may be left out). ``worker`` holds worker properties: JSON converters
    without schemas by default. Hand ``kafka`` and ``offsets`` of an earlier run over to go on where that ended.
    A sink has one task: the consumer groups of the Kafka in memory have one member.
    """

    def __init__(
        self,
        config: Mapping[str, str],
        *,
        worker: Mapping[str, str] | None = None,
        kafka: FakeKafka | None = None,
        offsets: MemoryOffsets | None = None,
    ) -> None:
        self.config = {"name": "tested", "tasks.max": "1", **config}
        self.kafka = kafka or FakeKafka()
        self.offsets = offsets or MemoryOffsets()
        self.reconfigurations = 0
        self._worker = {**_WORKER, **(worker or {})}
        self._connector: Connector | None = None
        self._tasks: list[_TaskThread] = []
        self._failure: BaseException | None = None

    def start(self) -> Self:
        """Start the connector and its tasks. Raises what the connector raises."""
        connector: Connector = process_plugins().load(self.config["connector.class"], *CONNECTOR_KINDS)()
        connector.initialize(_Context(self))
        self._connector = connector
        connector.start(self.config)
        for number, task_config in enumerate(connector.task_configs(int(self.config["tasks.max"]))):
            self._tasks.append(_TaskThread(self, number, task_config, self._worker))
        for task in self._tasks:
            task.start()
        return self

    def stop(self, timeout: float = 10) -> None:
        """End tasks and connector in order. Raises ConnectorRunFailed when a task doesn't end within ``timeout`` s."""
        deadline = time.monotonic() + timeout
        for task in self._tasks:
            task.control.stop()
        for task in self._tasks:
            task.join(max(0.0, deadline - time.monotonic()))
        still = [str(task.id) for task in self._tasks if task.is_alive()]
        if self._connector is not None:
            self._connector.stop()
            self._connector = None
        if still:
            raise ConnectorRunFailed(f"{', '.join(still)} did not stop within {timeout} s")

    def pause(self, paused: bool = True) -> None:
        """Pause all tasks, or let them go on."""
        for task in self._tasks:
            task.control.pause(paused)

    def states(self) -> list[State | None]:
        """What each task has last reported; None for one that has not begun."""
        return [task.state for task in self._tasks]

    @property
    def failure(self) -> BaseException | None:
        """What made the connector or one of its tasks fail; None while all is well."""
        return next((task.failure for task in self._tasks if task.failure is not None), self._failure)

    def messages(self, topic: str) -> list[Message]:
        """What is in a topic: ``key()``, ``value()``, ``headers()``, … as the Kafka client gives them."""
        return self.kafka.messages(topic)

    def wait_for_messages(self, topic: str, count: int, timeout: float = 10) -> list[Message]:
        """Wait until a topic has that many records, then return all of them. Raises ConnectorRunFailed."""
        self.wait_until(lambda: len(self.messages(topic)) >= count, timeout, f"{count} records in '{topic}'")
        return self.messages(topic)

    def committed(self, topic: str) -> int:
        """A sink's committed offsets of a topic, added up over its partitions."""
        group = self.kafka.groups[f"connect-{self.config['name']}"]
        return sum(offset for (name, _), offset in list(group.items()) if name == topic)

    def wait_until(self, condition: Any, timeout: float = 10, what: str = "the condition") -> None:
        """Wait for a condition while the connector runs. Raises ConnectorRunFailed when it fails, or time is over."""
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while not condition():
            if self.failure is not None:
                raise ConnectorRunFailed(f"{self.config['name']} failed: {self.failure}") from self.failure
            if time.monotonic() > deadline:
                raise ConnectorRunFailed(f"Waited {timeout} s in vain for {what}")
            pause.wait(_LOOK_EVERY_SECONDS)

    def fail(self, error: BaseException) -> None:
        """The connector's own threads report a failure."""
        self._failure = error

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Context:
    """The connector's view of the run."""

    def __init__(self, run: ConnectorRun) -> None:
        self._run = run
        self.offset_storage_reader = OffsetReader(run.offsets)

    def request_task_reconfiguration(self) -> None:
        """Only counted: a test that cares starts another run."""
        self._run.reconfigurations += 1

    def raise_error(self, error: BaseException) -> None:
        self._run.fail(error)


class _TaskThread(threading.Thread):
    """A task under the worker's own loop."""

    def __init__(self, run: ConnectorRun, number: int, config: Mapping[str, str], worker: Mapping[str, str]) -> None:
        self.id = ConnectorTaskId(run.config["name"], number)
        super().__init__(name=str(self.id), daemon=True)
        self.control = TaskControl()
        self.failure: BaseException | None = None
        self.state: State | None = None
        spec = TaskSpec(self.id, run.config, config, worker, None)
        self._builder = TaskBuilder(
            spec, process_plugins(), run.kafka, run.offsets, self.control, self, Progress(), RateLimits()
        )

    def run(self) -> None:
        try:
            self._builder.build()()
        except BaseException as error:  # noqa: BLE001  # what a task fails with is the result
            self.failure = error

    def report_state(self, state: State, trace: str | None = None) -> None:
        """As the loop tells it."""
        self.state = state

    def report_topics(self, topics: Sequence[str]) -> None:
        """Which topics were used is seen in the Kafka in memory."""
