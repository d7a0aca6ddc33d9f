"""The figures of a worker's membership have Java's names, and tell what happened."""

from __future__ import annotations

import json
import os
from pathlib import Path

from connect.herder.distributed.group import GroupView
from connect.herder.distributed.group_metrics import GroupMetrics
from connect.herder.distributed.protocol import NOTHING, Protocol
from tests.unit.herder.distributed.parts import work

_RECORDED = Path(os.environ.get("CONFORMANCE_DIR", Path(__file__).parents[5] / "shared/conformance"))
GROUPS = ("connect-worker-rebalance-metrics", "connect-coordinator-metrics")


def collected(figures: GroupMetrics) -> dict[str, dict[str, float | str]]:
    found: dict[str, dict[str, float | str]] = {}
    for metric in figures.metrics():
        found.setdefault(metric.group, {})[metric.attribute] = metric.value
    return found


def test_every_attribute_of_javas_is_there_and_no_other() -> None:
    beans = json.loads((_RECORDED / "metrics/jmx-mbeans.json").read_text())["mbeans"]
    expected = {
        group: set(bean["attributes"])
        for bean in beans
        for group in GROUPS
        if f"kafka.connect:type={group}" in bean["mbean"]
    }
    assert {group: set(names) for group, names in collected(GroupMetrics("c", 60)).items()} == expected


def test_a_round_is_counted_when_the_worker_has_followed() -> None:
    figures = GroupMetrics("c", 60)
    figures.begin()
    figures.took("join", 0.5)
    view = GroupView(7, Protocol.SESSIONED, "me", "me", "http://me/", 3, work("a", "a-0", "a-1"), NOTHING)
    figures.formed(view)
    own, talk = (collected(figures)[group] for group in GROUPS)
    assert (own["rebalancing"], own["completed-rebalances-total"], own["epoch"]) == (1.0, 0, 7)
    assert (own["connect-protocol"], own["leader-name"]) == ("SESSIONED", "http://me/")
    assert (talk["assigned-connectors"], talk["assigned-tasks"]) == (1, 2)
    assert (talk["join-total"], talk["join-time-max"]) == (1, 500)
    figures.end()
    figures.fail()
    own, talk = (collected(figures)[group] for group in GROUPS)
    assert (own["rebalancing"], own["completed-rebalances-total"]) == (0.0, 1)
    assert (talk["rebalance-total"], talk["failed-rebalance-total"]) == (1, 1)
