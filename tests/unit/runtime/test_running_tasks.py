"""The watch over tasks goes on whatever is wrong with one of them, and a task in a thread is told to stop like any."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from connect.runtime import pulse, running_tasks
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.running_tasks import RunningTask, RunningTasks
from connect.runtime.task_homes import TaskHomes
from connect.runtime.task_rules import TaskRules
from tests.waiting import eventually

_RULES = TaskRules(in_thread=True)


class Tasks:
    """Tasks in threads of this process; each reads an empty file, for which it needs no broker."""

    def __init__(self, folder: Path) -> None:
        no_supervisor: Any = None
        self.states: list[tuple[int, State]] = []
        self.running = RunningTasks(TaskHomes(no_supervisor), self._answer, self._note, 20.0, 60.0)
        self._file = folder / "empty.txt"
        self._file.touch()

    async def _answer(self, running: RunningTask, method: str, params: dict[str, Any]) -> Any:
        return [None for _ in params["partitions"]] if method == "load_offsets" else None

    def _note(self, task_id: ConnectorTaskId, state: State, trace: str | None) -> None:
        self.states.append((task_id.task, state))

    async def start(self, number: int, **config: str) -> None:
        string = "org.apache.kafka.connect.storage.StringConverter"
        connector = {
            "name": "c",
            "connector.class": "FileStreamSource",
            "file": str(self._file),
            "topic": "t",
            "key.converter": string,
            "value.converter": string,
            **config,
        }
        start = {
            "connector": "c",
            "task": number,
            "connector_config": connector,
            "provided_secrets": [],
            "task_config": connector,
            "worker": {"bootstrap.servers": "127.0.0.1:1"},
            "group_id": None,
            "levels": {},
            "paused": False,
            "patience": None,
        }
        await self.running.start(ConnectorTaskId("c", number), _RULES, start)


async def test_a_task_in_a_thread_runs_fails_and_stops_like_any(tmp_path: Path) -> None:
    tasks = Tasks(tmp_path)
    await tasks.start(0)
    await tasks.start(1, transforms="nonsense")
    await eventually(lambda: {(0, State.RUNNING), (1, State.FAILED)} <= set(tasks.states))
    ids = [ConnectorTaskId("c", number) for number in (0, 1)]
    assert await tasks.running.stop(ids) == ids
    await eventually(lambda: not {"c-0", "c-1"} & {thread.name for thread in threading.enumerate()})
    await tasks.running.close()


async def test_an_error_of_the_watch_does_not_end_the_pulse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It would end all tasks, since they take a worker without a pulse for one that hangs. Logged once per task."""
    looks = []

    def stumble(*_: Any) -> None:
        looks.append(1)
        raise ValueError("a report that nobody understands")

    monkeypatch.setattr(pulse, "BEAT_SECONDS", 0.005)
    monkeypatch.setattr(running_tasks, "stalled_for", stumble)
    tasks = Tasks(tmp_path)
    with caplog.at_level(logging.ERROR):
        await tasks.start(0)
        await eventually(lambda: len(looks) > 3)
    await tasks.running.close()
    (said,) = [record for record in caplog.records if record.name == running_tasks.__name__]
    assert said.exc_info is not None
    assert said.message == "Task c-0 can't be watched any more; it runs on"
