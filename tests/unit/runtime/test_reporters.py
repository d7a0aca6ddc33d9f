"""What a dead letter says."""

from __future__ import annotations

from typing import Any

from connect.api import DataException
from connect.runtime.errors.reporters import DeadLetterQueue
from connect.runtime.errors.tolerance import Failure
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.progress import Progress, Stage
from tests.unit.runtime.parts import batch_of


def _letter(value: Any, *, context: bool = True) -> tuple[Any, ...]:
    sent: list[tuple[Any, ...]] = []
    queue = DeadLetterQueue(
        "letters", ConnectorTaskId("c", 3), context, lambda *letter: sent.append(letter), Progress()
    )
    queue.report(Failure(Stage.VALUE_CONVERTER, "Json", batch_of("before", value).slice(1, 2), DataException("bad")))
    assert queue.progress.counters["deadletterqueue-produce-requests"] == 1
    return sent[0]


def test_a_source_record_is_readable_and_says_where_it_was() -> None:
    topic, key, value, headers, timestamp = _letter("bäd")
    assert (topic, key, value, timestamp) == ("letters", b'{"from": "p"}', "bäd".encode(), None)
    shown = dict(headers)
    assert b"DataException: bad" in shown.pop("__connect.errors.exception.stacktrace")
    assert {name.removeprefix("__connect.errors."): text.decode() for name, text in shown.items()} == {
        "topic": "t",
        "source.partition": '{"from": "p"}',
        "source.offset": '{"at": 1}',
        "connector.name": "c",
        "task.id": "3",
        "stage": "VALUE_CONVERTER",
        "class.name": "Json",
        "exception.class.name": "org.apache.kafka.connect.errors.DataException",
        "exception.message": "bad",
    }


def test_other_values_of_sources() -> None:
    assert _letter({"a": [1]})[2] == b'{"a": [1]}'
    assert _letter(b"\xff", context=False)[2:4] == (b"\xff", [])
    assert _letter(None)[2] is None
