"""MariaDB tables → topics by the JDBC source; bulk, one task, JSON."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

import pymysql

from benchmarks import data
from benchmarks.cases import JSON, Figures, Setting, figures_of
from benchmarks.process_tree import pss_megabytes_of_children
from benchmarks.subjects import Subject
from tests.services import MariaDB

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
    server = setting.mariadb
    assert server is not None, "a case of MariaDB has its server"
    table = _fill(server, statements, setting.records)
    prefix = f"bench-{uuid.uuid4()}-"
    topic, servers = f"{prefix}{table}", setting.broker.bootstrap_servers
    data.create_topic(servers, topic)
    config = {
        "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
        "tasks.max": "1",
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
    with data.end_offset(servers, topic) as count:
        cpu = subject.cpu_seconds()
        subject.create(prefix, config)
        first, total = data.seconds_until(count, setting.records)
    figures = figures_of(subject, setting.records, first, total, cpu)
    figures["largest child, PSS MB"] = pss_megabytes_of_children(subject.server.pid)
    subject.delete(prefix)
    data.delete_topic(servers, topic)
    return figures


def rental(subject: Subject, setting: Setting) -> Figures:
    """A table of seven numbers and times, as JSON without schemas."""
    return _copied(subject, setting, _RENTAL, {})


def rental_envelope(subject: Subject, setting: Setting) -> Figures:
    """The same with schemas in the JSON."""
    return _copied(subject, setting, _RENTAL, {"value.converter.schemas.enable": "true"})


def wide(subject: Subject, setting: Setting) -> Figures:
    """Ten columns, 547 bytes a row, as JSON without schemas."""
    return _copied(subject, setting, _WIDE, {"numeric.mapping": "best_fit"})


MYSQL_CASES: dict[str, Callable[[Subject, Setting], Figures]] = {
    "mysql-rental": rental,
    "mysql-rental-envelope": rental_envelope,
    "mysql-wide": wide,
}
"""Cases with a MariaDB server of their own; Java's side needs the connector and MariaDB's driver as a plugin."""
