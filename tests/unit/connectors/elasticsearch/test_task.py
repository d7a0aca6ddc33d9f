"""The task as a whole, against a server in memory."""

from __future__ import annotations

import threading

import pytest

from connect.api import ConnectException, Headers, Schema, TopicPartition, Type
from connect.api.schema import INT32_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA, Field
from connectors.elasticsearch import sink
from connectors.elasticsearch.client import RequestFailed, Response
from connectors.elasticsearch.sink import ElasticsearchSinkConnector, ElasticsearchSinkTask
from tests.unit.connectors.elasticsearch.fakes import (
    FakeContext,
    FakeReporter,
    FakeServer,
    Request,
    answer,
    batch,
    item_errors,
    start_task,
)
from tests.waiting import wait_until

ORDERS = TopicPartition("orders", 0)
KEYED = {"key.ignore": "false"}


def failure_of(task: ElasticsearchSinkTask) -> ConnectException:
    """What the task fails with once its requests have been answered."""
    with pytest.raises(ConnectException) as raised:
        task.flush({})
    return raised.value


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """Waits that its tests end in vain are short."""
    monkeypatch.setattr(sink, "_ROOM_SECONDS", 0.05)
    monkeypatch.setattr(sink, "_COMMIT_WAIT_SECONDS", 0.05)
    return FakeServer()


def test_documents_get_ids_from_their_coordinates(server: FakeServer) -> None:
    """With key.ignore the id is topic+partition+offset."""
    task = start_task(server)
    task.put_batch([batch([{"x": 1}, {"x": 2}], first=7)])
    task.flush({})
    assert server.documents["orders"] == {"orders+0+7": {"x": 1}, "orders+0+8": {"x": 2}}
    assert server.bulks[0].lines[0] == {"index": {"_index": "orders", "_id": "orders+0+7"}}
    task.stop()


def test_keys_become_ids_with_the_offset_as_version(server: FakeServer) -> None:
    """Without key.ignore the key is the id, and the offset the external version."""
    task = start_task(server, KEYED)
    task.put_batch([batch([{"x": 1}], keys=["k"], first=3)])
    task.flush({})
    assert server.bulks[0].lines[0] == {
        "index": {"_index": "orders", "_id": "k", "version": 3, "version_type": "external"}
    }
    task.stop()


@pytest.mark.parametrize(
    ("topics", "id"), [("orders", "Orders-2023-11+0+0"), ("orders,more", "orders+0+0"), ("", "orders+0+0")]
)
def test_renamed_topics_name_the_index_and_keep_their_offsets(server: FakeServer, topics: str, id: str) -> None:
    """A transformation that renames the topic changes the index; commits follow the topic consumed.

    So do ids where several topics may end in one index; those of a single one are as Java makes them.
    """
    task = start_task(server, {"topics": topics})
    task.put_batch([batch([{"x": 1}], topic="Orders-2023-11", original_topic="orders")])
    task.flush({})
    assert server.ids("orders-2023-11") == [id]
    assert task.pre_commit({ORDERS: 1}) == {ORDERS: 1}
    task.stop()


def test_offsets_stop_at_the_first_record_that_is_not_acknowledged(server: FakeServer) -> None:
    """A bulk without answer holds back the offset although later bulks have arrived."""
    server.handlers.append(lambda request: hold(request, b'"x":0}'))
    release: list[bool] = []

    def hold(request: Request, marker: bytes) -> Response | None:
        if request.path.startswith("/_bulk") and marker in (request.body or b""):
            wait_until(lambda: bool(release))
        return None

    task = start_task(server, {"batch.size": "2"})
    task.put_batch([batch([{"x": n} for n in range(4)])])
    wait_until(lambda: server.ids("orders") == ["orders+0+2", "orders+0+3"])
    assert task.pre_commit({ORDERS: 4}) == {ORDERS: 0}
    release.append(True)
    task.flush({})
    assert task.pre_commit({ORDERS: 4}) == {ORDERS: 4}
    task.stop()


