"""Internal topics against recordings: what Java wrote is understood, and what we write has the same bytes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connect.kafka.connect_clients import ConnectClients
from connect.kafka.fake import FakeKafka
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from connect.storage import config_records, java_hash_map
from connect.storage.cluster_state import ClusterConfigState, RestartRequest, SessionKey
from connect.storage.config_fold import ConfigFold
from connect.storage.file_offset_store import FileOffsetBackingStore
from connect.storage.internal_topics import config_topic, offset_topic, status_topic
from connect.storage.kafka_config_store import KafkaConfigBackingStore
from connect.storage.kafka_offset_store import KafkaOffsetBackingStore
from connect.storage.kafka_status_store import KafkaStatusBackingStore
from connect.storage.offsets import offset_key, offset_value, parse_key, parse_value
from connect.storage.status import parse_task, read_status, read_topic_status, status_value
from tests.conformance.vectors import CONFORMANCE_DIR

Pair = tuple[str, str | None]
Json = dict[str, Any]

FOLDER = CONFORMANCE_DIR / "internal-topics"
WORKER = {
    "bootstrap.servers": "fake:9092",
    "group.id": "g",
    "config.storage.topic": "config",
    "offset.storage.topic": "offsets",
    "status.storage.topic": "status",
}
CLIENTS = ConnectClients(WORKER, "g")
# Scenarios of one worker go on from each other; all others begin with empty topics.
CHAINS = (
    [
        *("fresh-start", "create-source", "update-grow", "update-shrink", "update-same", "update-invalid"),
        *("pause-resume", "stop-resume", "restart-plain", "restart-flags", "topics-reset", "offsets-alter-reset"),
        "delete-source",
    ],
    ["file-source-offsets", "graceful-restart"],
    ["eos-fresh-start", "eos-create", "eos-shrink", "eos-offsets"],
)
SECRET = base64.b64encode(bytes(range(32))).decode()


@cache
def scenarios() -> dict[str, Json]:
    found = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    assert found, f"no recordings in {FOLDER}"
    return found


def names() -> list[str]:
    return [name for name, scenario in scenarios().items() if "config" in scenario]


def recorded(name: str, topic: str) -> list[Pair]:
    """Keys and values of a scenario's topic, with a session key in the place of the redacted one."""
    records = scenarios()[name][topic]
    return [(each["key"], (each["valueUtf8"] or "").replace("<redacted>", SECRET) or None) for each in records]


def history(name: str, topic: str) -> list[Pair]:
    """All records that the scenario's worker has written up to its end."""
    chain = next((chain[: chain.index(name) + 1] for chain in CHAINS if name in chain), [name])
    return [pair for each in chain for pair in recorded(each, topic)]


def encoded(pair: Pair) -> tuple[bytes, bytes | None]:
    key, value = pair
    return key.encode(), None if value is None else value.encode()


def fill(kafka: FakeKafka, topic: str, partitions: int, pairs: list[Pair]) -> None:
    kafka.create_topic(topic, partitions, {"cleanup.policy": "compact"})
    for pair in pairs:
        key, value = encoded(pair)
        kafka.append(topic, value, key)


def newest(pairs: list[Pair]) -> dict[str, str]:
    """What is left for each key."""
    return {key: value for key, value in dict(pairs).items() if value is not None}


def properties(value: str) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(value)["properties"]
    return found


# --- the config topic


def fold(pairs: list[Pair]) -> ClusterConfigState:
    picture = ConfigFold()
    for offset, pair in enumerate(pairs):
        picture.apply(offset, *encoded(pair))
    return picture.snapshot()


def last_committed(pairs: list[Pair], connector: str) -> list[dict[str, str | None]]:
    """The task configs that stood before the last commit of a connector, as a reader of the recording sees them."""
    committed: list[dict[str, str | None]] = []
    tasks: dict[str, str] = {}
    for key, value in pairs:
        if value is not None and re.fullmatch(rf"task-{re.escape(connector)}-\d+", key):
            tasks[key] = value
        if value is not None and key == f"commit-{connector}":
            count = json.loads(value)["tasks"]
            committed = [properties(tasks[f"task-{connector}-{number}"]) for number in range(count)]
    return committed


