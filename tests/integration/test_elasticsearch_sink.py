"""The Elasticsearch sink under the worker's loop against a real server that misbehaves: nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connect.kafka.fake import FakeKafka
from tests.conformance.elasticsearch_proxy import FaultProxy
from tests.conformance.elasticsearch_replay import RunningTask
from tests.integration.elasticsearch_run import PATIENCE, STRING, Run, count, numbers
from tests.services import Elasticsearch7
from tests.unit.connectors.elasticsearch.people import PEOPLE_SET, TALK
from tests.waiting import wait_until

BULK = {"method": "POST", "pathMatches": "_bulk"}


@pytest.fixture
def index(elasticsearch: Elasticsearch7, request: pytest.FixtureRequest) -> Iterator[str]:
    """A name for one test."""
    name = f"it-{request.node.name.replace('_', '-')}"[:60]
    yield name
    requests.delete(f"{elasticsearch.url}/{name}*", timeout=30)


def test_a_server_killed_in_mid_bulk_loses_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Elasticsearch ends by -9 while bulks are on their way, and comes back: each record is there once."""
    total = 8000
    with Elasticsearch7() as server, FaultProxy(server.url, [{**BULK, "delayMs": 20}]) as proxy:
        run = Run(proxy.url, {"killed": total}, batch_size="200", max_retries="200", retry_backoff_ms="20")
        wait_until(lambda: count(server, "killed") > 1000, PATIENCE)
        server.kill()
        seen = len(proxy.passed)
        wait_until(lambda: len(proxy.passed) > seen + 3, PATIENCE)
        assert not run.task.ended, run.trace
        server.start()
        wait_until(lambda: count(server, "killed") == total, PATIENCE)
        assert numbers(server, "killed") == list(range(total))
        assert run.finish() == {"killed": total}


def test_a_storm_of_429_only_slows_the_sink_down(elasticsearch: Elasticsearch7, index: str) -> None:
    """Whole requests and single items refused with 429 are sent again, with growing pauses; the task keeps running."""
    total = 3000
    busy = {"status": 429, "type": "es_rejected_execution_exception", "reason": "queue is full"}
    faults = [{**BULK, "times": 6, "status": 429}, {**BULK, "times": 6, "itemError": busy}]
    with FaultProxy(elasticsearch.url, faults) as proxy:
        run = Run(proxy.url, {index: total}, batch_size="100", max_retries="0")
        wait_until(lambda: count(elasticsearch, index) == total, PATIENCE)
        assert numbers(elasticsearch, index) == list(range(total))
        assert run.finish() == {index: total}
        versions = requests.get(f"{elasticsearch.url}/{index}/_search?version=true&size=10000", timeout=30).json()
        assert {hit["_version"] for hit in versions["hits"]["hits"]} == {1}


def test_a_read_only_index_waits_and_the_others_go_on(elasticsearch: Elasticsearch7, index: str) -> None:
    """A blocked index holds back its own partition only, and catches up when the block is gone."""
    blocked, free = f"{index}-a", f"{index}-b"
    requests.put(
        f"{elasticsearch.url}/{blocked}", json={"settings": {"index.blocks.write": True}}, timeout=30
    ).raise_for_status()
    with FaultProxy(elasticsearch.url) as proxy:
        run = Run(proxy.url, {blocked: 500, free: 500}, batch_size="100")
        wait_until(lambda: count(elasticsearch, free) == 500, PATIENCE)
        run.produce(free, range(500, 1000))
        wait_until(lambda: count(elasticsearch, free) == 1000, PATIENCE)
        assert count(elasticsearch, blocked) == 0
        assert not run.task.ended, run.trace
        settings = {"index.blocks.write": None}
        requests.put(f"{elasticsearch.url}/{blocked}/_settings", json=settings, timeout=30).raise_for_status()
        wait_until(lambda: count(elasticsearch, blocked) == 500, PATIENCE)
        assert run.finish() == {blocked: 500, free: 1000}


