"""Plays a recorded scenario of the JDBC source without Kafka: connector and tasks under a worker's stand-in."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import ConnectException, DataException, RecordBatch, SourceOrigin, SourceTask
from connect.plugins.registry import process_plugins
from connect.runtime.plugins_of_task import make_chain
from connectors.jdbc.connector import JdbcSourceConnector
from converters.json import JsonConverter
from tests.conformance.jdbc_databases import ScenarioDatabase
from tests.unit.connectors.source_context import Offsets

Json = dict[str, Any]

_WAIT_SECONDS = 40


def place(node: Any, placeholders: Mapping[str, str]) -> Any:
    """Anything of a scenario with its placeholders filled in."""
    if isinstance(node, str):
        for name, value in placeholders.items():
            node = node.replace(f"${{{name}}}", value)
        return node
    if isinstance(node, list):
        return [place(item, placeholders) for item in node]
    if isinstance(node, dict):
        return {place(key, placeholders): place(item, placeholders) for key, item in node.items()}
    return node


class StoredOffsets(Offsets):
    """Offsets by partition, in the order of their first appearance."""

    def listed(self) -> list[Json]:
        return [{"partition": json.loads(key), "offset": offset} for key, offset in self.stored.items()]

    def put(self, partition: Mapping[str, Any], offset: Mapping[str, Any] | None) -> None:
        key = json.dumps(partition, sort_keys=True)
        if offset is None:
            self.stored.pop(key, None)
        else:
            self.stored[key] = dict(offset)


class TaskContext:
    """Implements SourceTaskContext over an event."""

    transaction_context = None

    def __init__(self, offsets: StoredOffsets) -> None:
        self.offset_storage_reader = offsets
        self.stopping = threading.Event()

    def configs(self) -> dict[str, str]:
        return {}

    def wait(self, seconds: float) -> bool:
        return self.stopping.wait(seconds)

    def report_errant_record(self, error: BaseException, *, raw: bytes | None = None, where: str = "") -> None:
        raise ConnectException("Tolerance exceeded in error handler") from error


class ScenarioWorker:
    """Runs the connector and its tasks, each in a thread; collects what they would write to Kafka."""

    def __init__(self, config: dict[str, str]) -> None:
        self.config = config
        self.offsets = StoredOffsets()
        self.topics: dict[str, list[Json]] = {}
        self.task_configs: list[dict[str, str]] = []
        self.failures: list[tuple[str, int | None, list[str]]] = []
        self._reconfigure = threading.Event()
        self._connector: JdbcSourceConnector | None = None
        self._running: list[tuple[TaskContext, threading.Thread]] = []
        self._lock = threading.Lock()

    # what a connector may ask of the runtime

    @property
    def offset_storage_reader(self) -> StoredOffsets:
        return self.offsets

    def request_task_reconfiguration(self) -> None:
        self._reconfigure.set()

    def raise_error(self, error: BaseException) -> None:
        self.failures.append(("connector", None, _messages(error)))

    def start(self) -> None:
        connector = JdbcSourceConnector()
        connector.initialize(self)
        self._connector = connector
        try:
            connector.start(self.config)
            self._start_tasks()
        except Exception as error:
            self.raise_error(error)

    def _start_tasks(self) -> None:
        assert self._connector is not None
        self.task_configs = self._connector.task_configs(int(self.config["tasks.max"]))
        for number, task_config in enumerate(self.task_configs):
            context = TaskContext(self.offsets)
            thread = threading.Thread(target=self._run_task, args=(number, task_config, context))
            self._running.append((context, thread))
            thread.start()

    def _stop_tasks(self) -> None:
        for context, _ in self._running:
            context.stopping.set()
        for _, thread in self._running:
            thread.join(20)
            assert not thread.is_alive(), "the task didn't stop"
        self._running.clear()

    def stop(self) -> None:
        self._stop_tasks()
        if self._connector is not None:
            self._connector.stop()
            self._connector = None

    def refresh(self) -> None:
        """Do what the connector asked for meanwhile."""
        if self._reconfigure.is_set():
            self._reconfigure.clear()
            self._stop_tasks()
            self._start_tasks()

    def _run_task(self, number: int, config: dict[str, str], context: TaskContext) -> None:
        assert self._connector is not None
        task: SourceTask = self._connector.task_class()()
        try:
            task.initialize(context)
            task.start(config)
            chain = make_chain(process_plugins(), {**config, "name": "x", "key.converter": "", "value.converter": ""})
            while not context.stopping.is_set():
                for batch in task.poll_batch() or ():
                    for transformed in chain.apply(batch):
                        self._take(transformed)
        except Exception as error:
            self.failures.append(("task", number, _messages(error)))
        finally:
            task.stop()

    def _take(self, batch: RecordBatch) -> None:
        origin = batch.origin
        assert isinstance(origin, SourceOrigin)
        topic = str(batch.topic)
        for index, position in enumerate(batch.positions):
            record = batch.record(index)
            try:
                key = _json(topic, batch.key_schema, record.key)
                value = _json(topic, batch.value_schema, record.value)
            except DataException as error:
                raise ConnectException("Tolerance exceeded in error handler") from error
            with self._lock:
                self.topics.setdefault(topic, []).append(
                    {"key": key, "value": value, "headers": [[h.key, h.value] for h in record.headers], "partition": 0}
                )
                offset, partition = origin.offsets[position], origin.partitions[position]
                if partition is not None and offset is not None:
                    self.offsets.put(partition, offset)
        assert batch.timestamps is None

    def count(self) -> int:
        return sum(map(len, self.topics.values()))


def _json(topic: str, schema: Any, value: Any) -> Any:
    converter = JsonConverter()
    converter.configure({}, False)
    data = converter.from_connect_data(topic, schema, value)
    parsed = None if data is None else json.loads(data)
    return None if parsed == {"schema": None, "payload": None} else parsed


def _messages(error: BaseException | None) -> list[str]:
    found = []
    while error is not None:
        found.append(str(error))
        error = error.__cause__
    return found


class Run:
    """One scenario on a database of its own."""

    def __init__(self, scenario: Json, database: ScenarioDatabase) -> None:
        self.scenario = scenario
        self.database = database
        config = {key: value for key, value in scenario["config"].items() if value is not None}
        self.worker = ScenarioWorker({"name": "scenario", **config})

    def play(self) -> ScenarioWorker:
        """Run setup and steps."""
        self.database.execute(self.scenario["setup"])
        worker = self.worker
        worker.start()
        try:
            for step in self.scenario["steps"]:
                self._step(step)
            self._settle()
        finally:
            worker.stop()
        return worker

    def _settle(self) -> None:
        """Until the expected records are there (or a failure is): whoever waits for more than that waits himself."""
        expected = self.scenario["expect"]
        wanted = sum(map(len, expected.get("topics", {}).values()))
        failing = "failure" in expected
        self._until(lambda: self.worker.failures if failing else self.worker.count() >= wanted, 10)

    def _step(self, step: Json) -> None:
        match step:
            case {"sql": statements}:
                self.database.execute(statements)
            case {"waitRecords": count}:
                self._until(lambda: self.worker.count() >= count or self.worker.failures, _WAIT_SECONDS)
            case {"waitFailure": True}:
                self._until(lambda: self.worker.failures, step["limit"])
            case {"sleepMs": milliseconds}:
                self._until(lambda: self.worker.failures, milliseconds / 1000)
            case {"restartConnector": True}:
                self.worker.stop()
                self.worker.start()
            case {"stopConnector": True}:
                self.worker.stop()
            case {"resumeConnector": True}:
                self.worker.start()
            case {"config": changes}:
                self.worker.stop()
                self.worker.config = {**self.worker.config, **changes}
                self.worker.start()
            case {"patchOffsets": changes}:
                self._patch(changes)
            case _:
                raise AssertionError(f"unknown step {step}")

    def _patch(self, changes: Sequence[Json]) -> None:
        pairs = [(change["partition"], change["offset"]) for change in changes]
        assert JdbcSourceConnector().alter_offsets(self.worker.config, pairs)
        for partition, offset in pairs:
            self.worker.offsets.put(partition, offset)

    def _until(self, condition: Any, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        pause = threading.Event()
        while time.monotonic() < deadline and not condition():
            self.worker.refresh()
            pause.wait(0.02)
