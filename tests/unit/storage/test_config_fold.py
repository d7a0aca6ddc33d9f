"""How the records of the config topic fold into a picture, compaction included."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.storage.cluster_state import RestartRequest, SessionKey
from connect.storage.config_fold import ConfigFold


class Listener:
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []

    def on_connector_config_update(self, connector: str) -> None:
        self.heard.append(("update", connector))

    def on_connector_config_remove(self, connector: str) -> None:
        self.heard.append(("remove", connector))

    def on_task_config_update(self, tasks: Sequence[ConnectorTaskId]) -> None:
        self.heard.append(("tasks", [str(task) for task in tasks]))

    def on_connector_target_state_change(self, connector: str) -> None:
        self.heard.append(("target", connector))

    def on_session_key_update(self, key: SessionKey) -> None:
        self.heard.append(("key", key.creation_timestamp))

    def on_restart_request(self, request: RestartRequest) -> None:
        self.heard.append(("restart", request))

    def on_logging_level_update(self, logger: str, level: str) -> None:
        self.heard.append(("level", (logger, level)))


class Topic:
    """A fold, fed with records."""

    def __init__(self) -> None:
        self.fold = ConfigFold()
        self.listener = Listener()
        self.fold.listener = self.listener
        self.written = 0

    def add(self, key: str, value: Any) -> Topic:
        text = None if value is None else json.dumps(value).encode()
        self.fold.apply(self.written, key.encode(), text)
        self.written += 1
        return self

    def connector(self, name: str = "c", **config: Any) -> Topic:
        return self.add(f"connector-{name}", {"properties": config})

    def tasks(self, *numbers: int, name: str = "c", value: str = "1") -> Topic:
        for number in numbers:
            self.add(f"task-{name}-{number}", {"properties": {"v": value}})
        return self

    def commit(self, count: int, name: str = "c") -> Topic:
        return self.add(f"commit-{name}", {"tasks": count})


@pytest.fixture
def topic() -> Topic:
    return Topic()


def test_a_new_connector_is_to_be_started(topic: Topic) -> None:
    state = topic.connector(a="1", b=None).fold.snapshot()
    assert state.connector_config("c") == {"a": "1", "b": None}
    assert state.target_state("c") is TargetState.STARTED
    assert (state.offset, state.tasks("c")) == (1, [])


def test_an_initial_state_comes_before_its_connector_and_is_not_announced(topic: Topic) -> None:
    topic.add("target-state-c", {"state": "PAUSED", "state.v2": "STOPPED"}).connector()
    assert topic.fold.snapshot().target_state("c") is TargetState.STOPPED
    assert topic.listener.heard == [("update", "c")]


def test_old_writers_know_no_state_v2(topic: Topic) -> None:
    topic.connector().add("target-state-c", {"state": "PAUSED"})
    assert topic.fold.snapshot().target_state("c") is TargetState.PAUSED


@pytest.mark.parametrize("value", [{"state": "ASLEEP"}, {"state": 1}, [], "PAUSED"])
def test_an_unknown_target_state_is_ignored(topic: Topic, value: Any) -> None:
    topic.connector().add("target-state-c", value)
    assert topic.fold.snapshot().target_state("c") is TargetState.STARTED


def test_a_removed_target_state_is_started_again_while_the_connector_exists(topic: Topic) -> None:
    topic.connector().add("target-state-c", {"state": "PAUSED"}).add("target-state-c", None)
    assert topic.fold.snapshot().target_state("c") is TargetState.STARTED
    topic.add("connector-c", None).add("target-state-c", None)
    assert topic.fold.snapshot().target_state("c") is None


def test_task_configs_count_once_they_are_committed(topic: Topic) -> None:
    topic.connector().tasks(0, 1)
    assert topic.fold.snapshot().task_configs == {}
    topic.commit(2)
    state = topic.fold.snapshot()
    assert [str(task) for task in state.tasks("c")] == ["c-0", "c-1"]
    assert state.task_config_generation("c") == 0
    assert state.applied_config("c") == {}
    assert state.pending_fencing == {"c"}
    assert topic.listener.heard[-1] == ("tasks", ["c-0", "c-1"])


def test_a_name_may_hold_dashes_and_digits(topic: Topic) -> None:
    topic.connector("a-1-b-2").tasks(0, name="a-1-b-2").commit(1, "a-1-b-2")
    assert topic.fold.snapshot().all_task_configs("a-1-b-2") == {ConnectorTaskId("a-1-b-2", 0): {"v": "1"}}


def test_a_commit_that_finds_too_few_tasks_makes_the_connector_inconsistent(topic: Topic) -> None:
    topic.connector().tasks(1).commit(2)
    state = topic.fold.snapshot()
    assert state.inconsistent == {"c"}
    assert (state.task_count("c"), state.tasks("c")) == (2, [])
    assert topic.listener.heard[-1] == ("tasks", [])
    topic.tasks(0, 1).commit(2)
    assert topic.fold.snapshot().inconsistent == frozenset()
    assert len(topic.fold.snapshot().tasks("c")) == 2


def test_tasks_left_over_from_a_larger_generation_are_outside_the_count(topic: Topic) -> None:
    topic.connector().tasks(0, 1, 2).commit(3).tasks(0, value="2").commit(1)
    state = topic.fold.snapshot()
    assert state.all_task_configs("c") == {ConnectorTaskId("c", 0): {"v": "2"}}
    assert state.task_config(ConnectorTaskId("c", 2)) == {"v": "1"}
    assert state.task_config_generation("c") == 1


def test_more_tasks_than_committed_are_no_inconsistency(topic: Topic) -> None:
    topic.connector().tasks(0, 1, 2).commit(1)
    assert [str(task) for task in topic.fold.snapshot().tasks("c")] == ["c-0"]


def test_a_first_commit_of_no_tasks_starts_no_generation(topic: Topic) -> None:
    topic.connector().commit(0)
    state = topic.fold.snapshot()
    assert (state.task_config_generation("c"), state.tasks("c")) == (None, [])


def test_deletion_removes_everything_but_fencing_and_target_state(topic: Topic) -> None:
    topic.connector().tasks(0).commit(1).add("tasks-fencing-c", {"task-count": 1}).add("connector-c", None)
    state = topic.fold.snapshot()
    assert not state.contains("c")
    assert (state.task_configs, state.task_counts, state.applied_configs) == ({}, {}, {})
    assert state.task_count_record("c") == 1
    assert state.target_state("c") is TargetState.STARTED


def test_tasks_of_a_connector_that_compaction_has_removed_are_dropped(topic: Topic) -> None:
    topic.tasks(0).commit(1)
    state = topic.fold.snapshot()
    assert (state.task_configs, state.task_counts) == ({}, {})
    assert topic.listener.heard == []


def test_a_task_count_ends_pending_fencing(topic: Topic) -> None:
    topic.connector().tasks(0).commit(1).add("tasks-fencing-c", {"task-count": 1}).add("tasks-fencing-c", None)
    state = topic.fold.snapshot()
    assert (state.pending_fencing, state.task_count_record("c")) == (frozenset(), 1)


def test_session_keys_are_announced(topic: Topic) -> None:
    key = {"key": "AQI=", "algorithm": "HmacSHA256", "creation-timestamp": 5}
    topic.add("session-key", key).add("session-key", None).add("session-key", {**key, "key": 1})
    assert topic.fold.snapshot().session_key == SessionKey(b"\x01\x02", "HmacSHA256", 5)
    assert topic.listener.heard == [("key", 5)]


def test_restart_requests_are_announced_with_false_for_unreadable_flags(topic: Topic) -> None:
    topic.add("restart-connector-c", {"include-tasks": True, "only-failed": "x"}).add("restart-connector-c", None)
    assert topic.listener.heard == [("restart", RestartRequest("c", only_failed=False, include_tasks=True))]


def test_restart_requests_and_levels_of_former_times_are_ignored(topic: Topic) -> None:
    topic.fold.listener = None
    topic.add("restart-connector-c", {"include-tasks": True, "only-failed": True})
    topic.add("logger-cluster-a.b", {"level": "DEBUG"})
    assert topic.listener.heard == []
    assert topic.fold.snapshot().offset == 2


def test_log_levels_are_announced(topic: Topic) -> None:
    topic.add("logger-cluster-a.b", {"level": "DEBUG"}).add("logger-cluster-a.b", {"level": 1})
    assert topic.listener.heard == [("level", ("a.b", "DEBUG"))]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("unknown", {}),
        ("connector-c", {"properties": []}),
        ("connector-c", {}),
        ("connector-c", []),
        ("task-c", {"properties": {}}),
        ("task-c-x", {"properties": {}}),
        ("task-c-0", None),
        ("commit-c", {"tasks": "1"}),
    ],
)
def test_what_is_not_understood_changes_nothing_but_the_offset(topic: Topic, key: str, value: Any) -> None:
    topic.connector(a="1").tasks(0).commit(1)
    before = topic.fold.snapshot()
    topic.add(key, value)
    after = topic.fold.snapshot()
    assert after.offset == before.offset + 1
    assert (after.connector_configs, after.task_configs) == (before.connector_configs, before.task_configs)


def test_a_value_that_is_no_json_does_not_even_count(topic: Topic) -> None:
    topic.fold.apply(7, b"connector-c", b"{")
    assert topic.fold.snapshot().offset == -1


def test_a_snapshot_does_not_change_any_more(topic: Topic) -> None:
    before = topic.connector().fold.snapshot()
    topic.add("connector-c", None)
    assert before.contains("c")


def test_the_restart_request_with_the_highest_impact_restarts_most() -> None:
    requests = [RestartRequest("c", only_failed, tasks) for only_failed in (True, False) for tasks in (False, True)]
    assert sorted(requests, key=lambda each: each.impact) == requests


def test_a_commit_of_absurdly_many_tasks_leaves_the_connector_inconsistent(topic: Topic) -> None:
    topic.connector().tasks(0).commit(10**12)
    state = topic.fold.snapshot()
    assert state.tasks("c") == []
    assert state.inconsistent == {"c"}


def test_a_target_state_that_was_there_before_is_no_news(topic: Topic) -> None:
    topic.connector().add("target-state-c", {"state": "STARTED"})
    topic.add("target-state-c", {"state": "PAUSED"}).add("target-state-c", {"state": "PAUSED", "state.v2": "PAUSED"})
    assert topic.listener.heard == [("update", "c"), ("target", "c")]
