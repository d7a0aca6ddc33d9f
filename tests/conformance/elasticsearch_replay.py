"""Plays a recorded scenario: Kafka in memory, our task under the worker's own loop, a real search server."""

from __future__ import annotations

import base64
import json
import logging
import threading
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from connect.kafka.fake import FakeKafka
from connect.plugins.registry import PluginRegistry
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.progress import Progress
from connect.runtime.rate_limits import RateLimits
from connect.runtime.task_builder import TaskBuilder, TaskSpec
from connect.runtime.task_link import TaskControl
from tests.conformance.elasticsearch_proxy import FaultProxy
from tests.waiting import wait_until

Json = dict[str, Any]

CONNECTOR = "es-sink"
GROUP = f"connect-{CONNECTOR}"
_QUIET_SECONDS = 0.25
_LIMIT_SECONDS = 20.0

log = logging.getLogger(__name__)


class _Nothing:
    """A reporter and offset client for a task whose states the thread tells."""

    def report_state(self, state: State, trace: str | None = None) -> None:
        """Not needed."""

    def report_topics(self, topics: Sequence[str]) -> None:
        """Not needed."""

    def load(self, partitions: Any) -> list[Any]:
        raise AssertionError("sinks have no source offsets")

    def store(self, offsets: Any, timeout: float) -> None:
        raise AssertionError("sinks have no source offsets")


