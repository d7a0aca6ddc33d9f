"""Datagen: configuration, records, repeatable data, restarts, the end of the iterations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConfigException, ConnectException, SourceRecord, Struct, to_value
from connectors.datagen.quickstarts import QUICKSTARTS
from connectors.datagen.source import DatagenConnector
from tests.unit.connectors.source_context import FakeSourceContext, batches, started

SCHEMA = json.dumps(
    {
        "type": "record",
        "name": "R",
        "namespace": "n",
        "fields": [
            {"name": "id", "type": {"type": "long", "arg.properties": {"iteration": {"start": 5}}}},
            {"name": "x", "type": {"type": "double", "arg.properties": {"range": {"min": 0, "max": 1}}}},
        ],
    }
)


def task(context: FakeSourceContext | None = None, *, number: int = 0, **config: str) -> Any:
    """A started task of the connector."""
    connector = DatagenConnector()
    given = {"kafka.topic": "t", "max.interval": "0", **{key.replace("_", "."): text for key, text in config.items()}}
    assert not [error for value in connector.validate(given) for error in value.errors]
    connector.start(given)
    return started(connector.task_class()(), connector.task_configs(number + 1)[number], context)


def records(made: Any) -> list[SourceRecord]:
    return [record for batch in batches(made) for record in batch.records()]  # type: ignore[misc]


def errors(**config: str) -> list[tuple[str, str]]:
    given = {"kafka.topic": "t", **{key.replace("_", "."): text for key, text in config.items()}}
    return [(value.name, error) for value in DatagenConnector.validate(given) for error in value.errors]


@pytest.mark.parametrize("name", QUICKSTARTS)
def test_every_quickstart_makes_records_that_fit_its_schema(name: str) -> None:
    [batch] = batches(task(quickstart=name.upper(), iterations="50"))
    assert len(batch) == 50
    key, _ = QUICKSTARTS[name]
    for index in range(50):
        value = to_value(batch.value_schema, batch.values[index])
        value.validate()
        assert batch.keys is not None
        assert value.get(key) == batch.keys[index]


def test_ratings_are_those_of_the_talk() -> None:
    first, second = records(task(quickstart="ratings", iterations="2"))
    assert first.value_schema is not None
    assert first.value_schema.name == "ksql.ratings"
    assert [field.name for field in first.value_schema.fields] == [
        *("rating_id", "user_id", "stars", "route_id", "rating_time", "channel", "message"),
    ]
    assert (first.key, second.key) == (1, 2)
    assert (first.value.get("rating_time"), second.value.get("rating_time")) == (1, 13)
    assert 1 <= first.value.get("stars") < 5


def test_records_say_where_they_come_from() -> None:
    record = records(task(quickstart="users", iterations="3", random_seed="7"))[1]
    assert record.source_partition == {"task.id": 0}
    assert record.source_offset == {"task.generation": 0, "current.iteration": 2, "random.seed": 7}
    assert [(header.key, header.value) for header in record.headers] == [
        ("task.generation", 0),
        ("task.id", 0),
        ("current.iteration", 1),
    ]
    assert (record.timestamp, record.partition) == (None, None)


def test_without_key_field_the_key_is_null() -> None:
    [record] = records(task(schema_string=SCHEMA, iterations="1"))
    assert record.key is None
    assert record.key_schema is not None
    assert record.key_schema.optional


def test_the_key_field_can_be_chosen() -> None:
    [record] = records(task(quickstart="ratings", schema_keyfield="channel", iterations="1"))
    assert record.key == record.value.get("channel")


def test_schema_from_a_file_with_comments(tmp_path: Path) -> None:
    path = tmp_path / "r.avsc"
    path.write_text("// made by hand\n" + SCHEMA.replace('"n"', '"n.//" /* odd */'))
    [record] = records(task(schema_filename=str(path), iterations="1", schema_keyfield="id"))
    assert record.key == 5
    assert record.value_schema is not None
    assert record.value_schema.name == "n.//.R"


def test_a_seed_makes_the_same_records_again_and_tasks_differ() -> None:
    one, again = (records(task(quickstart="users", iterations="2500", random_seed="1")) for _ in range(2))
    assert [r.value for r in one] == [r.value for r in again]
    other = records(task(number=1, quickstart="users", iterations="2500", random_seed="1"))
    assert [r.value for r in one] != [r.value for r in other]


@pytest.mark.parametrize("done", [1, 999, 1000, 1001])
def test_a_restarted_task_continues_as_if_nothing_had_been(done: int) -> None:
    whole = records(task(schema_string=SCHEMA, iterations="1500"))
    context = FakeSourceContext([({"task.id": 0}, whole[done - 1].source_offset or {})])
    rest = records(task(context, schema_string=SCHEMA, iterations="1500"))
    assert [r.value for r in rest] == [r.value for r in whole[done:]]
    assert rest[0].headers.last_with_name("task.generation").value == 1  # type: ignore[union-attr]


def test_waiting_does_not_change_the_data() -> None:
    context = FakeSourceContext()
    slow = records(task(context, schema_string=SCHEMA, iterations="30", random_seed="1", max_interval="200"))
    fast = records(task(schema_string=SCHEMA, iterations="30", random_seed="1"))
    assert [r.value for r in slow] == [r.value for r in fast]
    assert all(0 <= wait <= 0.2 for wait in context.waits[:30])
    assert len(set(context.waits[:30])) > 1


def test_at_the_end_the_task_is_idle_or_fails() -> None:
    context = FakeSourceContext()
    idle = task(context, quickstart="users", iterations="1")
    assert len(list(batches(idle))) == 1
    assert context.waits
    failing = task(quickstart="users", iterations="1", iterations_reached="FAIL")
    failing.poll_batch()
    with pytest.raises(ConnectException, match="generated the configured 1 number of messages"):
        failing.poll_batch()


def test_headers_can_be_left_out() -> None:
    [batch] = batches(task(quickstart="users", iterations="1", headers_enabled="false"))
    assert batch.headers is None


@pytest.mark.parametrize(
    ("config", "key", "error"),
    [
        ({}, "quickstart", "Must set exactly one of"),
        ({"quickstart": "users", "schema_string": SCHEMA}, "schema.string", "Must set exactly one of"),
        ({"quickstart": "nothing"}, "quickstart", "Must be one of"),
        ({"schema_filename": "/nowhere/x.avsc"}, "schema.filename", "Unable to find the schema file"),
        ({"schema_string": "{"}, "schema.string", "Unable to parse the provided schema"),
        ({"schema_string": '"int"'}, "schema.string", "it is no record"),
        ({"schema_string": SCHEMA, "schema_keyfield": "y"}, "schema.string", "no such field"),
        ({"schema_string": SCHEMA.replace('"min": 0', '"min": 9')}, "schema.string", "make no sense"),
    ],
)
def test_what_makes_no_sense_is_refused(config: dict[str, str], key: str, error: str) -> None:
    [(name, text)] = errors(**config)
    assert name == key
    assert error in text
    with pytest.raises(ConfigException):
        DatagenConnector().start({"kafka.topic": "t", **{k.replace("_", "."): v for k, v in config.items()}})


def test_offsets_that_may_be_altered() -> None:
    alter = DatagenConnector().alter_offsets
    assert alter({}, [({"task.id": 0}, {"current.iteration": 5}), ({"x": 1}, None)])
    with pytest.raises(ConnectException, match="should contain"):
        alter({}, [({"x": 0}, {"current.iteration": 5})])
    with pytest.raises(ConnectException, match="a number from 0"):
        alter({}, [({"task.id": 0}, {"current.iteration": -1})])


def test_nested_rows_are_structs() -> None:
    [batch] = batches(task(quickstart="orders", iterations="1"))
    assert isinstance(batch.values[0][4], Struct)