@pytest.mark.parametrize("name", names())
def test_the_config_topic_folds_into_what_was_configured(name: str) -> None:
    pairs = history(name, "config")
    state, left = fold(pairs), newest(pairs)
    configs = {key.removeprefix("connector-"): value for key, value in left.items() if key.startswith("connector-")}
    assert dict(state.connector_configs) == {connector: properties(value) for connector, value in configs.items()}
    assert state.offset == (len(pairs) or -1)
    assert not state.inconsistent
    for connector in configs:
        assert list(state.all_task_configs(connector).values()) == last_committed(pairs, connector)
        wanted = json.loads(left.get(f"target-state-{connector}", '{"state.v2":"STARTED"}'))["state.v2"]
        assert state.target_state(connector) is TargetState[wanted]
    for key, value in left.items():
        if key.startswith("tasks-fencing-"):
            assert state.task_count_record(key.removeprefix("tasks-fencing-")) == json.loads(value)["task-count"]


@pytest.mark.parametrize("name", names())
def test_compaction_does_not_change_the_picture(name: str) -> None:
    pairs = history(name, "config")
    last = {key: at for at, (key, _) in enumerate(pairs)}
    compacted = [pair for at, pair in enumerate(pairs) if last[pair[0]] == at]
    whole, rest = fold(pairs), fold(compacted)
    assert rest.connector_configs == whole.connector_configs
    assert rest.session_key == whole.session_key
    for connector in whole.connectors():
        assert rest.target_state(connector) is whole.target_state(connector)
        # A config that was written again after its tasks may belong to a new connector of the same name: Java's
        # worker then takes no old tasks, and has them made again.
        outlived = last[f"connector-{connector}"] > last.get(f"commit-{connector}", -1)
        assert rest.task_count(connector) == (0 if outlived else whole.task_count(connector))


def operations(pairs: list[Pair]) -> Iterator[Callable[[KafkaConfigBackingStore], None]]:
    """The calls with which a herder makes those records."""
    waiting: list[Pair] = []
    following = [*pairs[1:], ("", None)]
    for at, (key, value) in enumerate(pairs):
        next_key, next_value = following[at]
        initial = next_value is not None and next_key == f"connector-{key.removeprefix('target-state-')}"
        if key.startswith("task-") or initial:
            waiting.append((key, value))
            continue
        call = operation(key, value, waiting)
        if call is not None:
            yield call
        waiting = []


def operation(key: str, value: str | None, waiting: list[Pair]) -> Callable[[KafkaConfigBackingStore], None] | None:
    kind, name = next((each, key[len(each) :]) for each in PREFIXES if key.startswith(each))
    if value is None:
        return (lambda store: store.remove_connector_config(name)) if kind == "connector-" else None
    content = json.loads(value)
    if kind == "connector-":
        state = TargetState[json.loads(waiting[0][1] or "")["state.v2"]] if waiting else None
        return lambda store: store.put_connector_config(name, content["properties"], state)
    if kind == "commit-":
        configs = [properties(each or "") for _, each in waiting]
        assert content == {"tasks": len(configs)}
        return lambda store: store.put_task_configs(name, configs)
    if kind == "target-state-":
        return lambda store: store.put_target_state(name, TargetState[content["state.v2"]])
    if kind == "restart-connector-":
        request = RestartRequest(name, content["only-failed"], content["include-tasks"])
        return lambda store: store.put_restart_request(request)
    if kind == "tasks-fencing-":
        return lambda store: store.put_task_count_record(name, content["task-count"])
    if kind == "logger-cluster-":
        return lambda store: store.put_logger_level(name, content["level"])
    secret = SessionKey(base64.b64decode(content["key"]), content["algorithm"], content["creation-timestamp"])
    return lambda store: store.put_session_key(secret)


PREFIXES = (
    config_records.TARGET_STATE,
    config_records.CONNECTOR,
    config_records.COMMIT,
    config_records.RESTART,
    config_records.FENCING,
    config_records.LOGGER,
    config_records.SESSION_KEY,
)


@pytest.mark.parametrize("fenceable", [False, True])
@pytest.mark.parametrize("name", names())
def test_the_config_store_writes_the_same_records(name: str, fenceable: bool) -> None:
    kafka = FakeKafka()
    store = KafkaConfigBackingStore(kafka, CLIENTS, kafka.admin({}), config_topic(WORKER), fenceable=fenceable)
    store.start()
    store.claim_write_privileges()
    for call in operations(recorded(name, "config")):
        call(store)
    store.refresh(5)
    store.stop()
    assert kafka.records("config") == [encoded(pair) for pair in recorded(name, "config")]


# --- the status topic