class RunningTask:
    """One sink task under the worker's loop, in a thread. ``worker`` are the worker's properties."""

    def __init__(self, kafka: FakeKafka, config: Mapping[str, str], worker: Mapping[str, str] | None = None) -> None:
        self.control = TaskControl()
        self.failure: BaseException | None = None
        spec = TaskSpec(ConnectorTaskId(CONNECTOR, 0), config, config, worker or {}, None)
        nothing = _Nothing()
        builder = TaskBuilder(spec, PluginRegistry(), kafka, nothing, self.control, nothing, Progress(), RateLimits())  # type: ignore[arg-type]
        self._loop = builder.build()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop()
        except BaseException as error:  # what a task fails with is the result
            self.failure = error

    @property
    def trace(self) -> str:
        """What /status would show."""
        return "" if self.failure is None else "".join(traceback.format_exception(self.failure))

    @property
    def ended(self) -> bool:
        """True when the loop is over."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """End the task as a worker does."""
        self.control.stop()
        self._thread.join(_LIMIT_SECONDS)
        assert self.ended, "the task didn't stop"


class Scenario:
    """A recorded scenario and what became of it here."""

    def __init__(self, recorded: Json, server: str, extra: Mapping[str, str] | None = None) -> None:
        self.recorded = recorded
        self.server = server
        self.expect: Json = recorded["expect"]
        self.kafka = FakeKafka()
        self._extra = extra or {}
        self.state = ""
        self.trace = ""

    def run(self) -> FaultProxy:
        """Steps 1 to 4 of the recordings' description."""
        self.remove_indices()
        for step in self.recorded.get("setup", []):
            requests.request(step["method"], self.server + step["path"], json=step.get("body"), timeout=30)
        self._create_topics()
        with FaultProxy(self.server, self.recorded.get("faults")) as proxy:
            self._produce(1)
            task = RunningTask(self.kafka, self.config(proxy))
            self._settle(proxy, task)
            if any(record.get("stage") == 2 for record in self.recorded["topicRecords"]):
                self._produce(2)
                self._settle(proxy, task)
            self.state = "RUNNING" if task.failure is None else "FAILED"
            task.stop()
            self.trace = task.trace
            log.info("%s\n%s", self.state, self.trace)
        return proxy

    def config(self, proxy: FaultProxy) -> dict[str, str]:
        """The connector's configuration with the converters and topics."""
        config = {**self.recorded["config"], **(self.recorded.get("converters") or {}), **self._extra}
        if "topics.regex" not in config:
            config["topics"] = ",".join(sorted(self.topics()))
        config["name"] = CONNECTOR
        config["connector.class"] = "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector"
        places = {"${ES_URL}": proxy.url, "${ES_HOST}": proxy.address, "${NAME}": CONNECTOR}
        return {key: _fill(value, places) for key, value in config.items()}

    def topics(self) -> set[str]:
        """The topics of the scenario."""
        return {record["topic"] for record in self.recorded["topicRecords"]}

    def remove_indices(self) -> None:
        """Forget what an earlier run left on the server."""
        own = self.recorded["id"]
        found = requests.get(f"{self.server}/_cat/indices?format=json&expand_wildcards=all", timeout=30).json()
        for index in found:
            if own in index["index"]:
                requests.delete(f"{self.server}/{index['index']}", timeout=30).raise_for_status()

    def _create_topics(self) -> None:
        for topic in self.topics():
            highest = max(r["partition"] for r in self.recorded["topicRecords"] if r["topic"] == topic)
            self.kafka.create_topic(topic, highest + 1)

    def _produce(self, stage: int) -> None:
        for record in self.recorded["topicRecords"]:
            if record.get("stage", 1) != stage:
                continue
            key = base64.b64decode(record["keyBase64"]) if "keyBase64" in record else _encode(record.get("key"))
            headers = [(name, _encode(text)) for name, text in record.get("headers") or []]
            self.kafka.append(
                record["topic"],
                _encode(record.get("value")),
                key,
                partition=record["partition"],
                timestamp=record.get("timestamp", 0),
                headers=headers or None,
            )

    def _settle(self, proxy: FaultProxy, task: RunningTask) -> None:
        """Wait until nothing more is sent, or the task has failed."""
        proxy.expect_more()
        quiet = _QUIET_SECONDS + int(self.recorded["config"].get("linger.ms", "1")) / 1000
        wait_until(lambda: task.ended or (bool(proxy.passed) and proxy.is_idle(quiet)))

    # What there is now

    def mapping(self, index: str) -> Json:
        """The server's mapping."""
        answer = requests.get(f"{self.server}/{index}/_mapping", timeout=30).json()
        mappings = answer[index]["mappings"] if index in answer else {}
        assert isinstance(mappings, dict)
        return mappings

    def documents(self, index: str) -> dict[str, Json]:
        """The documents: id to source and version."""
        requests.post(f"{self.server}/{index}/_refresh", timeout=30)
        query = {"size": 1000, "version": True}
        hits = requests.post(f"{self.server}/{index}/_search", json=query, timeout=30).json()["hits"]["hits"]
        return {hit["_id"]: {"_source": hit["_source"], "_version": hit["_version"]} for hit in hits}

    def offsets(self) -> dict[str, int]:
        """Committed offsets."""
        return {f"{topic}-{partition}": offset for (topic, partition), offset in self.kafka.groups[GROUP].items()}

    def dead_letters(self) -> list[Json]:
        """The dead letter queue as the recordings write it."""
        topic = self.recorded["config"].get("errors.deadletterqueue.topic.name", "")
        return [
            {
                "key": _decode(message.key()),
                "value": _decode(message.value()),
                "headers": [[name, _decode(value)] for name, value in message.headers() or []],
            }
            for message in self.kafka.messages(topic)
        ]


def _fill(text: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(name, value)
    return text


def _encode(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _decode(data: bytes | None) -> str | None:
    return None if data is None else data.decode()


def lines_of(passed: Any) -> list[str]:
    """The operations of a bulk request: action and document as one text each, members in a fixed order."""
    operations: list[list[Any]] = []
    for line in passed if isinstance(passed, list) else passed.bulk():
        action = next(iter(line))
        is_action = action in ("index", "create", "update", "delete") and "_index" in (line[action] or {})
        if is_action:
            operations.append([line])
        else:
            operations[-1].append(line)
    return [json.dumps(each, sort_keys=True) for each in operations]