def test_a_malformed_document_does_not_fail_its_batch(server: FakeServer) -> None:
    """Under ignore and warn the refused record is reported and all others count as written."""
    server.handlers.append(item_errors(None, (400, "mapper_parsing_exception"), None))
    reporter = FakeReporter()
    task = start_task(server, {"behavior.on.malformed.documents": "warn"}, reporter=reporter)
    task.put_batch([batch([{"x": 1}, {"x": "bad"}, {"x": 2}])])
    wait_until(lambda: bool(server.bulks))
    task.flush({})
    reason = "[type=mapper_parsing_exception, reason=injected]"
    assert reporter.texts == [(1, f"Indexing failed: ElasticsearchException[Elasticsearch exception {reason}]")]
    assert task.pre_commit({ORDERS: 3}) == {ORDERS: 3}
    task.stop()


def test_a_malformed_document_fails_the_task_when_told_so(server: FakeServer) -> None:
    """Under fail the record is reported, the task fails, and the offset of the bad record is committed at most."""
    server.handlers.append(item_errors(None, (400, "mapper_parsing_exception"), None))
    reporter = FakeReporter()
    task = start_task(server, reporter=reporter)
    task.put_batch([batch([{"x": 1}, {"x": "bad"}, {"x": 2}])])
    error = failure_of(task)
    assert str(error) == "Indexing record failed. Please check DLQ topic for errors."
    assert [offset for offset, _ in reporter.texts] == [1]
    with pytest.raises(ConnectException):
        task.put_batch([])
    assert task.pre_commit({ORDERS: 3}) == {ORDERS: 1}
    task.stop()


def test_rejected_documents_are_sent_again(server: FakeServer) -> None:
    """Items that the server is too busy for (429) are tried again, and only those."""
    server.handlers.append(item_errors(None, (429, "es_rejected_execution_exception")))
    task = start_task(server, {"retry.backoff.ms": "1"})
    task.put_batch([batch([{"x": 1}, {"x": 2}])])
    task.flush({})
    assert [line["index"]["_id"] for line in server.bulks[1].lines[::2]] == ["orders+0+1"]
    assert task.pre_commit({ORDERS: 2}) == {ORDERS: 2}
    task.stop()


def test_rejected_documents_fail_the_task_at_once_when_told_so(server: FakeServer) -> None:
    """With rejection.timeout.ms=0 a rejected document is reported and fails the task, as in Java."""
    server.handlers.append(item_errors((429, "es_rejected_execution_exception")))
    reporter = FakeReporter()
    task = start_task(server, {"rejection.timeout.ms": "0"}, reporter=reporter)
    task.put_batch([batch([{"x": 1}])])
    assert "Indexing record failed" in str(failure_of(task))
    assert len(reporter.reported) == 1
    task.stop()


def test_a_blocked_index_does_not_stop_the_others(server: FakeServer) -> None:
    """While one index is read-only its partition is paused, and other partitions go on."""
    blocked = [True]

    def block(request: Request) -> Response | None:
        if not blocked or not request.path.startswith("/_bulk"):
            return None
        items = []
        for line in request.lines[::2]:
            error = {"type": "cluster_block_exception", "reason": "read-only"}
            bad = line["index"]["_index"] == "orders"
            if not bad:
                server.documents.setdefault("clicks", {})[line["index"]["_id"]] = {}
            items.append({"index": {"status": 403, "error": error} if bad else {"status": 200}})
        return answer(200, {"errors": True, "items": items})

    server.handlers.append(block)
    clicks = TopicPartition("clicks", 0)
    task = start_task(server, {"retry.backoff.ms": "1"}, partitions=(ORDERS, clicks))
    context = task.context
    assert isinstance(context, FakeContext)
    task.put_batch([batch([{"x": 1}]), batch([{"x": 2}], topic="clicks")])
    wait_until(lambda: server.ids("clicks") == ["clicks+0+0"])
    wait_until(lambda: task.put_batch([]) or context.paused == {ORDERS})
    task.put_batch([batch([{"x": 3}], topic="clicks", first=1)])
    wait_until(lambda: server.ids("clicks") == ["clicks+0+0", "clicks+0+1"])
    wait_until(lambda: task.pre_commit({ORDERS: 1, clicks: 2}) == {ORDERS: 0, clicks: 2})
    blocked.clear()
    wait_until(lambda: task.put_batch([]) or context.paused == set())
    assert task.pre_commit({ORDERS: 1, clicks: 2}) == {ORDERS: 1, clicks: 2}
    task.stop()


def test_a_request_without_answer_is_tried_again(server: FakeServer) -> None:
    """A reset connection costs one of max.retries, not the task."""
    left = [1]

    def reset(request: Request) -> Response | None:
        if request.path.startswith("/_bulk") and left:
            left.pop()
            raise RequestFailed("Connection reset by peer")
        return None

    server.handlers.append(reset)
    task = start_task(server, {"retry.backoff.ms": "1"})
    task.put_batch([batch([{"x": 1}])])
    task.flush({})
    assert server.ids("orders") == ["orders+0+0"]
    task.stop()