@pytest.mark.parametrize("name", names())
def test_statuses_are_read_and_written_alike(name: str) -> None:
    for key, value in recorded(name, "status"):
        if value is None:
            continue
        if key.startswith("status-topic-"):
            topic = read_topic_status(value.encode())
            assert (topic.key, topic.value()) == encoded((key, value))
            continue
        owner = parse_task(key) if key.startswith("status-task-") else key.removeprefix("status-connector-")
        assert owner is not None
        status = read_status(owner, value.encode())
        assert (status.key, status_value(status)) == encoded((key, value))


@pytest.mark.parametrize("name", names())
def test_the_status_topic_folds_into_the_last_states(name: str) -> None:
    pairs = history(name, "status")
    kafka = FakeKafka()
    fill(kafka, "status", 5, pairs)
    store = KafkaStatusBackingStore(kafka, CLIENTS, kafka.admin({}), status_topic(WORKER))
    store.start()
    for key, value in newest(pairs).items():
        content = json.loads(value)
        if key.startswith("status-topic-"):
            topic = content["topic"]
            found = store.topic_status(topic["connector"], topic["name"])
            assert found is not None
            assert json.loads(found.value()) == content
            continue
        task = parse_task(key) if key.startswith("status-task-") else None
        state = store.task_status(task) if task else store.connector_status(key.removeprefix("status-connector-"))
        assert state is not None
        # A task that runs is not shown as unassigned by a farewell of the same or an older generation.
        if not (state.state is State.RUNNING and content["state"] == "UNASSIGNED"):
            assert status_value(state) == value.encode()
    alive = {key for key in newest(pairs) if not key.startswith("status-topic-")}
    shown = {f"status-connector-{each}" for each in store.connectors() if store.connector_status(each)}
    shown |= {status.key.decode() for each in store.connectors() for status in store.task_statuses(each)}
    assert shown == alive
    store.stop()


# --- the offsets topic


@pytest.mark.parametrize("name", names())
def test_offsets_are_read_and_written_alike(name: str) -> None:
    pairs = history(name, "offsets")
    kafka = FakeKafka()
    fill(kafka, "offsets", 25, pairs)
    producer, consumer = CLIENTS.topic_producer("offsets"), CLIENTS.topic_consumer("offsets")
    topic = offset_topic(WORKER)
    store = KafkaOffsetBackingStore(kafka, topic, admin=kafka.admin({}), producer=producer, consumer=consumer)
    store.start()
    left = dict(map(encoded, newest(pairs).items()))
    assert store.get([encoded(pair)[0] for pair in pairs]) == left
    assert set(store.keys()) == set(left)
    store.stop()
    for key, value in map(encoded, pairs):
        parsed = parse_key(key)
        assert parsed is not None
        assert (offset_key(*parsed), offset_value(parse_value(value))) == (key, value)


@pytest.mark.parametrize("topic", ["status", "offsets"])
@pytest.mark.parametrize("name", names())
def test_records_are_in_the_partitions_that_java_chose(name: str, topic: str) -> None:
    kafka = FakeKafka()
    kafka.create_topic(topic, {"status": 5, "offsets": 25}[topic])
    for record in scenarios()[name][topic]:
        if "<" not in record["key"]:
            assert kafka.append(topic, None, record["key"].encode()).partition() == record["partition"]


def test_topics_are_created_as_java_creates_them() -> None:
    worker = WORKER | {f"{kind}.storage.replication.factor": "1" for kind in ("config", "offset", "status")}
    ours = {"config": config_topic(worker), "status": status_topic(worker), "offsets": offset_topic(worker)}
    for name, wanted in scenarios()["fresh-start"]["topics"].items():
        assert (ours[name].partitions, ours[name].replication_factor) == (wanted["partitions"], 1)
        assert dict(ours[name].configs) | {"cleanup.policy": "compact"} == wanted["topicLevelConfigs"]


def test_the_standalone_file_is_the_same_byte_for_byte(tmp_path: Path) -> None:
    scenario = scenarios()["standalone-offset-file"]
    content = base64.b64decode(scenario["fileBase64"])
    path = tmp_path / "offsets"
    path.write_bytes(content)
    store = FileOffsetBackingStore(path)
    store.start()
    entries = dict(encoded((each["key"], each["valueUtf8"])) for each in scenario["entries"])
    assert store.get(list(entries)) == entries
    store.set({}).result(5)
    assert path.read_bytes() == content
    assert java_hash_map.loads(content) == entries


def test_every_recording_is_looked_at() -> None:
    assert len(names()) == len(scenarios()) - 1
    assert {name for chain in CHAINS for name in chain} <= set(names())
    assert ConnectorTaskId("c", 1) == parse_task("status-task-c-1")
