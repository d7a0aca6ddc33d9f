"""The keys of the JDBC source, named, typed and ordered as users of the Java connector know them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key, Recommender, Width
from connect.api.validators import LambdaValidator, Range, ValidString

MODES = ("bulk", "timestamp", "incrementing", "timestamp+incrementing")
NUMERIC_MAPPINGS = ("none", "precision_only", "best_fit", "best_fit_eager_double")
GRANULARITIES = (
    "connect_logical",
    "micros_long",
    "micros_string",
    "micros_iso_datetime_string",
    "nanos_long",
    "nanos_string",
    "nanos_iso_datetime_string",
)
ISOLATION_MODES = (
    "DEFAULT",
    "READ_UNCOMMITTED",
    "READ_COMMITTED",
    "REPEATABLE_READ",
    "SERIALIZABLE",
    "SQL_SERVER_SNAPSHOT",
)
DRIVERS = ("auto", "asyncmy", "pymysql")
UNSUPPORTED_TYPES = ("skip", "string", "fail")

_STRING, _LIST, _INT, _LONG = ConfigType.STRING, ConfigType.LIST, ConfigType.INT, ConfigType.LONG
_BOOLEAN, _PASSWORD, _CLASS = ConfigType.BOOLEAN, ConfigType.PASSWORD, ConfigType.CLASS
_HIGH, _MEDIUM, _LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW
_TOPIC_PREFIX = re.compile(r"[a-zA-Z0-9._-]*")
_LONGEST_TOPIC = 249


def _enumerator(values: Sequence[str]) -> LambdaValidator:
    def check(name: str, value: Any) -> None:
        if value is not None and value not in values:
            raise ConfigException(name, value, "Invalid enumerator")

    return LambdaValidator(check, f"[{', '.join(values)}]")


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


def _recommend(values: Sequence[str]) -> Recommender:
    return Recommender(valid_values=lambda _name, _config: values)


def _matters_in(*modes: str) -> Recommender:
    def visible(_name: str, config: Mapping[str, Any]) -> bool:
        mode = config.get("mode")
        if not mode:
            raise ConfigException("Query mode must be specified")
        if mode not in MODES:
            raise ConfigException(f"Invalid mode: {mode}")
        return mode in modes

    return Recommender(visible=visible)


_TIMESTAMP_MODES = ("timestamp", "timestamp+incrementing")
_INCREMENTING_MODES = ("incrementing", "timestamp+incrementing")


def _group(group: str, *rows: tuple[Any, ...], first: int = 1) -> ConfigDef:
    """Keys from rows of ``(name, type, default, importance, width, display name, documentation[, more of a Key])``."""
    keys = []
    for order, (name, type_, default, importance, width, display, doc, *more) in enumerate(rows, first):
        extra: dict[str, Any] = more[0] if more else {}
        keys.append(
            Key(
                name,
                type_,
                default,
                doc,
                importance,
                group=group,
                order_in_group=order,
                width=Width[width],
                display_name=display,
                **extra,
            )
        )
    return ConfigDef(*keys)


_DATABASE = _group(
    "Database",
    (
        "connection.url",
        _STRING,
        "",
        _HIGH,
        "LONG",
        "JDBC URL",
        (
            "The database, as a JDBC URL: jdbc:mysql://, jdbc:mariadb://, jdbc:postgresql://, jdbc:sqlite:, "
            "jdbc:sqlserver:// or jdbc:oracle:thin:@."
        ),
        {"dependents": ("table.whitelist", "table.blacklist")},
    ),
    ("connection.user", _STRING, None, _HIGH, "LONG", "JDBC User", "The user to connect as."),
    ("connection.password", _PASSWORD, None, _HIGH, "SHORT", "JDBC Password", "The user's password."),
    (
        "jdbc.credentials.provider.class",
        _CLASS,
        "io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider",
        _LOW,
        "LONG",
        "JDBC Credentials Provider Class",
        "Accepted for compatibility; connection.user and connection.password are what counts.",
    ),
    (
        "connection.attempts",
        _INT,
        3,
        _LOW,
        "SHORT",
        "JDBC connection attempts",
        "How often a connection is tried before that counts as failed.",
        {"validator": Range(1)},
    ),
    (
        "connection.backoff.ms",
        _LONG,
        10000,
        _LOW,
        "SHORT",
        "JDBC connection backoff in milliseconds",
        "The pause between two attempts to connect.",
    ),
    (
        "table.whitelist",
        _LIST,
        "",
        _MEDIUM,
        "LONG",
        "Table Whitelist",
        "Tables to copy: their names, alone or qualified by schema or database.",
    ),
    (
        "table.blacklist",
        _LIST,
        "",
        _MEDIUM,
        "LONG",
        "Table Blacklist",
        "Tables not to copy: their names, alone or qualified.",
    ),
    (
        "table.include.list",
        _LIST,
        "",
        _MEDIUM,
        "LONG",
        "Tables Included (Regex)",
        "Regular expressions; tables are copied whose qualified name matches one of them as a whole.",
    ),
    (
        "table.exclude.list",
        _LIST,
        "",
        _MEDIUM,
        "LONG",
        "Tables Excluded (Regex)",
        "Regular expressions; takes tables out of what table.include.list matches.",
    ),
    (
        "catalog.pattern",
        _STRING,
        None,
        _MEDIUM,
        "SHORT",
        "Schema pattern",
        (
            "The catalog (in MySQL and MariaDB: the database) whose tables are seen; unset: all. Set it, or tables of "
            "the same name in another database make the connector fail."
        ),
    ),
    (
        "schema.pattern",
        _STRING,
        None,
        _HIGH,
        "SHORT",
        "Schema pattern",
        "The schemas whose tables are seen, with % and _ as wildcards; unset: all.",
    ),
    (
        "numeric.precision.mapping",
        _BOOLEAN,
        False,
        _LOW,
        "SHORT",
        "Map Numeric Values By Precision (deprecated)",
        "The older way to say numeric.mapping=precision_only.",
    ),
    (
        "numeric.mapping",
        _STRING,
        None,
        _LOW,
        "SHORT",
        "Map Numeric Values, Integral or Decimal, By Precision and Scale",
        (
            "What NUMERIC columns become: none (Decimal), precision_only (integers where the scale is 0), best_fit "
            "(integers or doubles), best_fit_eager_double (doubles whatever the precision). DECIMAL stays Decimal."
        ),
        {"validator": _enumerator(NUMERIC_MAPPINGS), "recommender": _recommend(NUMERIC_MAPPINGS)},
    ),
    (
        "dialect.name",
        _STRING,
        "",
        _LOW,
        "LONG",
        "Database Dialect",
        "The database dialect, if the URL doesn't tell it: MySqlDatabaseDialect, PostgreSqlDatabaseDialect, ...",
    ),
    (
        "date.calendar.system",
        _STRING,
        "LEGACY",
        _LOW,
        "MEDIUM",
        "Date Calendar System",
        "Accepted for compatibility; dates follow the Gregorian calendar throughout.",
        {"validator": ValidString("LEGACY", "PROLEPTIC_GREGORIAN")},
    ),
)

_MODE = _group(
    "Mode",
    (
        "mode",
        _STRING,
        "",
        _HIGH,
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
        _STRING,
        "",
        _MEDIUM,
        "MEDIUM",
        "Incrementing Column Name",
        "The strictly growing column. Empty: the table's auto-increment column.",
        {"recommender": _matters_in(*_INCREMENTING_MODES)},
    ),
    (
        "timestamp.column.name",
        _LIST,
        "",
        _MEDIUM,
        "MEDIUM",
        "Timestamp Column Name",
        "The columns that tell when a row was changed; the first that isn't null counts.",
        {"recommender": _matters_in(*_TIMESTAMP_MODES)},
    ),
    (
        "timestamp.columns.mapping",
        _LIST,
        "",
        _MEDIUM,
        "LONG",
        "Table to timestamp columns mappings",
        "Timestamp columns per table: regex:[column1|column2], ...",
        {"recommender": _matters_in(*_TIMESTAMP_MODES)},
    ),
    (
        "incrementing.column.mapping",
        _LIST,
        "",
        _MEDIUM,
        "LONG",
        "Table to incrementing column mappings",
        "The incrementing column per table: regex:column, ...",
        {"recommender": _matters_in(*_INCREMENTING_MODES)},
    ),
    (
        "timestamp.initial",
        _LONG,
        None,
        _LOW,
        "MEDIUM",
        "Unix time value of initial timestamp",
        "Where the timestamp modes begin when there is no offset: milliseconds since 1970; -1: now.",
        {"recommender": _matters_in(*_TIMESTAMP_MODES)},
    ),
    (
        "validate.non.null",
        _BOOLEAN,
        True,
        _LOW,
        "SHORT",
        "Validate Non Null",
        "Refuse tables whose tracking columns may be null: rows with null there are never read.",
        {"recommender": _matters_in("timestamp", *_INCREMENTING_MODES)},
    ),
    (
        "query",
        _STRING,
        "",
        _MEDIUM,
        "SHORT",
        "Query",
        (
            "A SELECT to copy instead of tables. The modes other than bulk append a WHERE, so wrap a query that has "
            "one: SELECT * FROM (...) t."
        ),
    ),
    ("query.masked", _PASSWORD, "", _MEDIUM, "SHORT", "Query (Masked)", "The same, hidden in logs and answers."),
    (
        "quote.sql.identifiers",
        _STRING,
        "ALWAYS",
        _MEDIUM,
        "MEDIUM",
        "Quote Identifiers",
        "Whether names are quoted in SQL: always or never.",
        {"recommender": _recommend(("always", "never"))},
    ),
    (
        "query.suffix",
        _STRING,
        "",
        _LOW,
        "MEDIUM",
        "Query suffix",
        "Text to append to every generated query, such as LIMIT 1000.",
    ),
    (
        "transaction.isolation.mode",
        _STRING,
        "DEFAULT",
        _LOW,
        "MEDIUM",
        "Transaction Isolation Mode",
        f"The isolation level of the reading transactions: {', '.join(ISOLATION_MODES)}.",
        {"validator": _enumerator(ISOLATION_MODES), "recommender": _recommend(ISOLATION_MODES)},
    ),
    (
        "query.retry.attempts",
        _INT,
        -1,
        _LOW,
        "MEDIUM",
        "Query Retry Attempts",
        "How often a query that failed for a passing reason is tried again; -1: for ever.",
        {"validator": Range(-1)},
    ),
)

_STARTUP_LIMIT = ConfigDef(
    Key(
        "table.monitoring.startup.polling.limit.ms",
        _LONG,
        10000,
        "How long the start of the connector waits for the first list of tables.",
        _LOW,
        group="",
        internal=True,
    )
)

_CONNECTOR = (
    _group(
        "Connector",
        ("table.types", _LIST, "TABLE", _LOW, "MEDIUM", "Table Types", "The kinds of tables to copy: TABLE, VIEW, ..."),
        (
            "poll.interval.ms",
            _INT,
            5000,
            _HIGH,
            "SHORT",
            "Poll Interval (ms)",
            "Between two looks at a table.",
        ),
        ("batch.max.rows", _INT, 1000, _LOW, "SHORT", "Max Rows Per Batch", "How many rows are read at a time."),
        (
            "max.buffer.size",
            _INT,
            0,
            _LOW,
            "SHORT",
            "Max Buffer Size",
            "Accepted for compatibility; no rows are buffered beyond a batch.",
        ),
        (
            "poll.linger.ms",
            _LONG,
            5000,
            _LOW,
            "SHORT",
            "Poll Linger Milliseconds",
            "How long a poll waits for rows at most before it returns without any.",
        ),
    )
    | _STARTUP_LIMIT
    | _group(
        "Connector",
        (
            "table.poll.interval.ms",
            _LONG,
            60000,
            _LOW,
            "SHORT",
            "Metadata Change Monitoring Interval (ms)",
            "How often to look for new and dropped tables; a change restarts the tasks.",
        ),
        (
            "topic.prefix",
            _STRING,
            "",
            _HIGH,
            "MEDIUM",
            "Topic Prefix",
            "What stands before the table's name in the name of the topic; with a query: the topic.",
            {"validator": LambdaValidator(_topic_prefix, "ASCII alphanumerics, '.', '_' and '-'")},
        ),
        (
            "timestamp.delay.interval.ms",
            _LONG,
            0,
            _HIGH,
            "MEDIUM",
            "Delay Interval (ms)",
            "Rows younger than this are left for later, so that transactions which take their time can commit.",
        ),
        (
            "db.timezone",
            _STRING,
            "UTC",
            _MEDIUM,
            "MEDIUM",
            "DB time zone",
            "The time zone in which the database's times without zone are to be understood.",
            {"validator": LambdaValidator(_timezone, "a time zone")},
        ),
        (
            "timestamp.granularity",
            _STRING,
            "connect_logical",
            _LOW,
            "MEDIUM",
            "Timestamp granularity for timestamp columns",
            "How timestamps are written: connect_logical (milliseconds), or micro- or nanoseconds as number or text.",
            {"validator": _enumerator(GRANULARITIES), "recommender": _recommend(GRANULARITIES)},
        ),
        first=6,
    )
)

_OURS = _group(
    "Connector",
    (
        "safe.read.window.ms",
        _LONG,
        0,
        _LOW,
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
        _STRING,
        "skip",
        _LOW,
        "SHORT",
        "Unsupported Types",
        (
            "What becomes of columns whose type has no counterpart, such as arrays: skip leaves them out with a "
            "warning, string sends the database's text, fail stops the task."
        ),
        {"validator": ValidString(*UNSUPPORTED_TYPES), "recommender": _recommend(UNSUPPORTED_TYPES)},
    ),
    (
        "driver.name",
        _STRING,
        "auto",
        _LOW,
        "SHORT",
        "Driver",
        "The Python driver for MySQL and MariaDB: asyncmy (fast), pymysql, or auto for the fastest one installed.",
        {"validator": ValidString(*DRIVERS), "recommender": _recommend(DRIVERS)},
    ),
    first=11,
)

CONFIG = _DATABASE | _MODE | _CONNECTOR | _OURS