def test_a_server_that_never_takes_a_bulk_fails_the_task(server: FakeServer) -> None:
    """After max.retries the task says what failed, why, and how often it tried; nothing is committed."""
    server.handlers.append(
        lambda r: answer(503, {"error": {"type": "x", "reason": "injected"}}) if r.path.startswith("/_bulk") else None
    )
    task = start_task(server, {"max.retries": "2", "retry.backoff.ms": "1"})
    task.put_batch([batch([{"x": 1}])])
    error = failure_of(task)
    assert str(error) == "Bulk request failed"
    assert str(error.__cause__) == (
        "Failed to execute bulk request due to 'ElasticsearchStatusException[Elasticsearch exception"
        " [type=x, reason=injected]]' after 3 attempt(s)"
    )
    assert len(server.bulks) == 3
    with pytest.raises(ConnectException):
        task.put_batch([])
    assert task.pre_commit({ORDERS: 1}) == {}
    task.stop()


def test_a_full_buffer_pauses_the_partitions(server: FakeServer) -> None:
    """More than max.buffered.records outstanding: partitions are paused, and resumed when half is written."""
    release: list[bool] = []

    def hold(request: Request) -> Response | None:
        if request.path.startswith("/_bulk"):
            wait_until(lambda: bool(release))
        return None

    server.handlers.append(hold)
    task = start_task(server, {"batch.size": "1", "max.in.flight.requests": "1", "max.buffered.records": "4"})
    context = task.context
    assert isinstance(context, FakeContext)
    task.put_batch([batch([{"x": n} for n in range(5)])])
    assert context.paused == {ORDERS}
    assert context.timeouts
    release.append(True)
    wait_until(lambda: task.put_batch([]) or context.paused == set())
    task.stop()


def test_null_values_follow_the_policy(server: FakeServer) -> None:
    """delete removes the document, ignore reports and skips, fail names the record."""
    task = start_task(server, {**KEYED, "behavior.on.null.values": "delete"})
    task.put_batch([batch([{"x": 1}, None, None], keys=["k", "k", None])])
    task.flush({})
    assert server.ids("orders") == []
    assert task.pre_commit({ORDERS: 3}) == {ORDERS: 3}
    task.stop()

    reporter = FakeReporter()
    task = start_task(server, {**KEYED, "behavior.on.null.values": "ignore"}, reporter=reporter)
    task.put_batch([batch([None], keys=["k"])])
    assert reporter.texts == [(0, "Cannot write null valued record.")]
    assert task.pre_commit({ORDERS: 1}) == {ORDERS: 1}
    task.stop()

    task = start_task(server, KEYED)
    with pytest.raises(ConnectException, match="record from topic=orders partition=0 offset=1 has a null value"):
        task.put_batch([batch([{"x": 1}, None], keys=["k", "k"])])
    wait_until(lambda: task.pre_commit({ORDERS: 2}) == {ORDERS: 1})
    task.stop()


def test_an_invalid_record_can_be_dropped(server: FakeServer) -> None:
    """drop.invalid.message reports and skips what can't become a document; the batch goes on."""
    reporter = FakeReporter()
    task = start_task(server, {**KEYED, "drop.invalid.message": "true"}, reporter=reporter)
    task.put_batch([batch([{"x": 1}, {"x": 2}], keys=[None, "k"])])
    task.flush({})
    assert server.ids("orders") == ["k"]
    assert reporter.texts == [(0, "Key is used as document id and can not be null.")]
    assert task.pre_commit({ORDERS: 2}) == {ORDERS: 2}
    task.stop()


def test_the_mapping_comes_from_the_first_schema(server: FakeServer) -> None:
    """An index without a mapping gets the schema's before the first document."""
    schema = Schema(Type.STRUCT, fields=[Field("id", 0, INT32_SCHEMA), Field("name", 1, OPTIONAL_STRING_SCHEMA)])
    task = start_task(server, {"schema.ignore": "false"})
    task.put_batch([batch([(1, "a"), (2, None)], schema=schema)])
    task.flush({})
    assert server.mappings["orders"]["properties"]["id"] == {"type": "integer"}
    assert server.documents["orders"]["orders+0+1"] == {"id": 2, "name": None}
    task.stop()


