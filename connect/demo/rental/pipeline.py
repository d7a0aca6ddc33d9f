"""What ``connect demo rental`` sets up: a JDBC source and an Elasticsearch sink that share schemas in a registry."""

from __future__ import annotations

from typing import Any

from connect.demo.rental.database import TABLE, RentalDatabase

PREFIX = "sakila-"
TOPIC = f"{PREFIX}{TABLE}"
"""The topic, and by the sink's rule the index as well."""
SUBJECT = f"{TOPIC}-value"
DATES = ("rental_date", "return_date", "last_update")
_AVRO = "io.confluent.connect.avro.AvroConverter"


def _converters(registry_url: str) -> dict[str, str]:
    return {
        "key.converter": _AVRO,
        "key.converter.schema.registry.url": registry_url,
        "value.converter": _AVRO,
        "value.converter.schema.registry.url": registry_url,
    }


def source_connector(database: RentalDatabase, registry_url: str) -> dict[str, Any]:
    """Copies the table, and what is added or changed later; the key is the row's id."""
    return {
        "name": "rental-source",
        "config": {
            "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
            "tasks.max": "1",
            **database.settings,
            "table.whitelist": TABLE,
            "mode": "timestamp+incrementing",
            "timestamp.column.name": "last_update",
            "incrementing.column.name": "rental_id",
            "topic.prefix": PREFIX,
            "poll.interval.ms": "1000",
            **_converters(registry_url),
            "transforms": "key,id",
            "transforms.key.type": "org.apache.kafka.connect.transforms.ValueToKey",
            "transforms.key.fields": "rental_id",
            "transforms.id.type": "org.apache.kafka.connect.transforms.ExtractField$Key",
            "transforms.id.field": "rental_id",
            "topic.creation.default.partitions": "1",
            "topic.creation.default.replication.factor": "1",
        },
    }


def sink_connector(search_url: str, registry_url: str) -> dict[str, Any]:
    """One document per rental; the index gets its mapping from the schema."""
    return {
        "name": "rental-sink",
        "config": {
            "connector.class": "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
            "tasks.max": "1",
            "topics": TOPIC,
            "connection.url": search_url,
            "read.timeout.ms": "60000",
            "key.ignore": "false",
            "schema.ignore": "false",
            **_converters(registry_url),
        },
    }
