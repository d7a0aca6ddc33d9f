"""The family of errors that plugins raise and the runtime understands.

``ConnectException`` is the root. ``RetriableException`` asks for another try; everything else fails the record or
the task. ``java_class`` is the name that dead letter queue headers and traces show, so that tools which match on
Java's class names go on working.
"""

from __future__ import annotations

from connect.api.java_numbers import double_text


class ConnectException(Exception):
    """Anything that goes wrong inside a connector, task, converter or transformation."""

    java_class = "org.apache.kafka.connect.errors.ConnectException"


class RetriableException(ConnectException):
    """A failure that may go away: the runtime tries the same operation again."""

    java_class = "org.apache.kafka.connect.errors.RetriableException"


class DataException(ConnectException):
    """The record's data does not fit its schema or what the plugin can handle."""

    java_class = "org.apache.kafka.connect.errors.DataException"


class SchemaBuilderException(DataException):
    """A schema was built in a way that has no meaning."""

    java_class = "org.apache.kafka.connect.errors.SchemaBuilderException"


class SchemaProjectorException(DataException):
    """A value can't be projected from its schema to the wanted one."""

    java_class = "org.apache.kafka.connect.errors.SchemaProjectorException"


class NotFoundException(ConnectException):
    """The connector, task or plugin that was asked for does not exist."""

    java_class = "org.apache.kafka.connect.errors.NotFoundException"


class AlreadyExistsException(ConnectException):
    """The connector that was to be created exists already."""

    java_class = "org.apache.kafka.connect.errors.AlreadyExistsException"


class IllegalWorkerStateException(ConnectException):
    """A plugin called the runtime at a moment when that call makes no sense."""

    java_class = "org.apache.kafka.connect.errors.IllegalWorkerStateException"


class SerializationException(ConnectException):
    """Bytes could not be made from a value, or a value from bytes."""

    java_class = "org.apache.kafka.common.errors.SerializationException"


class ConfigException(Exception):
    """A configuration is wrong. The message names the key, the value and what would be right."""

    java_class = "org.apache.kafka.common.config.ConfigException"

    def __init__(self, name: str, *value_and_reason: object) -> None:
        """Take a whole message, or a key with its value, or a key with its value and the reason."""
        if not value_and_reason:
            super().__init__(name)
            return
        value, *reason = value_and_reason
        text = f"Invalid value {config_text(value)} for configuration {name}"
        super().__init__(f"{text}: {reason[0]}" if reason and reason[0] is not None else text)


def config_text(value: object) -> str:
    """A configuration value as Java writes it into messages: ``[a, b]``, ``true``, ``1.0E7``, ``null``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(config_text, value))}]"
    return str(value)


def java_class_name(error: BaseException) -> str:
    """The class name that Java tools would look for, or Python's own for foreign errors."""
    name = getattr(type(error), "java_class", None)
    return name if isinstance(name, str) else f"{type(error).__module__}.{type(error).__qualname__}"
