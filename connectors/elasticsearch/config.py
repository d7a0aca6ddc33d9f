"""All keys of the connector, in the order in which they are listed."""

from __future__ import annotations

from connect.api import ConfigDef, ConfigType, Width
from connect.api.validators import Range
from connectors.elasticsearch.extra_keys import EXTRA_KEYS
from connectors.elasticsearch.keys import (
    DATASET,
    HIGH,
    KEYTAB,
    MEDIUM,
    NAMESPACE,
    URLS,
    Group,
    one_of,
    suggest,
)
from connectors.elasticsearch.tls_keys import TLS_KEYS

BOOLEAN, STRING, INT, LONG = ConfigType.BOOLEAN, ConfigType.STRING, ConfigType.INT, ConfigType.LONG
LIST, PASSWORD = ConfigType.LIST, ConfigType.PASSWORD

_HOUR_MS = 60 * 60 * 1000
_WEEK_MS = 7 * 24 * _HOUR_MS

_connector = Group("Connector")
_conversion = Group("Data Conversion")
_proxy = Group("Proxy", first=0)
_kerberos = Group("Kerberos", first=0)

_CONNECTION = (
    _connector.key(
        "connection.url",
        LIST,
        "Connection URLs",
        "Addresses of the cluster's nodes, separated by commas, such as http://es-1:9200,http://es-2:9200. Requests go"
        " to them in turn. Without a scheme http is meant; if one is https, all connections use TLS.",
        importance=HIGH,
        width=Width.LONG,
        validator=URLS,
    ),
    _connector.key(
        "connection.username",
        STRING,
        "Connection Username",
        "User for basic authentication; goes together with connection.password. Unset: none.",
        default=None,
        importance=MEDIUM,
    ),
    _connector.key(
        "connection.password",
        PASSWORD,
        "Connection Password",
        "Password for basic authentication; goes together with connection.username.",
        default=None,
        importance=MEDIUM,
    ),
)

_TARGETS = (
    _connector.key(
        "external.resource.usage",
        STRING,
        "External Resource Usage",
        "Write into something that exists already, named by topic.to.external.resource.mapping: an index, a data"
        " stream, or an alias of either. Nothing is created then.",
        default="DISABLED",
        importance=HIGH,
        validator=one_of("index", "datastream", "alias_index", "alias_datastream", "disabled"),
        recommender=suggest("INDEX", "DATASTREAM", "ALIAS_INDEX", "ALIAS_DATASTREAM", "DISABLED"),
    ),
    _connector.key(
        "topic.to.external.resource.mapping",
        LIST,
        "Topic to External Resource Mapping",
        "Pairs topic:resource, separated by commas, one for each topic of the connector.",
        default=[],
        importance=HIGH,
        width=Width.LONG,
    ),
    _connector.key(
        "max.external.resource.mappings",
        INT,
        "Maximum External Resource Mappings",
        "How many pairs topic.to.external.resource.mapping may hold.",
        default=15,
        validator=Range(1),
    ),
    _connector.key(
        "data.stream.type",
        STRING,
        "Data Stream Type",
        "First part of the data stream's name <type>-<dataset>-<namespace>; NONE writes to plain indices.",
        default="NONE",
        recommender=suggest("LOGS", "METRICS", "NONE"),
    ),
    _connector.key(
        "data.stream.dataset",
        STRING,
        "Data Stream Dataset",
        "Second part of the data stream's name: lower case, at most 100 characters, without blanks and"
        ' \\ / * ? " < > | , # - and colon.',
        default="",
        width=Width.MEDIUM,
        validator=DATASET,
    ),
    _connector.key(
        "data.stream.namespace",
        STRING,
        "Data Stream Namespace",
        "Last part of the data stream's name, with the same rules; ${topic} stands for the topic in lower case.",
        default="${topic}",
        width=Width.MEDIUM,
        validator=NAMESPACE,
    ),
    _connector.key(
        "data.stream.timestamp.field",
        LIST,
        "Data Stream Timestamp Field",
        "The first of these fields that a document has becomes its @timestamp; otherwise the record's timestamp does.",
        default=[],
        width=Width.LONG,
    ),
)

_WRITING = (
    _connector.key(
        "batch.size",
        INT,
        "Batch Size",
        "Most records in one bulk request, over all partitions of the task.",
        default=2000,
        importance=MEDIUM,
        validator=Range(1, 1_000_000),
    ),
    _connector.key(
        "bulk.size.bytes",
        LONG,
        "Bulk Size (bytes)",
        "A bulk request is sent when it has grown to this many bytes; -1 = no limit.",
        default=5 * 1024 * 1024,
        validator=Range(-1),
    ),
    _connector.key(
        "max.in.flight.requests",
        INT,
        "Max In-flight Requests",
        "How many bulk requests of a task may run at the same time.",
        default=5,
        importance=MEDIUM,
        validator=Range(1, 1000),
    ),
    _connector.key(
        "max.buffered.records",
        INT,
        "Max Buffered Records",
        "How many records a task holds before it pauses its partitions. Raised to batch.size times"
        " max.in.flight.requests where it is smaller.",
        default=20000,
        validator=Range(1),
    ),
    _connector.key(
        "linger.ms",
        LONG,
        "Linger (ms)",
        "How long a batch that is not full waits for more records.",
        default=1,
        validator=Range(0, _WEEK_MS),
    ),
    _connector.key(
        "flush.timeout.ms",
        LONG,
        "Flush Timeout (ms)",
        "How long a flush may take, or the buffer may stay full without any progress, before the task fails.",
        default=180_000,
        validator=Range(1000, _WEEK_MS),
    ),
    _connector.key(
        "flush.synchronously",
        BOOLEAN,
        "Flush synchronously",
        "Wait for all outstanding requests before offsets are committed. Not needed for transformations that rename"
        " topics: offsets are kept by the topic that was consumed.",
        default=False,
    ),
    _connector.key(
        "max.retries",
        INT,
        "Max Retries",
        "How often a failed request is tried again. Documents that a bulk request reports as rejected for now are"
        " another matter: see rejection.timeout.ms.",
        default=5,
        validator=Range(0, 2**31 - 1),
    ),
    _connector.key(
        "retry.backoff.ms",
        LONG,
        "Retry Backoff (ms)",
        "Base of the wait before another try; the wait is random, up to this times two to the power of the tries.",
        default=100,
        validator=Range(0, 24 * _HOUR_MS),
    ),
    _connector.key(
        "connection.compression",
        BOOLEAN,
        "Compression",
        "Compress the bodies of requests with gzip.",
        default=False,
    ),
    _connector.key(
        "max.connection.idle.time.ms",
        INT,
        "Max Connection Idle Time",
        "Connections that were idle for longer are not used again; below 0: no limit.",
        default=60_000,
    ),
    _connector.key(
        "connection.timeout.ms",
        INT,
        "Connection Timeout",
        "How long connecting to a node may take.",
        default=1000,
        validator=Range(0, 12 * _HOUR_MS),
    ),
    _connector.key(
        "read.timeout.ms",
        INT,
        "Read Timeout",
        "How long to wait for the answer to a request.",
        default=3000,
        validator=Range(0, _WEEK_MS),
    ),
)

