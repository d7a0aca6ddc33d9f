"""Java classes that users may name where a plugin is expected, though they are no plugins themselves."""

from __future__ import annotations

BASES = {
    "org.apache.kafka.connect.connector.Connector": "Connector",
    "org.apache.kafka.connect.sink.SinkConnector": "Connector",
    "org.apache.kafka.connect.source.SourceConnector": "Connector",
    "org.apache.kafka.connect.storage.Converter": "Converter",
    "org.apache.kafka.connect.storage.HeaderConverter": "HeaderConverter",
    "org.apache.kafka.connect.transforms.Transformation": "Transformation",
    "org.apache.kafka.connect.transforms.predicates.Predicate": "Predicate",
}
"""Abstract classes and interfaces of the plugin API, and what they are a kind of."""

_JDK = ("Boolean", "Byte", "Double", "Float", "Integer", "Long", "Object", "Short", "String")
JDK_CLASSES = frozenset(f"java.lang.{name}" for name in _JDK)

_CLIENT_PACKAGES = (
    "org.apache.kafka.clients.",
    "org.apache.kafka.common.security.",
    "org.apache.kafka.common.serialization.",
    "io.confluent.kafka.serializers.",
)

_DEFAULTS = frozenset(("io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider",))
"""Defaults of connectors' CLASS keys, which stand for what our connector does anyway."""


def is_java_class(name: str) -> bool:
    """Whether a name is one of Java's classes that configurations name without a plugin behind it."""
    return name in JDK_CLASSES or name in _DEFAULTS or name.startswith(_CLIENT_PACKAGES)
