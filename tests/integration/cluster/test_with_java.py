"""Our workers and Java's in one group, either as the leader; and a cluster handed from one to the other and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cluster.group_of_workers import (
    AnyWorker,
    WorkerGroup,
    create,
    end_offset,
    put,
    read_records,
    states,
    status,
    worker_id,
)
from tests.integration.cluster.mixed import answers, play_mixed
from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

CONNECTORS = ("running", "paused", "stopped", "sink")


@pytest.fixture
def group(kafka_broker: KafkaBroker, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        yield group


@pytest.mark.parametrize("java_leads", [True, False], ids=["java-leads", "ours-leads"])
def test_a_mixed_group_shares_work_and_forwards_both_ways(group: WorkerGroup, java_leads: bool) -> None:
    play_mixed(group, java_leads=java_leads)


def test_a_cluster_goes_from_java_to_ours_and_back(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """Connectors, target states and offsets stay, also where compaction has been; no record is lost or repeated."""
    kinds = ("config", "offset", "status")
    soon = {"segment.ms": "100", "min.cleanable.dirty.ratio": "0.001"}
    compacting = {f"{kind}.storage.{key}": value for kind in kinds for key, value in soon.items()}
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, compacting) as group:
        take_over(group)


def take_over(group: WorkerGroup) -> None:
    java = group.add_java()
    running, paused, stopped = (group.lines(name) for name in ("running", "paused", "stopped"))
    out = group.folder / "out.txt"
    for each in (running, paused, stopped):
        each.write(30)
        create(java, each.path.stem, each.source_config)
    sink = {"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "file": str(out)}
    create(java, "sink", {**sink, "topics": running.topic})
    for each in (running, paused, stopped):
        wait_until(lambda each=each: group.numbers(each) == each.once, timeout=60)
    wait_until(lambda: out.exists() and len(out.read_text().splitlines()) == 30)
    put(java, "/connectors/paused/pause")
    put(java, "/connectors/stopped/stop")
    check_states(java)
    await_compaction(group, java)
    configs = [answers(java, f"/connectors/{name}/config") for name in CONNECTORS]
    java.stop()

    ours = ConnectWorker(group.bootstrap_servers, java.properties, port=java.port)
    with ours:
        check_goes_on(group, ours, [running, paused, stopped], out)
        assert configs == [
            answers(ours, f"/connectors/{name}/config") for name in ("running", "paused", "stopped", "sink")
        ]
        put(ours, "/connectors/stopped/resume")
        wait_until(lambda: group.numbers(stopped) == stopped.once, what="the resumed connector's records")
        put(ours, "/connectors/stopped/stop")
        check_states(ours)
        await_compaction(group, ours)
        check_states(ours)

    java.start()
    check_goes_on(group, java, [running, paused, stopped], out)
    put(java, "/connectors/paused/resume")
    wait_until(lambda: group.numbers(paused) == paused.once, timeout=60, what="the resumed connector's records")


def await_compaction(group: WorkerGroup, worker: AnyWorker) -> None:
    """Write to the config topic until the broker has removed something from it that it had not before."""
    topic = group.properties["config.storage.topic"]
    written = [0]

    def removed() -> int:
        end, records = end_offset(group.bootstrap_servers, topic), read_records(group.bootstrap_servers, topic)
        return end - len(records)

    before = removed()

    def compacted() -> bool:
        written[0] += 1
        put(worker, "/connectors/stopped/resume" if written[0] % 2 else "/connectors/stopped/stop")
        return written[0] % 2 == 0 and removed() > before + 10

    wait_until(compacted, timeout=90, what="compaction")


def check_states(worker: AnyWorker) -> None:
    wait_until(lambda: states(worker, "running") == ["RUNNING", "RUNNING"], timeout=60)
    wait_until(lambda: states(worker, "sink") == ["RUNNING", "RUNNING"], timeout=60)
    wait_until(lambda: states(worker, "paused") == ["PAUSED", "PAUSED"], timeout=60)
    wait_until(lambda: states(worker, "stopped") == ["STOPPED"], timeout=60)


def check_goes_on(group: WorkerGroup, worker: AnyWorker, lines: list, out: Path) -> None:  # type: ignore[type-arg]
    """Only the running source and the sink move, and they go on where they were."""
    running, *resting = lines
    before = [group.numbers(each) for each in resting]
    check_states(worker)
    for each in lines:
        each.write(30)
    wait_until(lambda: group.numbers(running) == running.once, timeout=60, what="the running connector's records")
    wanted = [str(number) for number in range(running.written)]
    wait_until(lambda: out.read_text().splitlines() == wanted, timeout=60, what="the sink's lines, in order")
    assert [group.numbers(each) for each in resting] == before
    assert Counter(place["worker_id"] for place in status(worker, "running")["tasks"]) == {worker_id(worker): 1}