def test_one_conflict_in_a_thousand_documents(elasticsearch: Elasticsearch7, index: str) -> None:
    """The one document that doesn't fit the mapping goes to the dead letter queue, with the server's reason."""
    mapping = {"mappings": {"properties": {"n": {"type": "long"}}}}
    requests.put(f"{elasticsearch.url}/{index}", json=mapping, timeout=30).raise_for_status()
    config = {
        "behavior.on.malformed.documents": "ignore",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": "dlq",
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
    }
    run = Run(elasticsearch.url, {index: 500}, **config)
    run.kafka.append(index, b'{"n":"no number"}', b"bad", partition=0)
    run.produce(index, range(500, 999))
    wait_until(lambda: count(elasticsearch, index) == 999, PATIENCE)
    wait_until(lambda: bool(run.kafka.messages("dlq")), PATIENCE)
    assert run.finish() == {index: 1000}
    assert numbers(elasticsearch, index) == list(range(999))
    (letter,) = run.kafka.messages("dlq")
    headers: dict[str, Any] = dict(letter.headers())
    assert letter.key() == b"bad"
    assert b"failed to parse field [n] of type [long]" in headers["__connect.errors.exception.message"]
    assert headers["__connect.errors.offset"] == b"500"


def test_answers_that_come_too_late_do_not_double_documents(elasticsearch: Elasticsearch7, index: str) -> None:
    """A request whose answer is late is sent again; the ids make it the same documents."""
    total = 1000
    late = {**BULK, "times": 6, "delayMs": 600}
    with FaultProxy(elasticsearch.url, [late]) as proxy:
        run = Run(proxy.url, {index: total}, batch_size="100", read_timeout_ms="200", max_retries="10")
        wait_until(lambda: proxy.is_idle(0.7) and count(elasticsearch, index) == total, PATIENCE)
        assert numbers(elasticsearch, index) == list(range(total))
        assert run.finish() == {index: total}


def test_a_task_that_starts_again_writes_nothing_twice(elasticsearch: Elasticsearch7, index: str) -> None:
    """Keyed records that are delivered again after a crash are refused as old versions, and that is fine."""
    total = 1000
    first = Run(elasticsearch.url, {index: total}, key_ignore="false")
    wait_until(lambda: count(elasticsearch, index) == total, PATIENCE)
    first.task.stop()
    again = Run(elasticsearch.url, {index: total}, key_ignore="false")
    again.produce(index, range(total, total + 1))
    wait_until(lambda: count(elasticsearch, index) == total + 1, PATIENCE)
    assert again.finish() == {index: total + 1}
    versions = requests.get(f"{elasticsearch.url}/{index}/_search?version=true&size=10000", timeout=30).json()
    assert sorted(hit["_version"] for hit in versions["hits"]["hits"]) == list(range(total + 1))


RUN_HERE = [name for name in PEOPLE_SET if name != "in the cloud"]


@pytest.mark.parametrize("name", RUN_HERE)
def test_what_people_set_works(elasticsearch: Elasticsearch7, name: str) -> None:
    """Configurations from the wild write their documents, into an index named after the topic."""
    topic = f"PHONE_{RUN_HERE.index(name)}"
    urls = f"{elasticsearch.url}, {elasticsearch.url}/" if name == "several nodes" else elasticsearch.url
    config = {**TALK, **PEOPLE_SET[name], "topics": topic, "connection.url": urls, "name": "es-sink"}
    if "topics.regex" in config:
        del config["topics"]
    kafka = FakeKafka({topic: 1})
    kafka.append(topic, b'{"stars":4,"channel":"web"}', b"7", partition=0, timestamp=1700000000000)
    task = RunningTask(kafka, {"key.converter": STRING, **config})
    pattern = f"*{topic.lower()}*"
    wait_until(lambda: count(elasticsearch, pattern) == 1, PATIENCE)
    task.stop()
    assert task.failure is None, task.trace
    (hit,) = requests.get(f"{elasticsearch.url}/{pattern}/_search", timeout=30).json()["hits"]["hits"]
    renamed = f"kafka-{topic}-2023-11" if name == "daily indices" else topic
    assert hit["_id"] == ("7" if config["key.ignore"] == "false" else f"{renamed}+0+0")
    assert hit["_source"].items() >= {"stars": 4, "channel": "web"}.items()
    requests.delete(f"{elasticsearch.url}/{hit['_index']}", timeout=30).raise_for_status()
