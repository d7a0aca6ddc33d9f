"""An Elasticsearch sink task, its topics in memory, and questions to the server that it writes to."""

from __future__ import annotations

import json
from collections.abc import Mapping

import requests

from connect.kafka.fake import FakeKafka
from tests.conformance.elasticsearch_replay import GROUP, RunningTask
from tests.services import SearchServer
from tests.waiting import wait_until

JSON = "org.apache.kafka.connect.json.JsonConverter"
PATIENCE = 180
"""Seconds: machines may be busy with other things."""
STRING = "org.apache.kafka.connect.storage.StringConverter"


class Run:
    """A task, its topics and its server."""

    def __init__(self, url: str, topics: Mapping[str, int], **config: str) -> None:
        self.kafka = FakeKafka(dict.fromkeys(topics, 1))
        self.topics = topics
        for topic, count in topics.items():
            self.produce(topic, range(count))
        self.task = RunningTask(
            self.kafka,
            {
                "name": "es-sink",
                "connector.class": "ElasticsearchSink",
                "connection.url": url,
                "topics": ",".join(topics),
                "key.converter": STRING,
                "value.converter": JSON,
                "value.converter.schemas.enable": "false",
                "schema.ignore": "true",
                "key.ignore": "true",
                "retry.backoff.ms": "20",
                **{key.replace("_", "."): value for key, value in config.items()},
            },
            {"offset.flush.interval.ms": "500"},
        )

    def produce(self, topic: str, numbers: range) -> None:
        """Records with a number as key and in the value."""
        for number in numbers:
            self.kafka.append(topic, json.dumps({"n": number}).encode(), str(number).encode(), partition=0)

    def append(self, topic: str, value: object, key: str) -> None:
        """One record with a JSON value, or a tombstone."""
        data = None if value is None else json.dumps(value).encode()
        self.kafka.append(topic, data, key.encode(), partition=0)

    def finish(self) -> dict[str, int]:
        """Stop the task once everything is committed; the committed offsets.

        A document may be there for a while before its answer is: an answer that came too late is asked for again.
        """
        ends = {topic: len(self.kafka.messages(topic)) for topic in self.topics}
        wait_until(lambda: self.task.ended or self._committed() == ends, PATIENCE)
        self.task.stop()
        assert self.task.failure is None, self.task.trace
        return self._committed()

    def _committed(self) -> dict[str, int]:
        return {topic: offset for (topic, _), offset in self.kafka.groups[GROUP].items()}

    @property
    def trace(self) -> str:
        return self.task.trace


def count(server: SearchServer, index: str) -> int:
    """How many documents there are; 0 while the server is away."""
    try:
        requests.post(f"{server.url}/{index}/_refresh", timeout=5)
        return int(requests.get(f"{server.url}/{index}/_count", timeout=5).json().get("count", 0))
    except requests.RequestException:
        return 0


def numbers(server: SearchServer, index: str, most: int = 10_000) -> list[int]:
    """The numbers in the documents, sorted."""
    query = {"size": most, "_source": ["n"]}
    hits = requests.post(f"{server.url}/{index}/_search", json=query, timeout=30).json()["hits"]["hits"]
    return sorted(hit["_source"]["n"] for hit in hits)
