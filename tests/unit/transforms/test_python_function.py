"""Transformations that are a user's function."""

from __future__ import annotations

from typing import Any

import pytest

from connect.api import ConfigException, DataException, RetriableException, SourceRecord
from connect.plugins.builtin import BUILTIN
from tests.unit.transforms.parts import batch, configured, sink_origin
from transforms.python_function import PythonFunction

HERE = __name__


def keep_even(record: SourceRecord) -> SourceRecord | None:
    return record if record.value % 2 == 0 else None


def twice(record: SourceRecord) -> list[SourceRecord]:
    return [record, record.replace(topic="copy", value=-record.value)]


def none_of_it(_record: SourceRecord) -> list[SourceRecord]:
    return []


def text(_record: SourceRecord) -> str:
    return "x"


def fails(record: SourceRecord) -> SourceRecord:
    if record.value == 1:
        raise RetriableException("later")
    raise KeyError("k")


def values(function: str, given: list[Any]) -> list[Any]:
    made = configured(PythonFunction, function=f"{HERE}:{function}")
    return [(part.topic, part.values, list(part.positions)) for part in made.apply_batch(batch(given))]


def test_a_function_keeps_drops_or_multiplies_records() -> None:
    assert values("keep_even", [1, 2, 3, 4]) == [("top", [2, 4], [1, 3])]
    assert values("none_of_it", [1]) == []
    assert values("twice", [1, 2]) == [
        ("top", [1], [0]),
        ("copy", [-1], [0]),
        ("top", [2], [1]),
        ("copy", [-2], [1]),
    ]


def test_single_records_work_too() -> None:
    records = batch([1, 2]).records()
    made = configured(PythonFunction, function=f"{HERE}:keep_even")
    assert made.apply(records[0]) is None
    assert made.apply(records[1]) == records[1]
    with pytest.raises(DataException, match="returned 2 records where one is expected"):
        configured(PythonFunction, function=f"{HERE}:twice").apply(records[0])


def test_sink_records_keep_their_coordinates() -> None:
    made = configured(PythonFunction, function=f"{HERE}:keep_even")
    (changed,) = made.apply_batch(batch([1, 2], origin=sink_origin(2)))
    assert changed.record(0).original_offset == 101  # type: ignore[union-attr]


def test_what_a_function_raises_or_returns_wrongly_is_a_data_exception() -> None:
    with pytest.raises(DataException, match=r"fails failed: KeyError: 'k'"):
        values("fails", [0])
    with pytest.raises(RetriableException, match="later"):
        values("fails", [1])
    with pytest.raises(
        DataException, match="returned str where SourceRecord, None or a list of SourceRecord is expected"
    ):
        values("text", [0])


@pytest.mark.parametrize(
    "name", ["", "os", "os:", ":f", "no.such.module:f", f"{HERE}:nothing", f"{HERE}:HERE", "..x:f"]
)
def test_a_function_that_is_not_there_is_a_config_exception(name: str) -> None:
    with pytest.raises(ConfigException, match="for configuration function"):
        configured(PythonFunction, function=name)


def test_it_is_listed_under_its_own_name() -> None:
    targets = {plugin.name: plugin.target for plugin in BUILTIN}
    assert targets["connect.transforms.Python"] == "transforms.python_function:PythonFunction"