def test_records_without_schema_need_schema_ignore(server: FakeServer) -> None:
    """There is nothing to derive a mapping from."""
    task = start_task(server, {"schema.ignore": "false"})
    with pytest.raises(ConnectException, match=r"Cannot infer mapping without schema\."):
        task.put_batch([batch([{"x": 1}])])
    assert task.pre_commit({ORDERS: 1}) == {}
    task.stop()


def test_upserts_of_a_partition_keep_their_order(server: FakeServer) -> None:
    """Updates have no version, so bulks of one partition follow each other."""
    running: list[int] = []
    most: list[int] = []

    def watch(request: Request) -> Response | None:
        if request.path.startswith("/_bulk"):
            running.append(1)
            most.append(len(running))
            threading.Event().wait(0.01)
            running.pop()
        return None

    server.handlers.append(watch)
    task = start_task(server, {**KEYED, "write.method": "upsert", "batch.size": "1"})
    task.put_batch([batch([{"x": n} for n in range(5)], keys=["k"] * 5, key_schema=STRING_SCHEMA)])
    task.flush({})
    assert server.documents["orders"] == {"k": {"x": 4}}
    assert max(most) == 1
    assert server.bulks[0].lines == [
        {"update": {"_index": "orders", "_id": "k", "retry_on_conflict": 5}},
        {"doc": {"x": 0}, "upsert": {"x": 0}},
    ]
    task.stop()


def test_a_value_that_is_no_object_is_named(server: FakeServer) -> None:
    """A JSON string can't be a document: the task says which record it is."""
    task = start_task(server)
    with pytest.raises(ConnectException) as raised:
        task.put_batch([batch(["text"])])
    assert str(raised.value) == "Bulk request failed"
    assert "orders-0@0: a document must be a JSON object, this is a string" in str(raised.value.__cause__)
    task.stop()


def test_the_version_can_come_from_a_header(server: FakeServer) -> None:
    """external.version.header: the last header of that name counts."""
    headers = [Headers().add("ver", 5).add("ver", "7")]
    task = start_task(server, {**KEYED, "external.version.header": "ver"})
    task.put_batch([batch([{"x": 1}], keys=["k"], headers=headers)])
    task.flush({})
    assert server.bulks[0].lines[0]["index"]["version"] == 7
    with pytest.raises(ConnectException, match="'ver' is missing in record from topic=orders partition=0 offset=1"):
        task.put_batch([batch([{"x": 1}], keys=["k"], first=1)])
    task.stop()


def test_a_request_that_is_too_large_is_divided(server: FakeServer) -> None:
    """A 413 makes smaller requests, down to the one document that will never fit."""

    def limit(request: Request) -> Response | None:
        too_large = request.path.startswith("/_bulk") and len(request.body or b"") > 200
        return Response(413) if too_large else None

    server.handlers.append(limit)
    reporter = FakeReporter()
    config = {"behavior.on.malformed.documents": "ignore"}
    task = start_task(server, config, reporter=reporter)
    values = [{"x": "-" * (300 if n == 2 else 1)} for n in range(5)]
    task.put_batch([batch(values)])
    task.flush({})
    assert server.ids("orders") == [f"orders+0+{n}" for n in (0, 1, 3, 4)]
    assert [offset for offset, _ in reporter.texts] == [2]
    task.stop()


def test_synchronous_flushes_wait_for_all_writes(server: FakeServer) -> None:
    """With flush.synchronously a commit comes after the last answer, and fails when that takes too long."""
    release = threading.Event()
    server.handlers.append(lambda request: hold(request))

    def hold(request: Request) -> Response | None:
        if request.path.startswith("/_bulk"):
            release.wait(5)
        return None

    config = {"flush.synchronously": "true", "flush.timeout.ms": "1000", "linger.ms": "1000"}
    task = start_task(server, config)
    task.put_batch([batch([{"x": 1}])])
    with pytest.raises(ConnectException, match=r"1 records were not written within flush\.timeout\.ms"):
        task.pre_commit({ORDERS: 1})
    release.set()
    assert task.pre_commit({ORDERS: 1}) == {ORDERS: 1}
    task.stop()


