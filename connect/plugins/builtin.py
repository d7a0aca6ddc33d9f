"""The plugins of this distribution, as one table: the Java class name that users know, and our class behind it."""

from __future__ import annotations

import enum
from typing import NamedTuple


class PluginKind(enum.Enum):
    """What a plugin is; the value is what ``GET /connector-plugins`` shows as ``type``."""

    SINK = "sink"
    SOURCE = "source"
    TRANSFORMATION = "transformation"
    PREDICATE = "predicate"
    CONVERTER = "converter"
    HEADER_CONVERTER = "header_converter"
    CONFIG_PROVIDER = "configprovider"


class Plugin(NamedTuple):
    """A plugin that can be loaded: ``name`` as listed and configured, ``target`` as ``module:Class``.

    ``version`` None means the version that this worker reports for Apache Kafka's own plugins. ``roots`` are the
    folders from which its modules are imported when it isn't installed in the worker's own environment.
    """

    kind: PluginKind
    name: str
    target: str
    version: str | None = None
    roots: tuple[str, ...] = ()


def _transformation(name: str, module: str) -> list[Plugin]:
    java = f"org.apache.kafka.connect.transforms.{name}"
    return [
        Plugin(PluginKind.TRANSFORMATION, f"{java}${part}", f"transforms.{module}:{name}{part}")
        for part in ("Key", "Value")
    ]


def _plain(kind: PluginKind, package: str, module: str, *names: str) -> list[Plugin]:
    return [Plugin(kind, f"{package}.{name}", f"{module}:{name}") for name in names]


def _converters(package: str, module: str, *names: str) -> list[Plugin]:
    return [
        plugin
        for kind in (PluginKind.CONVERTER, PluginKind.HEADER_CONVERTER)
        for plugin in _plain(kind, package, module, *names)
    ]


_SPOOLDIR = "com.github.jcustenborder.kafka.connect.spooldir"
_SYSLOG = "com.github.jcustenborder.kafka.connect.syslog"

