"""The ``rental`` table through Java's JDBC connector and through ours: are the messages the same?

``python -m benchmarks.compare_rental --java-plugins FOLDER`` copies one table by both, as JSON with its schema, and
compares the topics message by message and key by key. FOLDER holds the Java connector and MariaDB's driver.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pymysql
from confluent_kafka import Consumer, TopicPartition

from benchmarks import data
from benchmarks.cases.names import JSON
from benchmarks.subjects import JAVA, PYTHON, Subject
from tests.services import KafkaBroker, MariaDB

_TABLE = (
    (
        "create table rental (rental_id int not null auto_increment primary key, rental_date datetime not null,"
        " inventory_id mediumint unsigned not null, customer_id smallint unsigned not null, return_date datetime null,"
        " staff_id tinyint unsigned not null, last_update timestamp not null default current_timestamp)"
    ),
    (  # dates before and after 1970, every value of the small columns, most of the large ones, nulls
        "insert into rental select seq, '1961-03-01' + interval seq * 7211 second, seq * 7919 % 16777216,"
        " seq * 31 % 65536, if(seq % 9, '2005-05-26 22:04:30' + interval seq * 977 second, null), seq % 256,"
        " '1990-02-15 21:30:53' + interval seq * 1999 second from seq_1_to_{rows}"
    ),
)
_SILENCE_SECONDS = 30.0


class Comparison(NamedTuple):
    """How many messages there were, how many are the same bytes, and per key how many values are the same."""

    messages: int
    equal_bytes: int
    equal_values: Counter[str]
    first_difference: str | None


def compare(ours: Iterator[bytes], java: Iterator[bytes]) -> Comparison:
    """Raises ValueError when one side has more messages."""
    messages = equal_bytes = 0
    equal_values: Counter[str] = Counter()
    first: str | None = None
    for one, other in zip(ours, java, strict=True):
        messages += 1
        equal_bytes += one == other
        if one != other and first is None:
            first = f"ours {one.decode()}\nJava {other.decode()}"
        equal_values.update(_same_keys(json.loads(one), json.loads(other)))
    return Comparison(messages, equal_bytes, equal_values, first)


def _same_keys(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    if one["schema"] == other["schema"]:
        yield "schema"
    payloads = one["payload"], other["payload"]
    yield from (f"payload.{key}" for key in payloads[1] if key in payloads[0] and payloads[0][key] == payloads[1][key])


def messages(bootstrap_servers: str, topic: str, count: int) -> Iterator[bytes]:
    """The values of a topic of one partition, in order. Raises TimeoutError when they don't come."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": str(uuid.uuid4())})
    consumer.assign([TopicPartition(topic, 0, 0)])
    left = count
    try:
        while left:
            fetched = consumer.consume(min(left, 2000), _SILENCE_SECONDS)
            if not fetched:
                raise TimeoutError(f"{left} messages of {topic} are missing")
            left -= len(fetched)
            yield from (value for message in fetched if (value := message.value()) is not None)
    finally:
        consumer.close()


def _copy(subject: Subject, broker: KafkaBroker, server: MariaDB, rows: int) -> str:
    """Copy the table; the topic."""
    prefix = f"compare-{subject.kind}-"
    topic = f"{prefix}rental"
    data.create_topic(broker.bootstrap_servers, topic)
    config = {
        "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
        "tasks.max": "1",
        "connection.url": f"jdbc:mariadb://127.0.0.1:{server.port}/{server.database}",
        "connection.user": server.user_name,
        "connection.password": server.password,
        "catalog.pattern": server.database,
        "table.whitelist": "rental",
        "mode": "incrementing",
        "incrementing.column.name": "rental_id",
        "poll.interval.ms": "3600000",
        "topic.prefix": prefix,
        "value.converter": JSON,
        "value.converter.schemas.enable": "true",
    }
    with data.end_offset(broker.bootstrap_servers, topic) as count:
        subject.create(prefix, config)
        data.arrival(count, rows, 0.1)
    subject.delete(prefix)
    return topic


def _fill(server: MariaDB, rows: int) -> None:
    login = {"user": server.user_name, "password": server.password, "database": server.database}
    with (
        pymysql.connect(host="127.0.0.1", port=server.port, autocommit=True, **login) as connection,
        connection.cursor() as cursor,
    ):
        for statement in _TABLE:
            cursor.execute(statement.format(rows=rows))


def main() -> int:
    """Copy, compare, print. 1 when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_rental", description=__doc__)
    parser.add_argument("--java-plugins", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--records", type=int, default=500_000)
    options = parser.parse_args()
    topics: dict[str, str] = {}
    with KafkaBroker() as broker, MariaDB() as server:
        _fill(server, options.records)
        for kind in (PYTHON, JAVA):
            with Subject(kind, broker, java_plugins=[options.java_plugins]) as subject:
                topics[kind] = _copy(subject, broker, server, options.records)
        found = compare(*(messages(broker.bootstrap_servers, topics[kind], options.records) for kind in (PYTHON, JAVA)))
    body = _report(found)
    sys.stdout.write(f"{body}\n{found.first_difference or ''}\n")
    return int(found.equal_bytes != found.messages)


def _report(found: Comparison) -> str:
    about = (
        "The same table by Java's JDBC connector 10.10 and by ours, as JSON with its schema, in mode incrementing: "
        f"{found.equal_bytes:,} of {found.messages:,} messages are the same bytes in the same order."
    )
    rows = [f"| {key} | {count:,} | {found.messages - count:,} |" for key, count in found.equal_values.items()]
    return "\n".join([about, "", "| key | equal | different |", "|---|---|---|", *rows])


if __name__ == "__main__":
    sys.exit(main())
