"""The way of a batch into the producer's queue, which may be full in the middle of it."""

from __future__ import annotations

from typing import Any

import pytest

from connect.api import ConnectException, RecordBatch, SourceOrigin
from connect.kafka.door import KafkaError, KafkaException
from connect.runtime.conversion import EncodedBatch
from connect.runtime.record_producer import RecordProducer


class Producer:
    """Takes ``room`` messages, and again as many after each poll that waits; refuses what is said to be ``bad``."""

    def __init__(self, room: int, bad: bytes | None = None) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self._step = self._room = room
        self._bad = bad

    def produce(self, *message: Any) -> None:
        if message[1] == self._bad:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        if len(self.sent) >= self._room:
            raise BufferError("Local: Queue full")
        self.sent.append(message)

    def poll(self, seconds: float) -> int:
        self._room += self._step if seconds else 0
        return 0


class Control:
    stopping = False


def encoded(count: int, **columns: Any) -> EncodedBatch:
    values = [str(index).encode() for index in range(count)]
    batch = RecordBatch("t", list(values), origin=SourceOrigin([None] * count, [None] * count))
    parts: dict[str, Any] = {"keys": None, "timestamps": None, "headers": None, "partition": None, **columns}
    return EncodedBatch("t", values=list(values), batch=batch, **parts)


def producing(producer: Producer, **more: Any) -> RecordProducer:
    return RecordProducer(lambda: producer, Control(), **more)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("room", [1, 3, 100])
def test_a_full_queue_loses_and_repeats_nothing(room: int) -> None:
    producer = Producer(room)
    assert producing(producer).send(encoded(10))
    assert [message[1] for message in producer.sent] == [str(index).encode() for index in range(10)]


@pytest.mark.parametrize("room", [1, 100])
def test_keys_timestamps_and_headers_go_with_their_values(room: int) -> None:
    producer = Producer(room)
    columns = {"keys": [b"a", None, b"c"], "timestamps": [5, None, 7], "headers": [[("h", b"1")], [], [("h", b"3")]]}
    producing(producer).send(encoded(3, partition=2, **columns))
    assert [(*message[:4], *message[6:]) for message in producer.sent] == [
        ("t", b"0", b"a", 2, 5, [("h", b"1")]),
        ("t", b"1", None, 2, 0, []),
        ("t", b"2", b"c", 2, 7, [("h", b"3")]),
    ]


def test_a_stop_leaves_the_rest() -> None:
    producer, control = Producer(4), Control()
    control.stopping = True
    sender = RecordProducer(lambda: producer, control)  # type: ignore[arg-type,return-value]
    assert not sender.send(encoded(10))
    assert len(producer.sent) == 4


def test_a_refused_record_is_tolerated_and_the_others_follow() -> None:
    producer, failures = Producer(100, bad=b"1"), []
    producing(producer, tolerate=failures.append).send(encoded(3))
    assert [message[1] for message in producer.sent] == [b"0", b"2"]
    assert [str(failure) for failure in failures] == [
        "Could not send a record to topic t: Broker: Message size too large"
    ]


def test_a_refused_record_fails_the_task_otherwise() -> None:
    with pytest.raises(ConnectException, match="Unrecoverable exception from producer send callback"):
        producing(Producer(100, bad=b"1")).send(encoded(3))


def test_each_record_that_is_to_be_acknowledged_has_its_own_report() -> None:
    producer, heard = Producer(2), []
    sender = producing(producer, acknowledge=lambda record, metadata: heard.append((record, metadata)))
    sender.send(encoded(5), original=lambda position: f"record {position}")  # type: ignore[arg-type,return-value]
    sent = type("Message", (), {"topic": lambda _: "t", "partition": lambda _: 0, "offset": lambda _: 1})
    sent.timestamp = lambda _: (1, 2)  # type: ignore[attr-defined]
    for message in producer.sent:
        message[4](None, sent())
    assert [record for record, _ in heard] == [f"record {index}" for index in range(5)]
