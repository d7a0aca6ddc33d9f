"""The configuration keys that every connector has, whatever its class; and those of sources and of sinks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key, Width
from connect.api.java_regex import ValidJavaRegex
from connect.api.validators import (
    CaseInsensitiveValidString,
    CompositeValidator,
    LambdaValidator,
    NonEmptyString,
    NonEmptyStringWithoutControlChars,
    NonNull,
    Range,
    ValidList,
    ValidString,
)

BOOLEAN, INT, LONG, SHORT = ConfigType.BOOLEAN, ConfigType.INT, ConfigType.LONG, ConfigType.SHORT
STRING, LIST, CLASS = ConfigType.STRING, ConfigType.LIST, ConfigType.CLASS
HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW

_COMMON, _ERRORS = "Common", "Error Handling"


def _unique(what: str) -> CompositeValidator:
    def check(name: str, value: Any) -> None:
        if value is not None and len(set(value)) != len(value):
            raise ConfigException(name, value, "Duplicate alias provided.")

    return CompositeValidator(NonNull(), LambdaValidator(check, f"unique {what}"))


def _identity_keys() -> Iterator[Key]:
    yield Key(
        "name",
        STRING,
        doc="Names the connector; unique in the cluster.",
        importance=HIGH,
        validator=NonEmptyStringWithoutControlChars(),
        group=_COMMON,
        order_in_group=1,
        width=Width.MEDIUM,
        display_name="Connector name",
    )
    yield Key(
        "connector.class",
        STRING,
        doc="The connector: full class name, or its short form such as FileStreamSink.",
        importance=HIGH,
        group=_COMMON,
        order_in_group=2,
        width=Width.LONG,
        display_name="Connector class",
    )
    yield Key(
        "connector.plugin.version",
        STRING,
        None,
        "Which version of the connector; a range or 'latest'.",
        group=_COMMON,
        order_in_group=3,
        width=Width.MEDIUM,
        display_name="Connector version",
    )
    yield Key(
        "tasks.max",
        INT,
        1,
        "How many tasks the connector may have at most.",
        HIGH,
        Range(1),
        _COMMON,
        4,
        Width.SHORT,
        "Tasks max",
    )
    yield Key(
        "tasks.max.enforce",
        BOOLEAN,
        True,
        "Whether a connector that makes more tasks than tasks.max fails.",
        LOW,
        None,
        _COMMON,
        5,
        Width.SHORT,
        "Enforce tasks max",
    )


def _converter_keys() -> Iterator[Key]:
    order = 6
    for part, base in (("key", "keys"), ("value", "values"), ("header", "headers")):
        yield Key(
            f"{part}.converter",
            CLASS,
            None,
            f"Converter for {base}; the worker's own when not set.",
            LOW,
            None,
            _COMMON,
            order,
            Width.SHORT,
            f"{part.capitalize()} converter class",
        )
        yield Key(
            f"{part}.converter.plugin.version",
            STRING,
            None,
            f"Which version of the {part} converter.",
            LOW,
            None,
            _COMMON,
            order + 1,
            Width.SHORT,
            f"{part.capitalize()} converter version",
        )
        order += 2


def _chain_keys() -> Iterator[Key]:
    yield Key(
        "transforms",
        LIST,
        "",
        "Aliases of the transformations that records go through, in order.",
        LOW,
        _unique("transformation aliases"),
        "Transforms",
        12,
        Width.LONG,
        "Transforms",
    )
    yield Key(
        "predicates",
        LIST,
        "",
        "Aliases of the predicates that transformations refer to.",
        LOW,
        _unique("predicate aliases"),
        "Predicates",
        13,
        Width.LONG,
        "Predicates",
    )
    yield Key(
        "config.action.reload",
        STRING,
        "restart",
        "What a change in a config provider's data leads to.",
        LOW,
        ValidString("none", "restart"),
        _COMMON,
        14,
        Width.MEDIUM,
        "Reload Action",
    )


def _error_keys() -> Iterator[Key]:
    medium, short, tolerance = Width.MEDIUM, Width.SHORT, ValidString("none", "all")
    rows: list[tuple[str, ConfigType, Any, str, ValidString | None, Width, str]] = [
        (
            "errors.retry.timeout",
            LONG,
            0,
            "How long a failed operation is retried, in ms; -1 = for ever.",
            None,
            medium,
            "Retry Timeout for Errors",
        ),
        (
            "errors.retry.delay.max.ms",
            LONG,
            60000,
            "The longest wait between two retries, in ms.",
            None,
            medium,
            "Maximum Delay Between Retries for Errors",
        ),
        (
            "errors.tolerance",
            STRING,
            "none",
            "'none': a bad record fails the task; 'all': it is skipped.",
            tolerance,
            short,
            "Error Tolerance",
        ),
        ("errors.log.enable", BOOLEAN, False, "Log every error, also tolerated ones.", None, short, "Log Errors"),
        (
            "errors.log.include.messages",
            BOOLEAN,
            False,
            "Log also which record it was.",
            None,
            short,
            "Log Error Details",
        ),
    ]
    for order, (name, kind, default, doc, validator, width, display_name) in enumerate(rows, 1):
        yield Key(name, kind, default, doc, MEDIUM, validator, _ERRORS, order, width, display_name)


def _common_keys() -> Iterator[Key]:
    yield from _identity_keys()
    yield from _converter_keys()
    yield from _chain_keys()
    yield from _error_keys()


def _exactly_once_keys() -> Iterator[Key]:
    group = "Exactly Once Support"
    yield Key(
        "exactly.once.support",
        STRING,
        "requested",
        "'required' refuses to run without exactly-once delivery.",
        MEDIUM,
        CaseInsensitiveValidString("REQUIRED", "REQUESTED"),
        group,
        2,
        Width.SHORT,
        "Exactly once support",
    )
    yield Key(
        "transaction.boundary",
        STRING,
        "poll",
        "What makes a transaction: a poll, an interval, the connector.",
        MEDIUM,
        CaseInsensitiveValidString("INTERVAL", "POLL", "CONNECTOR"),
        group,
        3,
        Width.SHORT,
        "Transaction Boundary",
    )
    yield Key(
        "transaction.boundary.interval.ms",
        LONG,
        None,
        "Length of a transaction for 'interval', in ms.",
        LOW,
        _optional(Range(0)),
        group,
        4,
        Width.SHORT,
        "Transaction boundary interval",
    )


def _source_keys() -> Iterator[Key]:
    yield Key(
        "topic.creation.groups",
        LIST,
        "",
        "Groups of topics that are created with their own settings.",
        LOW,
        _unique("topic creation groups"),
        "Topic Creation",
        1,
        Width.LONG,
        "Topic Creation Groups",
    )
    yield from _exactly_once_keys()
    yield Key(
        "offsets.storage.topic",
        STRING,
        None,
        "A topic of its own for this connector's offsets.",
        LOW,
        NonEmptyString(),
        "offsets.topic",
        1,
        Width.LONG,
        "Offsets topic",
    )


def _sink_keys() -> Iterator[Key]:
    yield Key("topics", LIST, "", "The topics to read.", HIGH, ValidList(), _COMMON, 4, Width.LONG, "Topics")
    yield Key(
        "topics.regex",
        STRING,
        "",
        "Reads every topic whose whole name matches.",
        HIGH,
        ValidJavaRegex(),
        _COMMON,
        4,
        Width.LONG,
        "Topics regex",
    )
    prefix = "errors.deadletterqueue"
    yield Key(
        f"{prefix}.topic.name",
        STRING,
        "",
        "Where records that fail are put; none when empty.",
        MEDIUM,
        None,
        _ERRORS,
        6,
        Width.MEDIUM,
        "Dead Letter Queue Topic Name",
    )
    yield Key(
        f"{prefix}.topic.replication.factor",
        SHORT,
        3,
        "Replication factor for creating that topic.",
        MEDIUM,
        None,
        _ERRORS,
        7,
        Width.MEDIUM,
        "Dead Letter Queue Topic Replication Factor",
    )
    yield Key(
        f"{prefix}.context.headers.enable",
        BOOLEAN,
        False,
        "Add headers that say what went wrong.",
        MEDIUM,
        None,
        _ERRORS,
        8,
        Width.MEDIUM,
        "Enable Error Context Headers",
    )


def _optional(check: Range) -> LambdaValidator:
    return LambdaValidator(lambda name, value: None if value is None else check(name, value), str(check))


COMMON_CONFIG = ConfigDef(*_common_keys())
SOURCE_CONFIG = ConfigDef(*_common_keys(), *_source_keys())
SINK_CONFIG = ConfigDef(*_common_keys(), *_sink_keys())


def sink_topics(config: Mapping[str, Any]) -> list[str]:
    """What a sink subscribes to: topic names, or one pattern that begins with ``^``. Raises ConfigException."""
    parsed = SINK_CONFIG.parse(config)
    topics = list(dict.fromkeys(topic for topic in parsed["topics"] if topic))
    regex = (parsed["topics.regex"] or "").strip()
    if topics and regex:
        raise ConfigException("topics and topics.regex are mutually exclusive options, but both are set.")
    if not topics and not regex:
        raise ConfigException("Must configure one of topics or topics.regex")
    return topics or [f"^({regex})$"]


def with_prefix(config: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The properties under a prefix, with the prefix removed."""
    return {key[len(prefix) :]: value for key, value in config.items() if key.startswith(prefix)}
