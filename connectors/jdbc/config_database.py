"""The keys that say where the database is and which of its tables are meant."""

from __future__ import annotations

from connect.api.validators import Range, ValidString
from connectors.jdbc.key_groups import (
    BOOLEAN,
    CLASS,
    HIGH,
    INT,
    LIST,
    LONG,
    LOW,
    MEDIUM,
    NUMERIC_MAPPINGS,
    PASSWORD,
    STRING,
    enumerator,
    group,
    recommend,
)

DATABASE = group(
    "Database",
    (
        "connection.url",
        STRING,
        "",
        HIGH,
        "LONG",
        "JDBC URL",
        (
            "The database, as a JDBC URL: jdbc:mysql://, jdbc:mariadb://, jdbc:postgresql://, jdbc:sqlite:, "
            "jdbc:sqlserver:// or jdbc:oracle:thin:@; any other one for which SQLAlchemy has a dialect."
        ),
        {"dependents": ("table.whitelist", "table.blacklist")},
    ),
    ("connection.user", STRING, None, HIGH, "LONG", "JDBC User", "The user to connect as."),
    ("connection.password", PASSWORD, None, HIGH, "SHORT", "JDBC Password", "The user's password."),
    (
        "jdbc.credentials.provider.class",
        CLASS,
        "io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider",
        LOW,
        "LONG",
        "JDBC Credentials Provider Class",
        "Accepted for compatibility; connection.user and connection.password are what counts.",
    ),
    (
        "connection.attempts",
        INT,
        3,
        LOW,
        "SHORT",
        "JDBC connection attempts",
        "How often a connection is tried before that counts as failed.",
        {"validator": Range(1)},
    ),
    (
        "connection.backoff.ms",
        LONG,
        10000,
        LOW,
        "SHORT",
        "JDBC connection backoff in milliseconds",
        "The pause between two attempts to connect.",
    ),
    (
        "table.whitelist",
        LIST,
        "",
        MEDIUM,
        "LONG",
        "Table Whitelist",
        "Tables to copy: their names, alone or qualified by schema or database.",
    ),
    (
        "table.blacklist",
        LIST,
        "",
        MEDIUM,
        "LONG",
        "Table Blacklist",
        "Tables not to copy: their names, alone or qualified.",
    ),
    (
        "table.include.list",
        LIST,
        "",
        MEDIUM,
        "LONG",
        "Tables Included (Regex)",
        "Regular expressions; tables are copied whose qualified name matches one of them as a whole.",
    ),
    (
        "table.exclude.list",
        LIST,
        "",
        MEDIUM,
        "LONG",
        "Tables Excluded (Regex)",
        "Regular expressions; takes tables out of what table.include.list matches.",
    ),
    (
        "catalog.pattern",
        STRING,
        None,
        MEDIUM,
        "SHORT",
        "Schema pattern",
        (
            "The catalog (in MySQL and MariaDB: the database) whose tables are seen; unset: all. Set it, or tables of "
            "the same name in another database make the connector fail."
        ),
    ),
    (
        "schema.pattern",
        STRING,
        None,
        HIGH,
        "SHORT",
        "Schema pattern",
        "The schemas whose tables are seen, with % and _ as wildcards; unset: all.",
    ),
    (
        "numeric.precision.mapping",
        BOOLEAN,
        False,
        LOW,
        "SHORT",
        "Map Numeric Values By Precision (deprecated)",
        "The older way to say numeric.mapping=precision_only.",
    ),
    (
        "numeric.mapping",
        STRING,
        None,
        LOW,
        "SHORT",
        "Map Numeric Values, Integral or Decimal, By Precision and Scale",
        (
            "What NUMERIC columns become: none (Decimal), precision_only (integers where the scale is 0), best_fit "
            "(integers or doubles), best_fit_eager_double (doubles whatever the precision). DECIMAL stays Decimal."
        ),
        {"validator": enumerator(NUMERIC_MAPPINGS), "recommender": recommend(NUMERIC_MAPPINGS)},
    ),
    (
        "dialect.name",
        STRING,
        "",
        LOW,
        "LONG",
        "Database Dialect",
        (
            "The database dialect, if the URL doesn't tell it: MySqlDatabaseDialect, PostgreSqlDatabaseDialect, ...; "
            "GenericDatabaseDialect: through SQLAlchemy, whatever the database."
        ),
    ),
    (
        "date.calendar.system",
        STRING,
        "LEGACY",
        LOW,
        "MEDIUM",
        "Date Calendar System",
        (
            "How dates and timestamps before 15 October 1582 are counted: by the Julian calendar, as Java's older "
            "classes do (LEGACY), or by the Gregorian one throughout."
        ),
        {"validator": ValidString("LEGACY", "PROLEPTIC_GREGORIAN")},
    ),
)
