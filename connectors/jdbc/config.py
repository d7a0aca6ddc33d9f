"""The keys of the JDBC source, named, typed and ordered as users of the Java connector know them."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connect.api import ConfigDef, ConfigException, Key
from connect.api.validators import LambdaValidator, Range, ValidString
from connectors.jdbc.config_database import DATABASE
from connectors.jdbc.key_groups import (
    BOOLEAN,
    DRIVERS,
    GRANULARITIES,
    HIGH,
    INT,
    ISOLATION_MODES,
    LIST,
    LONG,
    LOW,
    MEDIUM,
    MODES,
    PASSWORD,
    STRING,
    UNSUPPORTED_TYPES,
    enumerator,
    group,
    matters_in,
    recommend,
)

_TIMESTAMP_MODES = ("timestamp", "timestamp+incrementing")
_INCREMENTING_MODES = ("incrementing", "timestamp+incrementing")
_TOPIC_PREFIX = re.compile(r"[a-zA-Z0-9._-]*")
_LONGEST_TOPIC = 249


def _topic_prefix(name: str, value: Any) -> None:
    if value is None:
        return
    if len(value) > _LONGEST_TOPIC:
        raise ConfigException(name, value, f"Topic prefix length must not exceed {_LONGEST_TOPIC} characters.")
    if not _TOPIC_PREFIX.fullmatch(value):
        reason = "Topic prefix must not contain any character other than ASCII alphanumerics, '.', '_' and '-'."
        raise ConfigException(name, value, reason)


def _timezone(name: str, value: Any) -> None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigException(name, value, "Invalid time zone identifier") from error


_MODE = group(
    "Mode",
    (
        "mode",
        STRING,
        "",
        HIGH,
        "MEDIUM",
        "Table Loading Mode",
        (
            "bulk: everything at every poll; incrementing: rows with a higher id; timestamp: rows with a later time; "
            "timestamp+incrementing: both, which is the safest."
        ),
        {
            "validator": ValidString("", *MODES),
            "dependents": (
                "incrementing.column.name",
                "timestamp.column.name",
                "incrementing.column.mapping",
                "timestamp.columns.mapping",
                "validate.non.null",
            ),
        },
    ),
    (
        "incrementing.column.name",
        STRING,
        "",
        MEDIUM,
        "MEDIUM",
        "Incrementing Column Name",
        "The strictly growing column. Empty: the table's auto-increment column.",
        {"recommender": matters_in(*_INCREMENTING_MODES)},
    ),
    (
        "timestamp.column.name",
        LIST,
        "",
        MEDIUM,
        "MEDIUM",
        "Timestamp Column Name",
        "The columns that tell when a row was changed; the first that isn't null counts.",
        {"recommender": matters_in(*_TIMESTAMP_MODES)},
    ),
    (
        "timestamp.columns.mapping",
        LIST,
        "",
        MEDIUM,
        "LONG",
        "Table to timestamp columns mappings",
        "Timestamp columns per table: regex:[column1|column2], ...",
        {"recommender": matters_in(*_TIMESTAMP_MODES)},
    ),
    (
        "incrementing.column.mapping",
        LIST,
        "",
        MEDIUM,
        "LONG",
        "Table to incrementing column mappings",
        "The incrementing column per table: regex:column, ...",
        {"recommender": matters_in(*_INCREMENTING_MODES)},
    ),
    (
        "timestamp.initial",
        LONG,
        None,
        LOW,
        "MEDIUM",
        "Unix time value of initial timestamp",
        "Where the timestamp modes begin when there is no offset: milliseconds since 1970; -1: now.",
        {"recommender": matters_in(*_TIMESTAMP_MODES)},
    ),
    (
        "validate.non.null",
        BOOLEAN,
        True,
        LOW,
        "SHORT",
        "Validate Non Null",
        "Refuse tables whose tracking columns may be null: rows with null there are never read.",
        {"recommender": matters_in("timestamp", *_INCREMENTING_MODES)},
    ),
    (
        "query",
        STRING,
        "",
        MEDIUM,
        "SHORT",
        "Query",
        (
            "A SELECT to copy instead of tables. The modes other than bulk append a WHERE, so wrap a query that has "
            "one: SELECT * FROM (...) t."
        ),
    ),
    ("query.masked", PASSWORD, "", MEDIUM, "SHORT", "Query (Masked)", "The same, hidden in logs and answers."),
    (
        "quote.sql.identifiers",
        STRING,
        "ALWAYS",
        MEDIUM,
        "MEDIUM",
        "Quote Identifiers",
        "Whether names are quoted in SQL: always or never.",
        {"recommender": recommend(("always", "never"))},
    ),
    (
        "query.suffix",
        STRING,
        "",
        LOW,
        "MEDIUM",
        "Query suffix",
        "Text to append to every generated query, such as LIMIT 1000.",
    ),
    (
        "transaction.isolation.mode",
        STRING,
        "DEFAULT",
        LOW,
        "MEDIUM",
        "Transaction Isolation Mode",
        f"The isolation level of the reading transactions: {', '.join(ISOLATION_MODES)}.",
        {"validator": enumerator(ISOLATION_MODES), "recommender": recommend(ISOLATION_MODES)},
    ),
    (
        "query.retry.attempts",
        INT,
        -1,
        LOW,
        "MEDIUM",
        "Query Retry Attempts",
        "How often a query that failed for a passing reason is tried again; -1: for ever.",
        {"validator": Range(-1)},
    ),
)

_STARTUP_LIMIT = ConfigDef(
    Key(
        "table.monitoring.startup.polling.limit.ms",
        LONG,
        10000,
        "How long the start of the connector waits for the first list of tables.",
        LOW,
        group="",
        internal=True,
    )
)

_CONNECTOR = (
    group(
        "Connector",
        ("table.types", LIST, "TABLE", LOW, "MEDIUM", "Table Types", "The kinds of tables to copy: TABLE, VIEW, ..."),
        (
            "poll.interval.ms",
            INT,
            5000,
            HIGH,
            "SHORT",
            "Poll Interval (ms)",
            "Between two looks at a table.",
        ),
        ("batch.max.rows", INT, 1000, LOW, "SHORT", "Max Rows Per Batch", "How many rows are read at a time."),
        (
            "max.buffer.size",
            INT,
            0,
            LOW,
            "SHORT",
            "Max Buffer Size",
            "Accepted for compatibility; no rows are buffered beyond a batch.",
        ),
        (
            "poll.linger.ms",
            LONG,
            5000,
            LOW,
            "SHORT",
            "Poll Linger Milliseconds",
            "How long a poll waits for rows at most before it returns without any.",
        ),
    )
    | _STARTUP_LIMIT
    | group(
        "Connector",
        (
            "table.poll.interval.ms",
            LONG,
            60000,
            LOW,
            "SHORT",
            "Metadata Change Monitoring Interval (ms)",
            "How often to look for new and dropped tables; a change restarts the tasks.",
        ),
        (
            "topic.prefix",
            STRING,
            "",
            HIGH,
            "MEDIUM",
            "Topic Prefix",
            "What stands before the table's name in the name of the topic; with a query: the topic.",
            {"validator": LambdaValidator(_topic_prefix, "ASCII alphanumerics, '.', '_' and '-'")},
        ),
        (
            "timestamp.delay.interval.ms",
            LONG,
            0,
            HIGH,
            "MEDIUM",
            "Delay Interval (ms)",
            "Rows younger than this are left for later, so that transactions which take their time can commit.",
        ),
        (
            "db.timezone",
            STRING,
            "UTC",
            MEDIUM,
            "MEDIUM",
            "DB time zone",
            "The time zone in which the database's times without zone are to be understood.",
            {"validator": LambdaValidator(_timezone, "a time zone")},
        ),
        (
            "timestamp.granularity",
            STRING,
            "connect_logical",
            LOW,
            "MEDIUM",
            "Timestamp granularity for timestamp columns",
            "How timestamps are written: connect_logical (milliseconds), or micro- or nanoseconds as number or text.",
            {"validator": enumerator(GRANULARITIES), "recommender": recommend(GRANULARITIES)},
        ),
        first=6,
    )
)

_OURS = group(
    "Connector",
    (
        "safe.read.window.ms",
        LONG,
        0,
        LOW,
        "SHORT",
        "Safe Read Window (ms)",
        (
            "How long after a row was read others may still appear with a lower id, or an equal or earlier timestamp "
            "(transactions that commit late), and not be lost. Rows of that time are looked at again at every poll; "
            "only those not seen before are sent. 0: such rows are lost, as with the Java connector."
        ),
        {"validator": Range(0)},
    ),
    (
        "unsupported.types",
        STRING,
        "skip",
        LOW,
        "SHORT",
        "Unsupported Types",
        (
            "What becomes of columns whose type has no counterpart, such as arrays: skip leaves them out with a "
            "warning, string sends the database's text, fail stops the task."
        ),
        {"validator": ValidString(*UNSUPPORTED_TYPES), "recommender": recommend(UNSUPPORTED_TYPES)},
    ),
    (
        "bulk.range.size",
        LONG,
        0,
        LOW,
        "SHORT",
        "Bulk Range Size",
        (
            "In mode bulk: tables whose primary key is a single integer are read in ranges of so many keys, which are "
            "shared by up to tasks.max tasks; each range keeps its position, so that a restart goes on within it. "
            "0: a table is read by one task, and again from its beginning after a restart."
        ),
        {"validator": Range(0)},
    ),
    (
        "driver.name",
        STRING,
        "auto",
        LOW,
        "SHORT",
        "Driver",
        "The Python driver for MySQL and MariaDB: asyncmy (fast), pymysql, or auto for the fastest one installed.",
        {"validator": ValidString(*DRIVERS), "recommender": recommend(DRIVERS)},
    ),
    first=11,
)

CONFIG = DATABASE | _MODE | _CONNECTOR | _OURS
