"""Extensions of the REST API: they see every request before it is carried out, and may answer in its place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RestRequest:
    """What an extension gets to see. Names of headers are in lower case; ``remote`` is the client's address."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    remote: str | None


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """An answer in place of the resource's own."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class RestExtension(ABC):
    """Named in ``rest.extension.classes``; called in that order, on the worker's event loop: it must never wait."""

    def configure(self, properties: Mapping[str, str]) -> None:  # noqa: B027  # optional
        """Take the worker's properties. Raises ConfigException: the worker then doesn't start."""

    @abstractmethod
    def check(self, request: RestRequest) -> RestAnswer | None:
        """None to let a request pass."""

    def close(self) -> None:  # noqa: B027  # optional
        """Called once when the worker ends."""
