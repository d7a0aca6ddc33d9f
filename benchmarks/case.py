"""What a case is, and what its runs are given."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple, TypeVar

from benchmarks import data
from benchmarks.figures import Figures
from benchmarks.subjects import Subject
from tests.services import KafkaBroker, Server

S = TypeVar("S", bound=Server)


class Life(Enum):
    """Whose the worker of a run is."""

    WARM = "a long-lived worker of each kind, warmed up by a run that doesn't count"
    FRESH = "a worker is started for each run"
    OWN = "the case starts what it needs itself"


class Side(Enum):
    """When Java's worker takes part."""

    ALWAYS = "Java brings what it needs"
    PLUGIN = "Java needs a connector that isn't on Maven Central"
    NEVER = "there is nothing in Java to compare with"


@dataclass
class Setting:
    """What the runs of a case are given: the broker, how many records, where files may lie, further servers."""

    broker: KafkaBroker
    records: int
    folder: Path
    stack: ExitStack
    """Ends with the case."""
    at_end: Callable[[str], None] | None = None
    """Is shown the topic of a run before that is deleted."""
    servers: dict[type[Server], Server] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)

    def server(self, kind: type[S], make: Callable[[], S] | None = None) -> S:
        """A server of the case's own, started when first asked for."""
        if kind not in self.servers:
            self.servers[kind] = self.stack.enter_context((make or kind)())
        server = self.servers[kind]
        assert isinstance(server, kind)
        return server

    def file(self, name: str, write: Callable[[Path, int], None]) -> Path:
        """An input file, written once per size; ``write`` is given its path and the number of records."""
        path = self.folder / f"{self.records}-{name}"
        if not path.exists():
            write(path, self.records)
        return path

    @property
    def lines(self) -> Path:
        """Lines of text."""
        return self.file("lines.txt", data.write_lines)

    def finished(self, topic: str) -> None:
        """A run is over; its topic can go."""
        if self.at_end is not None:
            self.at_end(topic)
        data.delete_topic(self.broker.bootstrap_servers, topic)


Limit = Callable[[Setting, str], dict[str, Figures]]
"""What clients alone reach with the bytes of a topic, by the client's name."""


@dataclass(frozen=True)
class Case:
    """Something that is measured, run by run, side by side."""

    name: str
    measure: Callable[[Subject, Setting], Figures]
    records: int = 0
    """At full size; 0 where records are not what counts."""
    life: Life = Life.WARM
    side: Side = Side.ALWAYS
    needs: str = ""
    """The class that Java's side needs among its plugins."""
    worker: Mapping[str, str] = field(default_factory=dict)
    """Properties that the workers need."""
    limits: Sequence[Limit] = ()
    bound: str = ""
    """What stands in the way, as known from profiles."""
    most_pairs: int = 99
    """Of cases that take long and scatter little."""
    warm_disk: bool = False
    """Whether each kind of worker is started once before it counts."""
    control: bool = True
    """Whether ours runs against itself, too."""

    @property
    def about(self) -> str:
        """The first words of its function."""
        return inspect.getdoc(self.measure) or ""


class Measured(NamedTuple):
    """A line of a table: what was measured, and microseconds per record on both sides."""

    name: str
    kind: str
    ours: float
    theirs: float | None


@dataclass(frozen=True)
class Table:
    """Classes by themselves, without a worker: one line each."""

    name: str
    measure: Callable[[str, float, bool], list[Measured]]
    """Given how lines begin that are wanted, for how many seconds each is measured, and whether in Java, too."""

    @property
    def about(self) -> str:
        """The first words of its function."""
        return inspect.getdoc(self.measure) or ""
