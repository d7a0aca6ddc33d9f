"""What goes wrong between a converter and its schema registry, and what the runtime is told about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from connect.api import ConfigException, ConnectException, DataException, RetriableException, SerializationException


class RestClientException(ConnectException):
    """The registry refused: its HTTP ``status``, its own ``error_code`` and what it said."""

    java_class = "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException"

    def __init__(self, message: str, status: int, error_code: int) -> None:
        super().__init__(f"{message}; error code: {error_code}")
        self.status = status
        self.error_code = error_code


class RegistryTimeoutException(ConnectException):
    """The registry did not answer in time, or had trouble of its own; it may do better later."""

    java_class = "org.apache.kafka.common.errors.TimeoutException"


class RegistryAccessException(ConnectException):
    """The registry doesn't know us, or doesn't let us do this."""

    java_class = "org.apache.kafka.common.errors.AuthenticationException"


class RegistryConnectionException(SerializationException):
    """No connection to any of the registry's addresses; ``reason`` is the system's."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"java.net.ConnectException: {reason}")
        self.reason = reason


class NetworkException(RetriableException):
    """The registry can't be reached; the record may be tried again."""

    java_class = "org.apache.kafka.common.errors.NetworkException"


class IncompatibleSchemaException(DataException):
    """A schema that can't follow the one in the registry; the message says where they differ."""


RETRIED_STATUSES = frozenset((408, 429, 500, 502, 503, 504))


def refused(error: RestClientException, doing: str) -> ConnectException:
    """The exception for a refusal while ``doing`` something."""
    if error.status in (401, 403):
        made: ConnectException = RegistryAccessException(doing)
    elif error.status in RETRIED_STATUSES:
        made = RegistryTimeoutException(doing)
    else:
        made = SerializationException(doing)
    made.__cause__ = error
    return made


class Direction(NamedTuple):
    """How a converter's messages speak of what it does; ``{0}`` is the topic, ``{1}`` the reason."""

    later: str
    never: str
    network: str
    access: str


@contextmanager
def explained(direction: Direction, topic: str | None) -> Iterator[None]:
    """Turn what happens inside into the exceptions that the runtime knows: which may be retried and which may not."""
    try:
        yield
    except RegistryTimeoutException as error:
        raise RetriableException(direction.later.format(topic)) from error
    except RegistryConnectionException as error:
        raise NetworkException(direction.network.format(topic, error.reason)) from error
    except SerializationException as error:
        raise DataException(direction.never.format(topic)) from error
    except RegistryAccessException as error:
        raise ConfigException(direction.access.format(topic, error)) from error
