"""Configurations as people have them: accepted up to the connection, which nobody answers here."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from connectors.jdbc.connector import JdbcSourceConnector
from connectors.jdbc.settings import Settings

TIMESTAMP = {"mode": "timestamp", "timestamp.column.name": "UPDATE_TS", "validate.non.null": "false"}
CONFIGS = [
    {"mode": "bulk", "poll.interval.ms": "3600000", "table.whitelist": "demo.accounts", "topic.prefix": "mysql-01-"},
    {**TIMESTAMP, "table.whitelist": "customers", "poll.interval.ms": "1000", "numeric.mapping": "best_fit"},
    {"mode": "incrementing", "incrementing.column.name": "id", "table.whitelist": "account", "tasks.max": "2"},
    {"mode": "bulk", "table.whitelist": "t", "confluent.license": "", "confluent.topic.bootstrap.servers": "b:1"},
    {"mode": "bulk", "table.whitelist": "t", "table.include": "production_data"},
    {**TIMESTAMP, "query": "SELECT * FROM (SELECT 1) t", "query.suffix": "LIMIT 10"},
]


def errors(config: dict[str, str]) -> dict[str, list[str]]:
    return {value.name: value.errors for value in JdbcSourceConnector.validate(config) if value.errors}


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize(
    "url",
    [
        "jdbc:mysql://127.0.0.1:1/demo",
        "jdbc:postgresql://127.0.0.1:1/account-store",
        "jdbc:oracle:thin:@127.0.0.1:1/X",
        "jdbc:sqlserver://127.0.0.1:1;databaseName=demo",
        "jdbc:db2://h:1/demo",
    ],
)
def test_configurations_of_the_corpus_lack_only_their_database(config: dict[str, str], url: str) -> None:
    found = errors({**config, "connection.url": url, "connection.attempts": "1", "connection.user": "u"})
    assert found.keys() == {"connection.url"}
    assert found["connection.url"][0].startswith("Could not connect to database. ")


def sqlite_config(folder: Path, **more: str) -> dict[str, str]:
    return {"name": "c", "connection.url": f"jdbc:sqlite:{folder / 'x.db'}", "table.whitelist": "t", **more}


@pytest.mark.parametrize(
    ("config", "warning"),
    [
        ({"mode": "bulk"}, "mode bulk sends everything again every 5000 ms"),
        ({"mode": "timestamp"}, "needs a timestamp column"),
        ({"mode": "incrementing"}, "rows that are committed after others with a higher id are lost"),
        ({**TIMESTAMP}, "rows without a value to track are never read"),
        ({"mode": "bulk", "table.blacklist": "u"}, "table.blacklist has no say beside table.whitelist"),
    ],
)
def test_what_is_allowed_and_seldom_meant_is_warned_about(
    config: dict[str, str], warning: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert errors(sqlite_config(tmp_path, **config)) == {}
    assert warning in caplog.text


def test_a_whole_topic_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    assert "topic.prefix" in errors(sqlite_config(tmp_path, mode="bulk", **{"topic.prefix": "x" * 250}))


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    assert "db.timezone" in errors(sqlite_config(tmp_path, mode="bulk", **{"db.timezone": "Mars/Olympus"}))


def test_either_key_says_precision_only() -> None:
    assert Settings({"numeric.precision.mapping": "true"}).column_mapping().numeric == "precision_only"
    assert Settings({"numeric.mapping": "best_fit"}).column_mapping().numeric == "best_fit"


MYSQL_URL = "jdbc:mysql://127.0.0.1:1/demo"
MIXED = "Cannot mix legacy and new configuration approaches."
ISOLATION = "Isolation mode of `SQL_SERVER_SNAPSHOT` can only be configured with a Sql Server Dialect"


@pytest.mark.parametrize(
    ("config", "text", "keys"),
    [
        (
            {"table.whitelist": "t", "table.include.list": "t", "incrementing.column.mapping": ".*:id"},
            MIXED,
            {"table.whitelist", "table.include.list", "incrementing.column.mapping"},
        ),
        (
            {"table.include.list": "t", "timestamp.column.name": "ts"},
            MIXED,
            {"table.include.list", "timestamp.column.name"},
        ),
        (
            {"query": "SELECT 1", "query.masked": "SELECT 2"},
            "Both 'query' and 'query.masked' configs cannot be set at the same time.",
            {"query", "query.masked"},
        ),
        (
            {"query": "WITH x AS (SELECT 1) SELECT * FROM x"},
            "Only SELECT statements are supported for 'query'.",
            {"query"},
        ),
        ({"query.masked": "CALL p()"}, "Only SELECT statements are supported for 'query.masked'.", {"query.masked"}),
        (
            {"table.whitelist": "t", "transaction.isolation.mode": "SQL_SERVER_SNAPSHOT", "connection.url": MYSQL_URL},
            ISOLATION,
            {"transaction.isolation.mode"},
        ),
        (
            {"table.include.list": ".*", "mode": "timestamp"},
            (
                "Timestamp column configuration must be provided when using mode 'timestamp' or "
                "'timestamp+incrementing'. Provide 'timestamp.columns.mapping'."
            ),
            {"mode"},
        ),
        (
            {"table.include.list": ".*", "mode": "incrementing"},
            (
                "Incrementing column configuration must be provided when using mode 'incrementing' or "
                "'timestamp+incrementing'. Provide 'incrementing.column.mapping'."
            ),
            {"mode"},
        ),
        (
            {"table.include.list": ".*", "timestamp.columns.mapping": ".*:[ts]"},
            (
                "Timestamp column configurations should not be provided if mode is not 'timestamp' or "
                "'timestamp+incrementing'. Remove 'timestamp.columns.mapping'."
            ),
            {"mode"},
        ),
        (
            {"table.include.list": ".*", "incrementing.column.mapping": ".*:id"},
            (
                "Incrementing column configurations should not be provided if mode is not 'incrementing' or "
                "'timestamp+incrementing'. Remove 'incrementing.column.mapping'."
            ),
            {"mode"},
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    config: dict[str, str], text: str, keys: set[str], tmp_path: Path
) -> None:
    url = f"jdbc:sqlite:{tmp_path / 'x.db'}"
    found = errors({"name": "c", "connection.url": url, "mode": "bulk", **config})
    assert found.keys() == keys
    assert all(texts[0].startswith(text) for texts in found.values())


def test_the_first_check_that_finds_something_is_the_last_one(tmp_path: Path) -> None:
    found = errors(sqlite_config(tmp_path, mode="bulk", query="DROP TABLE t", **{"query.masked": "SELECT 1"}))
    assert found.keys() == {"query", "query.masked"}
    assert {len(texts) for texts in found.values()} == {1}


@pytest.mark.parametrize("mode", ["bulk", "incrementing"])
def test_a_query_is_tried_in_every_mode(mode: str, tmp_path: Path) -> None:
    config = {"mode": mode, "query": "SELECT * FROM nowhere", "incrementing.column.name": "id", "table.whitelist": ""}
    found = errors(sqlite_config(tmp_path, **config))
    assert found.keys() == {"query"}
    assert found["query"][0].startswith("The configured query is not valid")
