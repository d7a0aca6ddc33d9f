"""What all cases that copy records share: create a connector, look until its target holds all, say what it took."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from benchmarks import data
from benchmarks.case import Setting
from benchmarks.figures import CPU, PSS, Figures
from benchmarks.subjects import Subject


def fresh_name() -> str:
    """A connector or topic that nobody else has."""
    return f"bench-{uuid.uuid4()}"


LOOK_EVERY_SECONDS = 0.01


def until(
    subject: Subject,
    records: int,
    wanted: int,
    count: Callable[[], int],
    begin: Callable[[], object],
    look_every: float = LOOK_EVERY_SECONDS,
) -> Figures:
    """Begin, and look until ``count`` says ``wanted``; what that shows for so many records."""
    cpu = subject.cpu_seconds()
    begin()
    figures = data.arrival(count, wanted, look_every).figures(records)
    return {**figures, CPU: (subject.cpu_seconds() - cpu) / records * 1e6, PSS: subject.pss_megabytes()}


def into_topic(
    subject: Subject,
    setting: Setting,
    config: Mapping[str, str],
    topic: str,
    *,
    name: str | None = None,
    transactions: bool = False,
) -> Figures:
    """Make the topic and run one connector until the topic holds all records, committed where it uses transactions."""
    servers = setting.broker.bootstrap_servers
    name = name or topic
    counter = data.committed_lines(servers, topic, setting.records) if transactions else data.end_offset(servers, topic)
    with new_topic(setting, topic), counter as count:
        figures = until(
            subject,
            setting.records,
            setting.records,
            count,
            lambda: subject.create(name, {"tasks.max": "1", **config}),
        )
        subject.delete(name)
    return figures


@contextmanager
def new_topic(setting: Setting, topic: str) -> Iterator[None]:
    """A topic of one partition that is there for a run."""
    data.create_topic(setting.broker.bootstrap_servers, topic)
    yield
    setting.finished(topic)
