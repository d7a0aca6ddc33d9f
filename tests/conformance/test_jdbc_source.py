"""The recorded scenarios of the JDBC source, against real MariaDB, PostgreSQL and SQLite databases.

Where ours deliberately does better, or the recorded server isn't the one here, the expectation is changed by one of the
rules below; each says why.
"""

from __future__ import annotations

import copy
import json
import math
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.jdbc.connector import JdbcSourceConnector
from tests.conformance.jdbc_databases import MySqlDatabase, PostgreSqlDatabase, ScenarioDatabase, SqliteDatabase
from tests.conformance.jdbc_run import Run, ScenarioWorker, place
from tests.conformance.vectors import CONFORMANCE_DIR
from tests.services.postgresql import PostgreSQL

Json = dict[str, Any]

FOLDER = CONFORMANCE_DIR / "connectors/jdbc-source"
SCENARIOS = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
    if path.name != "configdef.json"
]
if not SCENARIOS:
    raise FileNotFoundError(f"no recorded scenarios in {FOLDER}; CONFORMANCE_DIR names their folder")


def _delivers(expect: Json, topic: str, schema_fields: list[Json], payloads: list[Json]) -> None:
    """Expect records instead of a failure."""
    expect.pop("failure")
    schema = {"type": "struct", "fields": schema_fields, "optional": False, "name": topic}
    expect["topics"] = {
        "${P}-" + topic: [
            {"key": None, "value": {"schema": schema, "payload": payload}, "headers": [], "partition": 0}
            for payload in payloads
        ]
    }


_ID = {"type": "int32", "optional": True, "field": "id"}


def _sqlite_blob(expect: Json) -> None:
    """SQLite's Java driver can't read a blob through the interface that the connector uses; ours sends its bytes."""
    _delivers(expect, "sb", [_ID, {"type": "bytes", "optional": True, "field": "b"}], [{"id": 1, "b": "AQI="}])


def _sqlite_datetime(expect: Json) -> None:
    """A DATETIME of SQLite has a time of day, which Java takes for a broken date; ours sends a timestamp."""
    timestamp = {
        "type": "int64",
        "optional": True,
        "name": "org.apache.kafka.connect.data.Timestamp",
        "version": 1,
        "field": "dt",
    }
    _delivers(expect, "sd", [_ID, timestamp], [{"id": 1, "dt": 1709210096000}])


def _empty_prefix(expect: Json) -> None:
    """The task says itself that it has no topic, before Kafka refuses the first record."""
    expect["failure"]["traceContains"] = ["topic.prefix must not be empty with a query: it is the name of the topic"]


def _json_as_stored(expect: Json) -> None:
    """MySQL 9 rewrites JSON when it stores it; the server of the tests, MariaDB, keeps the text."""
    for record in expect["topics"]["${P}-strs"]:
        if record["value"]["payload"]["j"] not in (None, "[]"):
            record["value"]["payload"]["j"] = '{"b": [1, 2.5, null], "a": "x"}'


DEVIATIONS: dict[str, Callable[[Json], None]] = {
    "types-sqlite-blob": _sqlite_blob,
    "types-sqlite-datetime": _sqlite_datetime,
    "query-empty-prefix": _empty_prefix,
    "types-strings-mysql": _json_as_stored,
}
"""What is expected instead, and why; none of it loses a row."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], ScenarioDatabase]]:
    """Makes empty databases of a kind; MySQL's scenarios run on MariaDB, with a URL of MySQL's Java driver."""
    made: list[ScenarioDatabase] = []

    def make(kind: str) -> ScenarioDatabase:
        if kind in ("mariadb", "mysql"):
            made.append(MySqlDatabase(request.getfixturevalue("mariadb"), kind))
        elif kind == "postgresql":
            made.append(PostgreSqlDatabase(request.getfixturevalue("postgresql")))
        else:
            made.append(SqliteDatabase(tmp_path))
        return made[-1]

    yield make
    for database in made:
        database.close()


@pytest.mark.parametrize("recorded", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_recorded_scenario(recorded: Json, new_database: Callable[[str], ScenarioDatabase]) -> None:
    scenario = copy.deepcopy(recorded)
    change = DEVIATIONS.get(scenario["id"])
    if change is not None:
        change(scenario["expect"])
    check_scenario(scenario, new_database(scenario["database"]))


def check_scenario(scenario: Json, database: ScenarioDatabase) -> None:
    """Play a scenario on an empty database, and compare what comes with what it expects."""
    scenario = place(scenario, {**database.placeholders, "P": "p1", "NAME": "scenario"})
    expect = scenario["expect"]
    if "validate" in expect:
        database.execute(scenario["setup"])
        _check_validation(scenario["config"], expect["validate"])
    elif "rejected" in expect:
        database.execute(scenario["setup"])
        _check_rejection(scenario["config"], expect["rejected"]["message"])
    else:
        worker = Run(scenario, database).play()
        _check_failures(expect, worker)
        _check_topics(scenario, worker)
        _check_offsets(expect, worker)
        _check_task_configs(expect, worker)


def _check_validation(config: dict[str, str], expected: Json) -> None:
    """Keys of the worker are left to the worker's tests."""
    values = {value.name: value for value in JdbcSourceConnector.validate(config)}
    errors = {name: value.errors for name, value in values.items() if value.errors}
    wanted = {name: texts for name, texts in expected["errors"].items() if name in JdbcSourceConnector.CONFIG}
    assert errors.keys() == wanted.keys(), errors
    for name, texts in wanted.items():
        assert len(texts) == len(errors[name])
        assert all(_is_text(text, found) for text, found in zip(texts, errors[name], strict=True)), errors[name]
    for name, recommended in expected.get("recommended_values", {}).items():
        assert values[name].recommended_values == recommended, name


