"""Configurations as people have them: that of the talk, and what others set besides."""

from __future__ import annotations

TALK = {
    "connector.class": "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
    "connection.url": "http://elasticsearch:9200",
    "value.converter": "org.apache.kafka.connect.json.JsonConverter",
    "value.converter.schemas.enable": "false",
    "type.name": "type.name=kafkaconnect",
    "topics": "ratings",
    "key.ignore": "true",
    "schema.ignore": "true",
}
PEOPLE_SET: dict[str, dict[str, str]] = {
    "the talk": {},
    "no type": {"type.name": ""},
    "large batches, small buffer": {
        "batch.size": "200000",
        "linger.ms": "1000",
        "flush.timeout.ms": "60000",
        "read.timeout.ms": "60000",
        "type.name": "_doc",
    },
    "tolerant": {
        "behavior.on.malformed.documents": "warn",
        "errors.tolerance": "all",
        "errors.log.enable": "true",
        "errors.log.include.messages": "true",
    },
    "dead letters": {
        "behavior.on.malformed.documents": "ignore",
        "errors.deadletterqueue.topic.name": "dlq_sink-elastic-test03",
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
    },
    "old topic map": {"topic.index.map": "RATINGS_BY_CLUB_STATUS:ratings_agg_by_status_1min"},
    "pattern of topics": {"topics.regex": "PHONE_.*"},
    "deletes": {"key.ignore": "false", "behavior.on.null.values": "DELETE"},
    "daily indices": {
        "transforms": "addTS,routeTS",
        "transforms.addTS.type": "org.apache.kafka.connect.transforms.InsertField$Value",
        "transforms.addTS.timestamp.field": "EXTRACT_TS",
        "transforms.routeTS.type": "org.apache.kafka.connect.transforms.TimestampRouter",
        "transforms.routeTS.topic.format": "kafka-${topic}-${timestamp}",
        "transforms.routeTS.timestamp.format": "YYYY-MM",
    },
    "in the cloud": {
        "connection.url": "https://xxx.eu-west-1.aws.found.io:9243",
        "connection.username": "elastic",
        "connection.password": "secret",
        "input.data.format": "AVRO",
        "kafka.api.key": "k",
        "kafka.api.secret": "s",
        "behavior.on.malformed.documents": "fail",
    },
    "several tasks": {"tasks.max": "4", "type.name": "_doc"},
    "upper case": {"write.method": "UPSERT", "key.ignore": "false", "behavior.on.malformed.documents": "WARN"},
    "several nodes": {"connection.url": "http://es1:9200, http://es2:9200/"},
}
