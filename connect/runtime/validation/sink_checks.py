"""What must hold across the keys of a sink."""

from __future__ import annotations

from collections.abc import Mapping

from connect.api.config_def import ConfigValue
from connect.api.java_regex import compile_java_regex

_GROUP_OVERRIDE = "consumer.override.group.id"


def check_sink(config: Mapping[str, str | None], values: dict[str, ConfigValue]) -> None:
    """Add errors about topics and the dead letter queue."""
    topics_text, regex = config.get("topics") or "", config.get("topics.regex") or ""
    topics = [topic.strip() for topic in topics_text.split(",") if topic.strip()]
    if topics_text.strip() and regex.strip():
        message = "topics and topics.regex are mutually exclusive options, but both are set."
        add_error(values, "topics", topics_text, message)
        add_error(values, "topics.regex", regex, message)
    if not topics_text.strip() and not regex.strip():
        for key in ("topics", "topics.regex"):
            add_error(values, key, config.get(key), "Must configure one of topics or topics.regex")
    dead_letters = (config.get("errors.deadletterqueue.topic.name") or "").strip()
    if not dead_letters:
        return
    if dead_letters in topics:
        add_error(
            values,
            "topics",
            topics_text,
            f"The DLQ topic '{dead_letters}' may not be included in the list of topics "
            f"('topics=[{', '.join(topics)}]') consumed by the connector",
        )
    if regex.strip() and not values["topics.regex"].errors and compile_java_regex(regex).fullmatch(dead_letters):
        add_error(
            values,
            "topics.regex",
            regex,
            f"The DLQ topic '{dead_letters}' may not be matched by the regex for the topics "
            f"('topics.regex={regex}') consumed by the connector",
        )


def check_consumer_group(config: Mapping[str, str | None], values: dict[str, ConfigValue], worker_group: str) -> None:
    """Add an error when the sink's consumers would join the group of the workers."""
    name, group = config.get("name"), config.get(_GROUP_OVERRIDE)
    if group is not None:
        if group == worker_group:
            message = f"Consumer group {group} conflicts with Connect worker group {worker_group}"
            add_error(values, _GROUP_OVERRIDE, group, message)
    elif f"connect-{name}" == worker_group:
        message = f"Consumer group for sink connector named {name} conflicts with Connect worker group {worker_group}"
        add_error(values, "name", name, message)


def add_error(values: dict[str, ConfigValue], key: str, value: str | None, message: str) -> None:
    """Add an error to a key, which need not be a known one."""
    values.setdefault(key, ConfigValue(key, value)).errors.append(message)