def _check_rejection(config: dict[str, str], message: str) -> None:
    errors = [error for value in JdbcSourceConnector.validate(config) for error in value.errors]
    assert errors == message.splitlines()[1:-1]


def _plain(text: str) -> str:
    """A recorded message without the names of Java's classes and the driver's number of the connection."""
    while (shorter := re.sub(r"^(?:[a-z]+\.)+[A-Za-z.$]+(?:Exception|Error|NumberOutOfRange): ", "", text)) != text:
        text = shorter
    return text.replace("(conn=<any>) ", "").removesuffix(" at line 1")


def _is_text(expected: str, actual: str) -> bool:
    pattern = ".*".join(map(re.escape, _plain(expected).split("<any>")))
    return re.search(pattern, actual, re.DOTALL) is not None


def _check_failures(expect: Json, worker: ScenarioWorker) -> None:
    if "failure" not in expect:
        assert not worker.failures
        return
    expected = expect["failure"]
    assert worker.failures, f"nothing has failed: {worker.topics}"
    assert {who for who, _, _ in worker.failures} == {expected["of"]}, worker.failures
    trace = "\n".join(text for _, _, messages in worker.failures for text in messages)
    for text in expected["traceContains"]:
        assert _is_text(text, trace), f"{text!r} is not in {trace!r}"


def _check_topics(scenario: Json, worker: ScenarioWorker) -> None:
    expected = scenario["expect"].get("topics", {})
    assert worker.topics.keys() == {topic for topic, records in expected.items() if records}
    for topic, records in expected.items():
        found = worker.topics[topic]
        if scenario.get("match") == "prefix":
            found = found[: len(records)]
        assert len(found) == len(records), found
        for wanted, actual in zip(records, found, strict=True):
            assert _is_same(wanted, actual), f"\n{wanted}\n{actual}"


def _is_same(wanted: Any, actual: Any) -> bool:
    if wanted == "<any>":
        return actual is not None
    if isinstance(wanted, dict) and isinstance(actual, dict):
        return wanted.keys() == actual.keys() and all(_is_same(wanted[key], actual[key]) for key in wanted)
    if isinstance(wanted, list) and isinstance(actual, list):
        return len(wanted) == len(actual) and all(map(_is_same, wanted, actual))
    if isinstance(wanted, float) or isinstance(actual, float):
        return wanted == actual or (wanted is not None and actual is not None and _single(wanted) == _single(actual))
    return type(wanted) is type(actual) and wanted == actual


def _single(number: float) -> float:
    packed: float
    try:
        (packed,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return math.nan
    return packed


def _check_offsets(expect: Json, worker: ScenarioWorker) -> None:
    def order(entry: Json) -> str:
        return json.dumps(entry["partition"], sort_keys=True)

    if expect.get("offsets") is not None:
        assert sorted(worker.offsets.listed(), key=order) == sorted(expect["offsets"], key=order)


def _check_task_configs(expect: Json, worker: ScenarioWorker) -> None:
    if "taskConfigs" in expect:
        assert len(worker.task_configs) == len(expect["taskConfigs"])
        for wanted, actual in zip(expect["taskConfigs"], worker.task_configs, strict=True):
            assert wanted.items() <= actual.items()


def test_keys_are_defined_as_recorded() -> None:
    """The worker's own keys, which the record lists too, are left to the worker's tests."""
    described = [key.describe() for key in JdbcSourceConnector.CONFIG]
    places = {key["name"]: place for place, key in enumerate(described)}
    recorded_keys = json.loads((FOLDER / "configdef.json").read_text(encoding="utf-8"))
    own = [recorded for recorded in recorded_keys if recorded["group"] in ("Database", "Mode", "Connector", "")]
    assert len(own) > 25
    for recorded in own:
        place = places[recorded["name"]]
        assert place == recorded["position"]
        assert {name: described[place][name] for name in recorded if name != "position"} == {
            name: value for name, value in recorded.items() if name != "position"
        }
