"""The results of all cases in one JSON file, from which RESULTS.md is written anew each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.case import Measured
from benchmarks.figures import Figures

FOLDER = Path(__file__).parent / "results"
"""Holds the JSON file and the pictures."""


@dataclass
class Profile:
    """The flame graph of a case, and the functions in which most of the time was spent, with their share."""

    picture: str
    top: list[tuple[str, float]]


@dataclass
class Result:
    """What the runs of a case have shown; ``ours``, ``java`` and ``control`` hold one entry per pair."""

    date: str
    machine: str
    pairs: int
    records: int
    load: float = 0.0
    """Of the machine, before the case began."""
    seconds: float = 0.0
    """How long all of it took."""
    note: str = ""
    ours: list[Figures] = field(default_factory=list)
    java: list[Figures] = field(default_factory=list)
    control: list[Figures] = field(default_factory=list)
    lines: list[Measured] = field(default_factory=list)
    """Of a table."""
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Seconds and PSS in MB, of one run of each worker."""
    cpu: dict[str, float] = field(default_factory=dict)
    """CPU seconds per million records, by part, of one run of ours."""
    observed: Figures = field(default_factory=dict)
    """What the run showed that ``cpu`` is of."""
    limits: dict[str, Figures] = field(default_factory=dict)
    profile: Profile | None = None


@dataclass
class Store:
    """All results by case, and those of the smoke run."""

    cases: dict[str, Result] = field(default_factory=dict)
    smoke: dict[str, Figures] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Store:
        """What was recorded so far."""
        path = folder / "results.json"
        return msgspec.json.decode(path.read_bytes(), type=cls) if path.exists() else cls()

    def save(self, folder: Path = FOLDER) -> None:
        """Replace the file."""
        folder.mkdir(exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(_rounded(msgspec.to_builtins(self))), indent=1)
        (folder / "results.json").write_bytes(text + b"\n")


def _rounded(value: object) -> object:
    """Six digits tell more than the runs do."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
