"""Source offsets: bytes, stores, reader and writer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from connect.api.errors import ConnectException, DataException
from connect.kafka.connect_clients import ConnectClients
from connect.kafka.door import KafkaError
from connect.kafka.fake import FakeKafka
from connect.storage import java_hash_map
from connect.storage.file_offset_store import FileOffsetBackingStore
from connect.storage.internal_topics import connector_offset_topic, offset_topic
from connect.storage.kafka_offset_store import KafkaOffsetBackingStore
from connect.storage.offset_store import ConnectorOffsetBackingStore, MemoryOffsetBackingStore, OffsetBackingStore
from connect.storage.offsets import (
    OffsetStorageWriter,
    StoredOffsetReader,
    offset_key,
    offset_value,
    parse_key,
    parse_value,
)

WORKER = {"bootstrap.servers": "fake:9092", "group.id": "g", "offset.storage.topic": "offsets"}
CLIENTS = ConnectClients(WORKER, "g")


def make_store(kafka: FakeKafka, topic: str = "offsets") -> KafkaOffsetBackingStore:
    settings = connector_offset_topic(WORKER, topic)
    producer, consumer = CLIENTS.topic_producer("offsets"), CLIENTS.topic_consumer("offsets")
    return KafkaOffsetBackingStore(kafka, settings, admin=kafka.admin({}), producer=producer, consumer=consumer)


@pytest.fixture(params=["kafka", "memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OffsetBackingStore]:
    stores: dict[str, OffsetBackingStore] = {
        "kafka": make_store(FakeKafka()),
        "memory": MemoryOffsetBackingStore(),
        "file": FileOffsetBackingStore(tmp_path / "offsets"),
    }
    store = stores[request.param]
    store.start()
    yield store
    store.stop()


def test_keys_and_values_are_compact_json_in_the_given_order() -> None:
    assert offset_key("c", {"b": 1, "a": "ü"}) == '["c",{"b":1,"a":"ü"}]'.encode()
    assert offset_key("c", None) == b'["c",null]'
    assert offset_value({"x": 1.0, "y": None, "z": True}) == b'{"x":1.0,"y":null,"z":true}'
    assert offset_value(None) is None


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        ([1], "Offsets must be specified as a Map"),
        ({1: 2}, "Offsets may only use String keys"),
        ({"f": [1]}, "Offsets may only contain primitive types as values, but field f contains ARRAY"),
        ({"f": {}}, "Offsets may only contain primitive types as values, but field f contains MAP"),
        ({"f": 2**63}, "Offsets may only contain primitive types as values, but field f contains null"),
    ],
)
def test_offsets_hold_only_primitive_values(offset: Any, message: str) -> None:
    with pytest.raises(DataException) as caught:
        offset_value(offset)
    assert str(caught.value) == message


def test_foreign_keys_are_skipped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    assert parse_key(b'["c",{"a":1}]') == ("c", {"a": 1})
    assert parse_key(b'["c",null]') is None
    assert caplog.text == ""
    for key in (None, b"{", b"[1,{}]", b'["c"]', b'["c",1]'):
        assert parse_key(key) is None
    assert caplog.text.count("Ignoring an offset") == 5


def test_what_is_set_is_got(store: OffsetBackingStore) -> None:
    store.set({b"a": b"1", b"b": b"2"}).result(5)
    store.set({b"b": None, b"c": b"3"}).result(5)
    found = store.get([b"a", b"b", b"c", b"d"])
    assert {key: value for key, value in found.items() if value is not None} == {b"a": b"1", b"c": b"3"}
    assert sorted(store.keys()) == [b"a", b"c"]


def test_a_failed_write_fails_its_future() -> None:
    kafka = FakeKafka()
    store = make_store(kafka)
    store.start()
    kafka.fail("produce", KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(ConnectException):
        store.set({b"a": b"1"}).result(5)
    store.stop()


def test_a_file_is_read_by_the_next_worker(tmp_path: Path) -> None:
    path = tmp_path / "offsets"
    first = FileOffsetBackingStore(path)
    first.start()
    first.set({b"a": b"1", b"b": None}).result(5)
    second = FileOffsetBackingStore(path)
    second.start()
    assert second.get([b"a", b"b"]) == {b"a": b"1", b"b": None}
    assert [each.name for each in tmp_path.iterdir()] == ["offsets"]


def test_an_empty_file_is_a_fresh_start(tmp_path: Path) -> None:
    path = tmp_path / "offsets"
    path.touch()
    store = FileOffsetBackingStore(path)
    store.start()
    assert store.keys() == []


def test_a_file_that_cannot_be_written_fails_the_future(tmp_path: Path) -> None:
    store = FileOffsetBackingStore(tmp_path / "missing" / "offsets")
    store.start()
    with pytest.raises(ConnectException, match="can't be written: No such file or directory"):
        store.set({b"a": b"1"}).result(5)


def test_many_entries_survive_serialisation() -> None:
    entries = {b"key %d" % number: b"x" * number for number in range(1000)}
    assert java_hash_map.loads(java_hash_map.dumps(entries)) == entries


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"offsets", "not a Java object stream"),
        (b"\xac\xed\x00\x05ur\x00\x02[B", "Expected HashMap but found an array"),
        (b"\xac\xed\x00\x05sr\x00\x11java.util.TreeMap", "Expected HashMap but found java.util.TreeMap"),
        (java_hash_map.dumps({b"a": b"1"})[:-1], "damaged: the file ends too early"),
        (java_hash_map.dumps({b"a": b"1"}).replace(b"[B", b"[C"), r"not a byte array but \[C"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "offsets"
    path.write_bytes(content)
    with pytest.raises(ConnectException, match=message):
        FileOffsetBackingStore(path).start()


def test_a_connectors_own_store_covers_the_workers() -> None:
    worker, own = MemoryOffsetBackingStore(), MemoryOffsetBackingStore()
    worker.set({b"a": b"old", b"b": b"old"})
    both = ConnectorOffsetBackingStore(worker, own)
    both.set({b"a": b"new"}).result(5)
    assert both.get([b"a", b"b"]) == {b"a": b"new", b"b": b"old"}
    assert worker.get([b"a"]) == {b"a": b"new"}
    assert sorted(both.keys()) == [b"a", b"b"]


class Failing(MemoryOffsetBackingStore):
    """Takes nothing."""

    def set(self, entries: Any) -> Future[None]:
        failed: Future[None] = Future()
        failed.set_exception(ConnectException("no"))
        return failed


def test_tombstones_must_arrive_in_the_workers_store_first() -> None:
    own = MemoryOffsetBackingStore()
    own.set({b"a": b"1"})
    both = ConnectorOffsetBackingStore(Failing(), own)
    with pytest.raises(ConnectException):
        both.set({b"a": None}).result(5)
    assert own.get([b"a"]) == {b"a": b"1"}
    both.set({b"a": b"2"}).result(5)
    assert own.get([b"a"]) == {b"a": b"2"}


def test_a_reader_gives_offsets_in_the_order_asked(store: OffsetBackingStore) -> None:
    store.set({offset_key("c", {"p": 1}): b'{"o":5}', offset_key("d", {"p": 2}): b'{"o":6}'}).result(5)
    reader = StoredOffsetReader(store, "c")
    assert reader.offsets([{"p": 2}, {"p": 1}]) == [None, {"o": 5}]
    assert reader.offset({"p": 1}) == {"o": 5}


def test_an_offset_that_cannot_be_understood_counts_as_none(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryOffsetBackingStore()
    store.set({offset_key("c", {"p": 1}): b"[1]"})
    reader = StoredOffsetReader(store, "c")
    assert reader.offset({"p": 1}) is None
    assert reader.offset({"p": []}) is None
    assert caplog.text.count("CRITICAL") == 2


def test_a_closed_reader_refuses() -> None:
    reader = StoredOffsetReader(MemoryOffsetBackingStore(), "c")
    reader.close()
    with pytest.raises(ConnectException, match=r"^Offset reader is closed\. "):
        reader.offset({"p": 1})


def test_a_reader_that_waits_gives_up_when_its_store_stops() -> None:
    store = make_store(FakeKafka())
    store.start()
    reader = StoredOffsetReader(store, "c")
    store.stop()
    with pytest.raises(ConnectException, match=r"^Failed to fetch offsets\.$"):
        reader.offset({"p": 1})


def test_a_flush_writes_the_newest_offset_of_each_partition() -> None:
    store = MemoryOffsetBackingStore()
    writer = OffsetStorageWriter(store, "c")
    assert not writer.begin_flush()
    for number in range(3):
        writer.offset({"p": 1}, {"o": number})
    writer.offset({"p": 2}, None)
    assert writer.begin_flush()
    writer.flush(5)
    assert store.get([offset_key("c", {"p": 1})]) == {offset_key("c", {"p": 1}): b'{"o":2}'}
    assert not writer.begin_flush()


def test_offsets_of_a_failed_flush_are_kept_behind_newer_ones() -> None:
    store = Failing()
    writer = OffsetStorageWriter(store, "c")
    writer.offset({"p": 1}, {"o": 1})
    writer.offset({"p": 2}, {"o": 1})
    writer.begin_flush()
    writer.offset({"p": 1}, {"o": 2})
    with pytest.raises(ConnectException):
        writer.flush(5)
    assert writer.begin_flush()
    assert writer._flushing == {offset_key("c", {"p": 1}): b'{"o":2}', offset_key("c", {"p": 2}): b'{"o":1}'}
    with pytest.raises(ConnectException, match="already flushing"):
        writer.begin_flush()


def test_values_are_maps() -> None:
    assert parse_value(b'{"a":1}') == {"a": 1}
    assert parse_value(None) is None
    with pytest.raises(DataException):
        parse_value(b"{")


def test_a_connectors_topic_is_made_like_the_workers() -> None:
    worker = WORKER | {"offset.storage.partitions": "7", "offset.storage.segment.bytes": "9"}
    own, shared = connector_offset_topic(worker, "mine"), offset_topic(worker)
    assert (own.name, own.partitions, own.configs) == ("mine", 7, {"segment.bytes": "9"})
    assert (shared.name, shared.partitions) == ("offsets", 7)
