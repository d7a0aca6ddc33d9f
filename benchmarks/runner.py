"""Runs a case: warm-up, then ours, Java's and ours again in turn, then one run that is looked at closely."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import flames, machine
from benchmarks.case import Case, Life, Setting, Side
from benchmarks.figures import PEAK, RATE, Figures
from benchmarks.observer import Observer
from benchmarks.store import Profile, Result
from benchmarks.subjects import JAVA, PYTHON, Subject
from tests.services import KafkaBroker

OURS, THEIRS, CONTROL = "ours", "java", "control"


@dataclass(frozen=True)
class Options:
    """How cases are run."""

    pairs: int
    records: int | None
    """None: as many as each case has."""
    share: float = 1.0
    """Of a case's own number of records."""
    java: bool = True
    control: bool = True
    java_plugins: Sequence[Path] = ()
    profiles: Path | None = None
    """Where flame graphs go; None: no profiles."""

    def records_of(self, case: Case) -> int:
        """How many a run copies."""
        return self.records if self.records and case.records else max(1, int(case.records * self.share))


def run(case: Case, broker: KafkaBroker, folder: Path, options: Options) -> Result:
    """All runs of a case."""
    load = machine.load()
    with ExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        setting = Setting(broker, options.records_of(case), own, stack)
        return _Runs(case, setting, options).run(load)


class _Runs:
    """The runs of one case, and what they have shown so far."""

    def __init__(self, case: Case, setting: Setting, options: Options) -> None:
        self._case, self._setting, self._options = case, setting, options
        self._pairs = min(options.pairs, case.most_pairs)
        self._figures: dict[str, list[Figures]] = {OURS: [], THEIRS: [], CONTROL: []}
        self._kinds = {OURS: PYTHON}
        self._note = ""
        if options.java:
            self._add_java()
        if case.control and options.control:
            self._kinds[CONTROL] = PYTHON

    def _add_java(self) -> None:
        if self._case.side is Side.ALWAYS or (self._case.side is Side.PLUGIN and self._options.java_plugins):
            self._kinds[THEIRS] = JAVA
        elif self._case.side is Side.PLUGIN:
            self._note = f"Ours alone: Java's side needs `{self._case.needs}` in a folder given with `--java-plugins`."

    def run(self, load: float) -> Result:
        result = self._warm() if self._case.life is Life.WARM else self._started_each_time()
        result.load = load
        return result

    def _warm(self) -> Result:
        with ExitStack() as stack:
            subjects = {role: stack.enter_context(self._subject(kind)) for role, kind in self._kinds.items()}
            if self._case.needs and THEIRS in subjects and not subjects[THEIRS].has_plugin(self._case.needs):
                del subjects[THEIRS]
                self._note = f"Ours alone: `--java-plugins` holds no `{self._case.needs}`."
            for subject in subjects.values():
                self._measure(subject)
            for number in range(1, self._pairs + 1):
                for role, subject in subjects.items():
                    self._take(role, number, self._measure(subject))
            result = self._result()
            for role in (role for role in (OURS, THEIRS) if role in subjects):
                self._observe(role, subjects[role], result)
            if self._options.profiles is not None:
                self._profile(subjects[OURS], result)
        return result

    def _started_each_time(self) -> Result:
        if self._case.warm_disk:
            for kind in set(self._kinds.values()):
                self._subject(kind).start_and_stop()
        for number in range(1, self._pairs + 1):
            for role, kind in self._kinds.items():
                subject = self._subject(kind)
                if self._case.life is Life.FRESH:
                    with subject:
                        self._take(role, number, self._measure(subject))
                else:
                    self._take(role, number, self._measure(subject))
        return self._result()

    def _subject(self, kind: str) -> Subject:
        return Subject(kind, self._setting.broker, self._case.worker, self._options.java_plugins)

    def _measure(self, subject: Subject) -> Figures:
        return self._case.measure(subject, self._setting)

    def _take(self, role: str, number: int, figures: Figures) -> None:
        self._figures[role].append(figures)
        shown = ", ".join(f"{name} {value:,.2f}" for name, value in figures.items())
        sys.stdout.write(f"{self._case.name} {number} {role}: {shown}\n")
        sys.stdout.flush()

    def _result(self) -> Result:
        return Result(
            date=f"{datetime.now(UTC):%Y-%m-%d}",
            machine=machine.described(),
            pairs=self._pairs,
            records=self._setting.records if self._case.records else 0,
            note=self._note,
            ours=self._figures[OURS],
            java=self._figures[THEIRS],
            control=self._figures[CONTROL],
        )

    def _observe(self, role: str, subject: Subject, result: Result) -> None:
        setting = self._setting
        servers = {"Kafka": setting.broker.pid, **{server.name: server.pid for server in setting.servers.values()}}
        with Observer(subject.server.pid, servers) as observer, self._limits(role, observer, result):
            figures = self._measure(subject)
        result.memory[role] = observer.memory
        if role == OURS and RATE in figures:
            result.cpu = {part: used / setting.records * 1e6 for part, used in observer.cpu.items()}
            result.observed = figures
        for each in result.ours if role == OURS else result.java:
            each.setdefault(PEAK, observer.peak_megabytes)

    @contextmanager
    def _limits(self, role: str, observer: Observer, result: Result) -> Iterator[None]:
        """What clients alone reach is measured with the topic of this run, once nobody looks at the worker."""
        if role != OURS or not self._case.limits:
            yield
            return

        def measure(topic: str) -> None:
            observer.stop()
            for limit in self._case.limits:
                result.limits |= limit(self._setting, topic)

        self._setting.at_end = measure
        try:
            yield
        finally:
            self._setting.at_end = None

    def _profile(self, subject: Subject, result: Result) -> None:
        assert self._options.profiles is not None
        stacks = flames.record(subject.server.pid, lambda: self._measure(subject))
        name = f"flames-{self._case.name}.svg"
        (self._options.profiles / name).write_text(flames.drawing(stacks, self._case.name))
        result.profile = Profile(name, flames.top(stacks))
