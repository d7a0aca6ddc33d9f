"""Connectors: the plan for copying. The copying itself is done by tasks (:mod:`connect.api.task`).

A connector lives in a process of its own kind, apart from the worker and from its tasks. Its methods are called one at
a time, from one thread.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from connect.api.config_def import ConfigDef, ConfigValue
from connect.api.task import OffsetStorageReader, SinkTask, SourceTask, Task

Offsets = Mapping[tuple[tuple[str, Any], ...], Mapping[str, Any] | None]


class ConnectorContext(Protocol):
    """What a connector may ask of the runtime; callable from any thread."""

    def request_task_reconfiguration(self) -> None:
        """Ask for ``task_configs`` to be called again, since the source or target changed."""

    def raise_error(self, error: BaseException) -> None:
        """Report a failure from the connector's own threads: the connector becomes FAILED."""

    @property
    def offset_storage_reader(self) -> OffsetStorageReader:
        """Reads the source offsets of this connector."""


class ExactlyOnceSupport(enum.Enum):
    """Answer of :meth:`SourceConnector.exactly_once_support`."""

    SUPPORTED = "SUPPORTED"
    UNSUPPORTED = "UNSUPPORTED"


class ConnectorTransactionBoundaries(enum.Enum):
    """Answer of :meth:`SourceConnector.can_define_transaction_boundaries`."""

    SUPPORTED = "SUPPORTED"
    UNSUPPORTED = "UNSUPPORTED"


class Connector(ABC):
    """What source and sink connectors share."""

    CONFIG: ConfigDef = ConfigDef()
    VERSION: str | None = None
    context: ConnectorContext

    def initialize(self, context: ConnectorContext) -> None:
        """Called once, before ``start``."""
        self.context = context

    @abstractmethod
    def start(self, config: Mapping[str, str]) -> None:
        """Begin: check what can only be checked live, start monitoring threads. Raises ConnectException."""

    @abstractmethod
    def task_class(self) -> type[Task]:
        """The class of this connector's tasks."""

    @abstractmethod
    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        """One configuration per task, at most ``max_tasks``."""

    def stop(self) -> None:  # noqa: B027  # optional
        """End: stop threads, release resources. Called also after a failed ``start``."""

    def reconfigure(self, config: Mapping[str, str]) -> None:
        """Take a changed configuration while running."""
        self.stop()
        self.start(config)

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        """Check a configuration across keys; errors go into the values of the keys they belong to."""
        return cls.CONFIG.validate(config)

    @classmethod
    def live_checks(cls, config: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """What the outside world has against a configuration just now, as ``(key, message)``.

        Say what ``validate`` doesn't, since it may be otherwise when the connector starts: a table that isn't there, a
        folder that can't be written to. Asked for with ``?lint=true`` only; an answer that takes longer than 10 s is
        not waited for.
        """
        return ()


class SourceConnector(Connector):
    """Copies from another system into Kafka."""

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport | None:
        """Whether this configuration can be exactly-once; None = the connector doesn't know."""
        return None

    def can_define_transaction_boundaries(self, config: Mapping[str, str]) -> ConnectorTransactionBoundaries | None:
        """Whether the tasks define transactions themselves (``transaction.boundary=connector``)."""
        return ConnectorTransactionBoundaries.UNSUPPORTED

    def alter_offsets(
        self, config: Mapping[str, str], offsets: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
    ) -> bool:
        """Check and prepare a change of ``(source partition, offset or None)``, asked for over REST while stopped.

        Return False when the connector keeps its position elsewhere too. Raises ConnectException to refuse.
        """
        return False

    def task_class(self) -> type[SourceTask]:
        raise NotImplementedError(f"{type(self).__name__}.task_class")


class SinkConnector(Connector):
    """Copies from Kafka into another system."""

    def alter_offsets(self, config: Mapping[str, str], offsets: Mapping[tuple[str, int], int | None]) -> bool:
        """As for sources, by ``(topic, partition)``."""
        return False

    def task_class(self) -> type[SinkTask]:
        raise NotImplementedError(f"{type(self).__name__}.task_class")
