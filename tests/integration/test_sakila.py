"""A film rental database of sixteen tables through worker, broker and registry, compared with the database itself."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pymysql
import pytest
from confluent_kafka import Consumer

from connect.api import Schema, to_value
from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter
from converters.json_schema import JsonSchemaConverter
from converters.protobuf import ProtobufConverter
from tests.services import ConnectWorker, KafkaBroker, MariaDB
from tests.waiting import wait_until

ID, UPDATED = "smallint unsigned not null", "timestamp not null default '2006-02-15 04:34:33'"
TABLES = {
    "actor": f"actor_id {ID}, first_name varchar(45) not null, last_name varchar(45) not null, last_update {UPDATED}",
    "address": f"address_id {ID}, address varchar(50) not null, address2 varchar(50), district varchar(20) not null,"
    f" city_id {ID}, postal_code varchar(10), phone char(20) not null, last_update {UPDATED}",
    "category": f"category_id tinyint unsigned not null, name varchar(25) not null, last_update {UPDATED}",
    "city": f"city_id {ID}, city varchar(50) not null, country_id {ID}, last_update {UPDATED}",
    "country": f"country_id {ID}, country varchar(50) not null, last_update {UPDATED}",
    "customer": f"customer_id {ID}, store_id tinyint unsigned not null, first_name varchar(45) not null,"
    f" email varchar(50), active bool not null, create_date datetime not null, born date, last_update {UPDATED}",
    "film": f"film_id {ID}, title varchar(128) not null, description text, release_year year,"
    " language_id tinyint unsigned not null, original_language_id tinyint unsigned, rental_rate decimal(4,2) not null,"
    " length smallint unsigned, replacement_cost decimal(5,2) not null, rating enum('G','PG','R','NC-17'),"
    f" special_features set('Trailers','Commentaries'), score double, stars float, starts time, last_update {UPDATED}",
    "film_actor": f"actor_id {ID}, film_id {ID}, last_update {UPDATED}",
    "film_category": f"film_id {ID}, category_id tinyint unsigned not null, last_update {UPDATED}",
    "film_text": "film_id smallint not null, title varchar(255) not null, description text",
    "inventory": f"inventory_id mediumint unsigned not null, film_id {ID}, store_id tinyint not null,"
    f" last_update {UPDATED}",
    "language": f"language_id tinyint unsigned not null, name char(20) not null, last_update {UPDATED}",
    "payment": f"payment_id {ID}, customer_id {ID}, rental_id int, amount decimal(5,2) not null,"
    f" payment_date datetime not null, total bigint, last_update {UPDATED}",
    "rental": "rental_id int not null, rental_date datetime not null, inventory_id mediumint unsigned not null,"
    f" customer_id {ID}, return_date datetime, staff_id tinyint unsigned not null, last_update {UPDATED}",
    "staff": f"staff_id tinyint unsigned not null, first_name varchar(45) not null, picture blob, digest binary(4),"
    f" active bit(1) not null, username varchar(16) not null, password varchar(40), last_update {UPDATED}",
    "store": f"store_id tinyint unsigned not null, manager_staff_id tinyint unsigned not null, address_id {ID},"
    f" last_update {UPDATED}",
}
ROWS = 25
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def made_up(kind: str, nullable: bool, number: int) -> Any:
    """A value of a column's type, different in each row; every fifth is null where that is allowed."""
    if nullable and number % 5 == 4:
        return None
    name = kind.partition(" ")[0].partition("(")[0]
    day = dt.datetime.fromisoformat("2005-05-24 22:53:30") + dt.timedelta(hours=31 * number)
    values = {
        "decimal": Decimal(number * 37 % 9999).scaleb(-2),
        "datetime": day,
        "timestamp": day,
        "date": day.date(),
        "time": f"{number % 24:02}:{number % 60:02}:59",
        "year": 1990 + number,
        "double": number / 7,
        "float": number * 0.5,
        "enum": ("G", "PG", "R", "NC-17")[number % 4],
        "set": ("Trailers", "Trailers,Commentaries")[number % 2],
        "blob": bytes(range(number)),
        "binary": bytes([number, 0, 255, 1]),
        "bit": number % 2,
        "bool": number % 2,
        "bigint": -(2**62) + number,
    }
    return values.get(name, f"très {number} 😀"[:16] if name in ("varchar", "char", "text") else number)


def columns(definition: str) -> list[tuple[str, str]]:
    """Names and types; commas in parentheses are no separators."""
    depth, parts = 0, [""]
    for char in definition:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [(name, kind) for name, _, kind in (part.strip().partition(" ") for part in parts)]