_CONVERSION = (
    _conversion.key(
        "key.ignore",
        BOOLEAN,
        "Ignore Key mode",
        "Make document ids from topic, partition and offset instead of the record's key.",
        default=False,
        importance=HIGH,
    ),
    _conversion.key(
        "schema.ignore",
        BOOLEAN,
        "Ignore Schema mode",
        "Leave the mapping to the server instead of deriving it from the record's schema. Needed for records that"
        " have none.",
        default=False,
    ),
    _conversion.key(
        "compact.map.entries",
        BOOLEAN,
        "Compact Map Entries",
        "Write maps with string keys as JSON objects; otherwise as arrays of objects with key and value.",
        default=True,
    ),
    _conversion.key(
        "topic.key.ignore",
        LIST,
        "Topics for 'Ignore Key' mode",
        "Topics for which key.ignore is true.",
        default=[],
        width=Width.LONG,
    ),
    _conversion.key(
        "topic.schema.ignore",
        LIST,
        "Topics for 'Ignore Schema' mode",
        "Topics for which schema.ignore is true.",
        default=[],
        width=Width.LONG,
    ),
    _conversion.key(
        "drop.invalid.message",
        BOOLEAN,
        "Drop invalid messages",
        "Skip a record that can't become a document (after reporting it) instead of failing the task.",
        default=False,
    ),
    _conversion.key(
        "behavior.on.null.values",
        STRING,
        "Behavior for null-valued records",
        "What a record without value means: ignore it, delete the document with its key as id, or fail.",
        default="FAIL",
        validator=one_of("ignore", "delete", "fail"),
        recommender=suggest("ignore", "delete", "fail"),
    ),
    _conversion.key(
        "behavior.on.malformed.documents",
        STRING,
        "Behavior on malformed documents",
        "What to do after the server refused a document (and it went to the dead letter queue, if there is one):"
        " ignore it, warn in the log, or fail.",
        default="FAIL",
        validator=one_of("ignore", "warn", "fail"),
        recommender=suggest("ignore", "warn", "fail"),
    ),
    _conversion.key(
        "external.version.header",
        STRING,
        "External Version Header",
        "A record header whose number becomes the document's version instead of the record's offset.",
        default="",
    ),
    _conversion.key(
        "write.method",
        STRING,
        "Write Method",
        "insert replaces the whole document, upsert merges the record's fields into it.",
        default="INSERT",
        validator=one_of("insert", "upsert"),
        recommender=suggest("insert", "upsert"),
    ),
    _connector.key(
        "use.autogenerated.ids",
        BOOLEAN,
        "Elasticsearch Generated IDs",
        "With write.method=insert: let the server choose ids. A record that is delivered twice is then two documents.",
        default=False,
        importance=MEDIUM,
        order_in_group=11,
    ),
)

_PROXY = (
    _proxy.key("proxy.host", STRING, "Proxy Host", "An HTTP proxy to go through.", default="", width=Width.LONG),
    _proxy.key(
        "proxy.port",
        INT,
        "Proxy Port",
        "Port of proxy.host.",
        default=8080,
        width=Width.LONG,
        validator=Range(1, 65535),
    ),
    _proxy.key("proxy.username", STRING, "Proxy Username", "User for the proxy.", default="", width=Width.LONG),
    _proxy.key("proxy.password", PASSWORD, "Proxy Password", "Password for the proxy.", default=None, width=Width.LONG),
)

_KERBEROS = (
    _kerberos.key(
        "kerberos.user.principal",
        STRING,
        "Kerberos User Principal",
        "Principal for authentication by Kerberos; goes together with kerberos.keytab.path.",
        default=None,
        width=Width.LONG,
    ),
    _kerberos.key(
        "kerberos.keytab.path",
        STRING,
        "Kerberos Keytab Path",
        "The principal's keytab.",
        default=None,
        width=Width.LONG,
        validator=KEYTAB,
    ),
)

CONFIG = ConfigDef(
    *_CONNECTION,
    *_TARGETS,
    *_WRITING,
    *_CONVERSION,
    *_PROXY,
    *TLS_KEYS,
    *_KERBEROS,
    *EXTRA_KEYS,
)