def test_partitions_that_are_taken_away_are_forgotten(server: FakeServer) -> None:
    """After close nothing of them is paused or committed."""
    task = start_task(server)
    task.put_batch([batch([{"x": 1}])])
    task.close([ORDERS])
    task.flush({})
    task.put_batch([])
    assert task.pre_commit({}) == {}
    task.stop()


def test_an_index_by_date(server: FakeServer) -> None:
    """index.name.format sends records of one batch to the indices of their days."""
    task = start_task(server, {"index.name.format": "${topic}-${timestamp:yyyy-MM-dd}"})
    records = batch([{"x": 1}, {"x": 2}, {"x": 3}])
    records.timestamps = [1700000000000, 1700086400000, 1700000000001]
    task.put_batch([records])
    task.flush({})
    assert server.ids("orders-2023-11-14") == ["orders+0+0", "orders+0+2"]
    assert server.ids("orders-2023-11-15") == ["orders+0+1"]
    assert task.pre_commit({ORDERS: 3}) == {ORDERS: 3}
    task.stop()


def test_documents_go_through_a_pipeline(server: FakeServer) -> None:
    """ingest.pipeline is named in the request."""
    task = start_task(server, {"ingest.pipeline": "clean up"})
    task.put_batch([batch([{"x": 1}])])
    task.flush({})
    assert server.bulks[0].path == "/_bulk?pipeline=clean%20up"
    task.stop()


def test_each_task_gets_the_whole_configuration(caplog: pytest.LogCaptureFixture) -> None:
    """And keys without a meaning any more are named once, by the connector."""
    connector = ElasticsearchSinkConnector()
    config = {"connection.url": "http://x", "type.name": "type.name=kafkaconnect"}
    with caplog.at_level("INFO"):
        connector.start(config)
    assert "type.name has no meaning any more" in caplog.text
    assert connector.task_configs(2) == [config, config]
    assert connector.task_class() is ElasticsearchSinkTask


def test_a_task_that_never_started_can_be_stopped() -> None:
    """stop is called after a failed start, too."""
    ElasticsearchSinkTask().stop()


def test_ignored_nulls_alone_create_no_index(server: FakeServer) -> None:
    """They are reported, with a key or without, and done."""
    reporter = FakeReporter()
    task = start_task(server, {"behavior.on.null.values": "ignore"}, reporter=reporter)
    task.put_batch([batch([None, None], keys=["k", None])])
    assert reporter.texts == [(0, "Cannot write null valued record."), (1, "Cannot write null valued record.")]
    assert task.pre_commit({ORDERS: 2}) == {ORDERS: 2}
    assert [request.path for request in server.requests] == ["/"]
    task.stop()


def test_deletes_by_coordinates_carry_no_version(server: FakeServer) -> None:
    """With use.autogenerated.ids a tombstone can't name a document; as in Java it is a delete that finds nothing."""
    config = {**KEYED, "behavior.on.null.values": "delete", "use.autogenerated.ids": "true"}
    task = start_task(server, config)
    task.put_batch([batch([None], keys=["k"])])
    task.flush({})
    assert server.bulks[0].lines == [{"delete": {"_index": "orders", "_id": "orders+0+0"}}]
    task.stop()


def test_conflicts_in_a_data_stream_are_not_reported(server: FakeServer) -> None:
    """The document is there already; only the log says so."""
    reporter = FakeReporter()
    server.handlers.append(item_errors((409, "version_conflict_engine_exception")))
    config = {**KEYED, "data.stream.type": "logs", "data.stream.dataset": "d"}
    task = start_task(server, config, reporter=reporter)
    task.put_batch([batch([{"x": 1}], keys=["k"])])
    task.flush({})
    assert task.pre_commit({ORDERS: 1}) == {ORDERS: 1}
    assert reporter.texts == []
    task.stop()


def test_an_alias_gets_the_fields_of_the_schema(server: FakeServer) -> None:
    """What an alias stands for goes by another name, so that its mapping isn't known to be there."""
    found = {"orders-real": {"mappings": {"properties": {"y": {"type": "long"}}}}}
    server.handlers.append(lambda r: answer(200, found) if (r.method, r.path) == ("GET", "/orders/_mapping") else None)
    task = start_task(server, {"schema.ignore": "false"})
    schema = Schema(Type.STRUCT, fields=[Field("x", 0, INT32_SCHEMA)])
    task.put_batch([batch([(1,)], schema=schema)])
    task.flush({})
    assert ("PUT", "/orders/_mapping") in [(request.method, request.path) for request in server.requests]
    task.stop()
