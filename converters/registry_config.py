"""The settings of the schema registry's client, as every converter with a registry takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key
from connect.api.validators import Range
from converters.registry_subjects import AUTOMATIC, STRATEGIES

_SERIALIZERS = "io.confluent.kafka.serializers.schema.id."
_BOOLEAN, _INT, _STRING, _PASSWORD = ConfigType.BOOLEAN, ConfigType.INT, ConfigType.STRING, ConfigType.PASSWORD
_HIGH, _MEDIUM, _LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW


class _Known:
    """One of the Java classes whose work is done here."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __call__(self, name: str, value: Any) -> None:
        if value not in self._names:
            raise ConfigException(name, value, f"Class {value} could not be found.")

    def __str__(self) -> str:
        return f"[{', '.join(self._names)}]"


def _strategy(side: str) -> Key:
    return Key(
        f"{side}.subject.name.strategy",
        ConfigType.CLASS,
        AUTOMATIC,
        f"How the subject of a {side}'s schema is named: after the topic, the record, or both.",
        _MEDIUM,
        _Known(AUTOMATIC, *STRATEGIES),
    )


def _schema_id(side: str, part: str, default: str, *others: str) -> Key:
    names = tuple(_SERIALIZERS + name for name in (default, *others))
    doc = f"Where the schema's id is in a {side}: in front of the data."
    return Key(f"{side}.schema.id.{part}", ConfigType.CLASS, names[0], doc, _MEDIUM, _Known(*names))


def _keys(*rows: tuple[str, ConfigType, Any, Importance, str]) -> ConfigDef:
    return ConfigDef(*(Key(name, kind, default, doc, rank) for name, kind, default, rank, doc in rows))


_WRITING = _keys(
    ("max.schemas.per.subject", _INT, 1000, _LOW, "How many schemas of a subject are remembered."),
    ("normalize.schemas", _BOOLEAN, False, _MEDIUM, "Whether the registry is to normalize schemas it is asked about."),
    ("auto.register.schemas", _BOOLEAN, True, _MEDIUM, "Whether new schemas are registered."),
    ("use.schema.id", _INT, -1, _LOW, "The id of the schema to write with, when schemas aren't registered."),
    (
        "id.compatibility.strict",
        _BOOLEAN,
        True,
        _LOW,
        "Whether that schema must be able to read what would be written.",
    ),
    ("use.latest.version", _BOOLEAN, False, _LOW, "Write (and read) with the latest schema of the subject."),
    ("latest.compatibility.strict", _BOOLEAN, True, _LOW, "Whether it must be able to read what would be written."),
    ("latest.cache.size", _INT, 1000, _LOW, "How many latest schemas are remembered."),
    (
        "latest.cache.ttl.sec",
        _INT,
        -1,
        _LOW,
        "After how many seconds the latest schema is looked up again; -1 = never.",
    ),
)
_AUTHENTICATION = _keys(
    ("basic.auth.credentials.source", _STRING, "URL", _MEDIUM, "URL, USER_INFO or SASL_INHERIT."),
    ("bearer.auth.credentials.source", _STRING, "STATIC_TOKEN", _MEDIUM, "STATIC_TOKEN or OAUTHBEARER."),
    ("schema.registry.basic.auth.user.info", _PASSWORD, "", _MEDIUM, "An older name of basic.auth.user.info."),
    ("basic.auth.user.info", _PASSWORD, "", _MEDIUM, "<user>:<password> for the source USER_INFO."),
    ("bearer.auth.token", _PASSWORD, "", _MEDIUM, "The token for the source STATIC_TOKEN."),
    ("bearer.auth.issuer.endpoint.url", _STRING, None, _MEDIUM, "Where OAUTHBEARER gets its tokens."),
    ("bearer.auth.client.id", _STRING, None, _MEDIUM, "The client's id for OAUTHBEARER."),
    ("bearer.auth.client.secret", _PASSWORD, None, _MEDIUM, "The client's secret for OAUTHBEARER."),
    ("bearer.auth.scope", _STRING, None, _MEDIUM, "The scope that OAUTHBEARER asks for."),
    ("bearer.auth.logical.cluster", _STRING, None, _MEDIUM, "The header target-sr-cluster."),
    ("bearer.auth.identity.pool.id", _STRING, None, _MEDIUM, "The header Confluent-Identity-Pool-Id."),
)
_TRANSPORT = _keys(
    ("proxy.host", _STRING, "", _LOW, "The host of an HTTP proxy."),
    ("proxy.port", _INT, -1, _LOW, "The port of the HTTP proxy."),
    ("http.connect.timeout.ms", _INT, 60_000, _LOW, "How long connecting may take."),
    ("http.read.timeout.ms", _INT, 60_000, _LOW, "How long an answer may take."),
    ("max.retries", _INT, 3, _LOW, "How often a request is repeated at one address."),
    ("retries.wait.ms", _INT, 1000, _LOW, "The longest wait before the first repetition; doubles each time."),
    ("retries.max.wait.ms", _INT, 20_000, _LOW, "The longest wait before any repetition."),
)
TLS_PREFIX = "schema.registry."
_TLS = _keys(
    (f"{TLS_PREFIX}ssl.truststore.location", _STRING, None, _HIGH, "A PEM or PKCS12 file of who is trusted."),
    (f"{TLS_PREFIX}ssl.truststore.password", _PASSWORD, None, _HIGH, "Its password."),
    (f"{TLS_PREFIX}ssl.truststore.certificates", _PASSWORD, None, _HIGH, "Who is trusted, as PEM text."),
    (f"{TLS_PREFIX}ssl.keystore.location", _STRING, None, _HIGH, "A PEM or PKCS12 file of who we are."),
    (f"{TLS_PREFIX}ssl.keystore.password", _PASSWORD, None, _HIGH, "Its password."),
    (f"{TLS_PREFIX}ssl.keystore.certificate.chain", _PASSWORD, None, _HIGH, "Who we are, as PEM text."),
    (f"{TLS_PREFIX}ssl.keystore.key", _PASSWORD, None, _HIGH, "The private key, as PEM text."),
    (f"{TLS_PREFIX}ssl.key.password", _PASSWORD, None, _HIGH, "The private key's password."),
    (f"{TLS_PREFIX}ssl.endpoint.identification.algorithm", _STRING, "https", _LOW, "Empty = any host name will do."),
)