BUILTIN: tuple[Plugin, ...] = (
    *_plain(PluginKind.SOURCE, "org.apache.kafka.connect.file", "connectors.file.source", "FileStreamSourceConnector"),
    *_plain(PluginKind.SINK, "org.apache.kafka.connect.file", "connectors.file.sink", "FileStreamSinkConnector"),
    Plugin(PluginKind.SINK, "connect.file.FileExportSinkConnector", "connectors.file.export:FileExportSinkConnector"),
    *_plain(PluginKind.SOURCE, _SPOOLDIR, "connectors.spooldir.csv_source", "SpoolDirCsvSourceConnector"),
    *_plain(PluginKind.SOURCE, _SPOOLDIR, "connectors.spooldir.line_source", "SpoolDirLineDelimitedSourceConnector"),
    *_plain(PluginKind.SOURCE, _SPOOLDIR, "connectors.spooldir.binary_source", "SpoolDirBinaryFileSourceConnector"),
    *_plain(
        PluginKind.SOURCE,
        _SPOOLDIR,
        "connectors.spooldir.json_source",
        "SpoolDirJsonSourceConnector",
        "SpoolDirSchemaLessJsonSourceConnector",
    ),
    *_plain(PluginKind.SOURCE, "io.confluent.kafka.connect.datagen", "connectors.datagen.source", "DatagenConnector"),
    *_plain(
        PluginKind.SINK,
        "io.confluent.connect.elasticsearch",
        "connectors.elasticsearch.sink",
        "ElasticsearchSinkConnector",
    ),
    Plugin(
        PluginKind.SOURCE,
        "io.confluent.connect.jdbc.JdbcSourceConnector",
        "connectors.jdbc.connector:JdbcSourceConnector",
        "10.10.0",
    ),
    *_plain(PluginKind.SOURCE, "io.confluent.connect.mqtt", "connectors.mqtt.source", "MqttSourceConnector"),
    *_plain(PluginKind.SINK, "io.confluent.connect.mqtt", "connectors.mqtt.sink", "MqttSinkConnector"),
    *(
        Plugin(
            kind, f"{package}.streamreactor.connect.mqtt.{kind.value}.{name}", f"connectors.mqtt.lenses:Lenses{name}"
        )
        for package in ("io.lenses", "com.datamountaineer")
        for kind, name in ((PluginKind.SOURCE, "MqttSourceConnector"), (PluginKind.SINK, "MqttSinkConnector"))
    ),
    *_plain(PluginKind.SOURCE, "io.confluent.connect.syslog", "connectors.syslog.connector", "SyslogSourceConnector"),
    *_plain(
        PluginKind.SOURCE,
        _SYSLOG,
        "connectors.syslog.connector",
        "UDPSyslogSourceConnector",
        "TCPSyslogSourceConnector",
        "SSLTCPSyslogSourceConnector",
    ),
    *_transformation("Cast", "cast"),
    *_transformation("ExtractField", "extract_field"),
    *_transformation("Flatten", "flatten"),
    *_transformation("HeaderFrom", "header_from"),
    *_transformation("HoistField", "hoist_field"),
    *_transformation("InsertField", "insert_field"),
    *_transformation("MaskField", "mask_field"),
    *_transformation("ReplaceField", "replace_field"),
    *_transformation("SetSchemaMetadata", "set_schema_metadata"),
    *_transformation("TimestampConverter", "timestamp_converter"),
    *_plain(PluginKind.TRANSFORMATION, "org.apache.kafka.connect.transforms", "transforms.drop_headers", "DropHeaders"),
    *_plain(PluginKind.TRANSFORMATION, "org.apache.kafka.connect.transforms", "transforms.filter", "Filter"),
    *_plain(
        PluginKind.TRANSFORMATION, "org.apache.kafka.connect.transforms", "transforms.insert_header", "InsertHeader"
    ),
    *_plain(PluginKind.TRANSFORMATION, "org.apache.kafka.connect.transforms", "transforms.regex_router", "RegexRouter"),
    *_plain(
        PluginKind.TRANSFORMATION,
        "org.apache.kafka.connect.transforms",
        "transforms.timestamp_router",
        "TimestampRouter",
    ),
    *_plain(PluginKind.TRANSFORMATION, "org.apache.kafka.connect.transforms", "transforms.value_to_key", "ValueToKey"),
    Plugin(PluginKind.TRANSFORMATION, "connect.transforms.Python", "transforms.python_function:PythonFunction"),
    *_plain(
        PluginKind.PREDICATE,
        "org.apache.kafka.connect.transforms.predicates",
        "transforms.predicates.has_header_key",
        "HasHeaderKey",
    ),
    *_plain(
        PluginKind.PREDICATE,
        "org.apache.kafka.connect.transforms.predicates",
        "transforms.predicates.record_is_tombstone",
        "RecordIsTombstone",
    ),
    *_plain(
        PluginKind.PREDICATE,
        "org.apache.kafka.connect.transforms.predicates",
        "transforms.predicates.topic_name_matches",
        "TopicNameMatches",
    ),
    *_converters("org.apache.kafka.connect.json", "converters.json", "JsonConverter"),
    *_converters("org.apache.kafka.connect.storage", "converters.string", "StringConverter"),
    *_converters("io.confluent.connect.avro", "converters.avro", "AvroConverter"),
    *_converters("io.confluent.connect.json", "converters.json_schema", "JsonSchemaConverter"),
    *_converters("io.confluent.connect.protobuf", "converters.protobuf", "ProtobufConverter"),
    *_converters("org.apache.kafka.connect.converters", "converters.byte_array", "ByteArrayConverter"),
    *_converters("org.apache.kafka.connect.converters", "converters.boolean", "BooleanConverter"),
    *_converters(
        "org.apache.kafka.connect.converters",
        "converters.number",
        "DoubleConverter",
        "FloatConverter",
        "IntegerConverter",
        "LongConverter",
        "ShortConverter",
    ),
    *_plain(
        PluginKind.HEADER_CONVERTER,
        "org.apache.kafka.connect.storage",
        "converters.simple_header",
        "SimpleHeaderConverter",
    ),
    *_plain(
        PluginKind.CONFIG_PROVIDER,
        "org.apache.kafka.common.config.provider",
        "connect.plugins.secrets",
        "DirectoryConfigProvider",
        "EnvVarConfigProvider",
        "FileConfigProvider",
    ),
)
"""A converter that can also convert headers is listed under both kinds."""