def expected(value: Any, kind: str) -> Any:
    """What Connect makes of a value as the database's own driver gives it."""
    if kind.startswith("year") and value is not None:
        return dt.datetime(value, 1, 1, tzinfo=dt.UTC)
    if kind.startswith(("bool", "bit")):
        return bool(value if isinstance(value, int) else value[0])
    match value:
        case dt.datetime():
            return value.replace(tzinfo=dt.UTC)
        case dt.date():
            return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        case dt.timedelta():
            return EPOCH + value
    return value


@pytest.fixture
def database(mariadb: MariaDB) -> str:
    """A database of its own with the sixteen tables."""
    name = f"sakila_{uuid.uuid4().hex[:12]}"
    with connection(mariadb, None) as session, session.cursor() as cursor:
        cursor.execute(f"create database {name} character set utf8mb4")
        for table, definition in TABLES.items():
            cursor.execute(f"create table {name}.{table} ({definition})")
            kinds = [kind for _, kind in columns(definition)]
            marks = ", ".join(["%s"] * len(kinds))
            rows = [[made_up(kind, "not null" not in kind, n) for kind in kinds] for n in range(1, ROWS + 1)]
            cursor.executemany(f"insert into {name}.{table} values ({marks})", rows)
    return name


def connection(server: MariaDB, database: str | None) -> Any:
    return pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user_name,
        password=server.password,
        database=database,
        autocommit=True,
        charset="utf8mb4",
        init_command="set time_zone = '+00:00'",
    )


def consumed(broker: KafkaBroker, topics: list[str]) -> dict[str, list[bytes]]:
    """The messages of all topics, as soon as each has all rows."""
    settings = {"group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": broker.bootstrap_servers, **settings})
    found: dict[str, list[bytes]] = {topic: [] for topic in topics}

    def complete() -> bool:
        for message in consumer.consume(500, 1.0):
            if message.error() is None:
                found[message.topic()].append(message.value())
        return all(len(messages) >= ROWS for messages in found.values())

    try:
        consumer.subscribe(topics)
        wait_until(complete, timeout=120)
    finally:
        consumer.close()
    return found


def again(kind: Any, registry: str, topic: str, schema: Schema, rows: list[Any]) -> list[Any]:
    """The rows after another converter has written and read them."""
    made = kind()
    nullable = {"optional.for.nullables": "true"} if kind is ProtobufConverter else {}
    made.configure({"schema.registry.url": registry, **nullable}, is_key=False)
    ((read, values),) = made.to_connect_batch(topic, made.from_connect_batch(topic, schema, rows))
    return [to_value(read, row).values for row in values]


def test_sixteen_tables_arrive_as_they_are(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, mariadb: MariaDB, database: str
) -> None:
    worker = connect_worker({"offset.flush.interval.ms": "1000"})
    prefix = f"{database}-"
    with EmbeddedRegistry() as registry:
        worker.create(
            database,
            {
                "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
                "tasks.max": "2",
                "connection.url": f"jdbc:mariadb://127.0.0.1:{mariadb.port}/{database}",
                "connection.user": mariadb.user_name,
                "connection.password": mariadb.password,
                "catalog.pattern": database,
                "table.whitelist": ",".join(TABLES),
                "mode": "bulk",
                "topic.prefix": prefix,
                "poll.interval.ms": "600000",
                "value.converter": "io.confluent.connect.avro.AvroConverter",
                "value.converter.schema.registry.url": registry.url,
            },
        )
        arrived = consumed(kafka_broker, [f"{prefix}{table}" for table in TABLES])
        reader = AvroConverter()
        reader.configure({"schema.registry.url": registry.url}, is_key=False)
        with connection(mariadb, database) as session, session.cursor() as cursor:
            for table, definition in TABLES.items():
                topic = f"{prefix}{table}"
                ((schema, rows),) = reader.to_connect_batch(topic, arrived[topic])
                assert schema is not None
                cursor.execute(f"select * from {table}")
                kinds = [kind for _, kind in columns(definition)]
                wanted = [[expected(v, k) for v, k in zip(row, kinds, strict=True)] for row in cursor.fetchall()]
                assert [field.name for field in schema.fields] == [name for name, _ in columns(definition)]
                assert [list(row) for row in rows] == wanted, table
                plain = schema.replace(version=None)
                for kind in (JsonSchemaConverter, ProtobufConverter):
                    copied = again(kind, registry.url, f"{table}-{kind.__name__}", plain, rows)
                    assert [list(row) for row in copied] == wanted, (table, kind)