REGISTRY_CONFIG = (
    ConfigDef(
        Key(
            "schema.registry.url",
            ConfigType.LIST,
            doc="The registry's addresses, separated by commas; the next is tried where one doesn't answer.",
            importance=_HIGH,
        ),
        Key("schema.registry.url.randomize", _BOOLEAN, False, "Whether to start at any of the addresses.", _LOW),
    )
    | _WRITING
    | _AUTHENTICATION
    | ConfigDef(
        Key(
            "bearer.auth.cache.expiry.buffer.seconds",
            ConfigType.SHORT,
            300,
            "How long before its end a token is replaced.",
            _LOW,
            Range(0, 3600),
        ),
        _strategy("key"),
        _strategy("value"),
        _schema_id("key", "serializer", "PrefixSchemaIdSerializer"),
        _schema_id("key", "deserializer", "DualSchemaIdDeserializer", "PrefixSchemaIdDeserializer"),
        _schema_id("value", "serializer", "PrefixSchemaIdSerializer"),
        _schema_id("value", "deserializer", "DualSchemaIdDeserializer", "PrefixSchemaIdDeserializer"),
    )
    | _TRANSPORT
    | _TLS
)
"""Also taken: ``request.header.<name>``, and ``sasl.jaas.config`` for the source SASL_INHERIT."""

Switch = tuple[str, bool, Importance, str]
"""A yes or no: name, default, importance, documentation."""

GENERALIZED: Switch = (
    "generalized.sum.type.support",
    False,
    Importance.MEDIUM,
    "Name enums and unions in the way that other formats share.",
)
IGNORE_DEFAULTS: Switch = (
    "ignore.default.for.nullables",
    False,
    Importance.MEDIUM,
    "Write null, not the default, where a nullable field is null.",
)


def format_config(*own: Switch) -> ConfigDef:
    """The settings of a format's converter: the registry's, its own, and how much is remembered."""
    cached = "How many schemas are remembered in either direction."
    return REGISTRY_CONFIG | ConfigDef(
        *(Key(name, ConfigType.BOOLEAN, default, doc, importance) for name, default, importance, doc in own),
        Key("schemas.cache.config", ConfigType.INT, 1000, cached, Importance.LOW),
    )


_NOT_KNOWN_HERE = (
    "bearer.auth.custom.",
    "bearer.auth.scope.claim.name",
    "bearer.auth.sub.claim.name",
    "bearer.auth.uami.",
    "context.name.strategy",
    "execution.environment",
    "propagate.schema.tags",
    "rule.",
    "schema.backup.",
    "schema.format",
    "schema.reflection",
    "schema.registry.ssl.",
    "use.latest.with.metadata",
    "use.schema.guid",
    "validation.rules.",
)


def ignored_settings(given: Mapping[str, Any]) -> list[str]:
    """The settings of Java's client that a user gave and that have no effect here."""
    return sorted(key for key in given if key.startswith(_NOT_KNOWN_HERE) and key not in REGISTRY_CONFIG)
