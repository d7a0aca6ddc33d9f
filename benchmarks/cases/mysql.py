"""MariaDB tables → topics by the JDBC source; bulk, one task, JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import asyncmy
import pymysql

from benchmarks import bare
from benchmarks.case import Case, Limit, Setting, Side
from benchmarks.cases.copying import fresh_name, into_topic
from benchmarks.cases.names import JSON
from benchmarks.figures import Figures
from benchmarks.process_tree import pss_megabytes_of_children
from benchmarks.subjects import Subject
from tests.services import MariaDB

_CLASS = "io.confluent.connect.jdbc.JdbcSourceConnector"
_RENTAL = (
    (
        "create table {name} (rental_id int not null auto_increment primary key, rental_date datetime not null,"
        " inventory_id mediumint unsigned not null, customer_id smallint unsigned not null, return_date datetime null,"
        " staff_id tinyint unsigned not null, last_update timestamp not null default current_timestamp)"
    ),
    (
        "insert into {name} select seq, '2005-05-24 22:53:30' + interval seq second, seq % 4581, seq % 599,"
        " if(seq % 10, '2005-05-26 22:04:30' + interval seq second, null), 1 + seq % 2, '2006-02-15 21:30:53'"
        " from seq_1_to_{rows}"
    ),
)
_WIDE = (
    (
        "create table {name} (id bigint not null primary key, a int, b int, amount decimal(10,2), made datetime,"
        " t1 varchar(120), t2 varchar(120), t3 varchar(120), t4 varchar(120), t5 varchar(120))"
    ),
    (
        "insert into {name} select seq, seq % 1000, seq % 77, seq % 10000 / 100, '2024-01-01' + interval seq second,"
        " rpad(seq, 104, 'a'), rpad(seq, 104, 'b'), rpad(seq, 104, 'c'), rpad(seq, 104, 'd'), rpad(seq, 104, 'e')"
        " from seq_1_to_{rows}"
    ),
)


def _fill(server: MariaDB, statements: tuple[str, str], rows: int) -> str:
    """A table of so many rows, made once; its name."""
    name = f"{'wide' if statements is _WIDE else 'rental'}_{rows}"
    with (
        pymysql.connect(
            host="127.0.0.1",
            port=server.port,
            user=server.user_name,
            password=server.password,
            database=server.database,
            autocommit=True,
        ) as connection,
        connection.cursor() as cursor,
    ):
        if not cursor.execute(f"show tables like '{name}'"):
            for statement in statements:
                cursor.execute(statement.format(name=name, rows=rows))
    return name


def _copied(subject: Subject, setting: Setting, statements: tuple[str, str], extra: Mapping[str, str]) -> Figures:
    server = setting.server(MariaDB)
    table = _fill(server, statements, setting.records)
    prefix = f"{fresh_name()}-"
    config = {
        "connector.class": _CLASS,
        "connection.url": f"jdbc:mariadb://127.0.0.1:{server.port}/{server.database}",
        "connection.user": server.user_name,
        "connection.password": server.password,
        "catalog.pattern": server.database,
        "table.whitelist": table,
        "mode": "bulk",
        "poll.interval.ms": "3600000",
        "topic.prefix": prefix,
        "key.converter": JSON,
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
        **extra,
    }
    figures = into_topic(subject, setting, config, f"{prefix}{table}", name=prefix)
    return {**figures, "largest child, PSS MB": pss_megabytes_of_children(subject.server.pid)}


def rental(subject: Subject, setting: Setting) -> Figures:
    """MariaDB → topic, bulk: a table of seven numbers and times, as JSON without schemas."""
    return _copied(subject, setting, _RENTAL, {})


def rental_envelope(subject: Subject, setting: Setting) -> Figures:
    """The same with schemas in the JSON."""
    return _copied(subject, setting, _RENTAL, {"value.converter.schemas.enable": "true"})


def wide(subject: Subject, setting: Setting) -> Figures:
    """MariaDB → topic, bulk: ten columns, 547 bytes a row, as JSON without schemas."""
    return _copied(subject, setting, _WIDE, {"numeric.mapping": "best_fit"})


def bare_driver(statements: tuple[str, str]) -> Limit:
    """The driver alone: all rows of the table as tuples of Python's objects."""

    def limit(setting: Setting, topic: str) -> dict[str, Figures]:
        server = setting.server(MariaDB)
        table = _fill(server, statements, setting.records)
        runs = [bare.timed(setting.records, lambda: asyncio.run(_read(server, table))) for _ in range(3)]
        return {"bare driver (asyncmy)": bare.best(runs)}

    return limit


async def _read(server: MariaDB, table: str) -> None:
    connection = await asyncmy.connect(
        host="127.0.0.1", port=server.port, user=server.user_name, password=server.password, db=server.database
    )
    async with connection.cursor() as cursor:
        await cursor.execute(f"select * from {table}")
        await cursor.fetchall()
    connection.close()


_BOUND = "The driver makes one Python object per field, the converter one text per row; both in the task's one thread."
CASES = tuple(
    Case(
        name,
        measure,
        300_000,
        side=Side.PLUGIN,
        needs=_CLASS,
        limits=(bare.producer, bare_driver(statements)),
        bound=_BOUND,
    )
    for name, measure, statements in (
        ("mysql-rental", rental, _RENTAL),
        ("mysql-rental-envelope", rental_envelope, _RENTAL),
        ("mysql-wide", wide, _WIDE),
    )
)
