"""Reporters of metrics: they pass a worker's metrics on to wherever somebody watches them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple


class Metric(NamedTuple):
    """One attribute of one group, with the tags that say whose it is; a text, such as a status, is a value too."""

    group: str
    attribute: str
    value: float | str
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        """``kafka_connect_<group>_<attribute>``: what it is called outside of Java."""
        return f"kafka_connect_{plain_name(self.group)}_{plain_name(self.attribute)}"

    @property
    def is_counter(self) -> bool:
        """Whether it only ever grows."""
        return self.attribute.endswith("-total")


def plain_name(text: str) -> str:
    """A name of Java's metrics in the characters that other systems allow."""
    return text.replace("-", "_").replace(".", "_")


Collect = Callable[[], Sequence[Metric]]


class MetricsReporter(ABC):
    """Named in ``metric.reporters``. It has threads of its own: nothing of the worker waits for it."""

    def configure(self, properties: Mapping[str, str]) -> None:  # noqa: B027  # optional
        """Take the worker's properties. Raises ConfigException: the worker then doesn't start."""

    @abstractmethod
    def start(self, worker_id: str, collect: Collect) -> None:
        """The worker runs. ``collect`` gives all its metrics, in any thread but the one that calls this method.

        It raises ConnectException once the worker ends.
        """

    def close(self) -> None:  # noqa: B027  # optional
        """Called once when the worker ends, outside of its event loop; it may take a few seconds."""
