"""The dashboard asks for metrics that there are, under the names of the JMX beans."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.conformance.vectors import CONFORMANCE_DIR

DASHBOARD = Path(__file__).parents[2] / "compose" / "grafana" / "kafka-connect.json"
OURS = {"kafka_connect_connector_task_metrics_stalled", "kafka_connect_connector_task_metrics_restart_total"}


def metrics_of_java() -> set[str]:
    beans = json.loads((CONFORMANCE_DIR / "metrics" / "jmx-mbeans.json").read_text())["mbeans"]
    names = set()
    for bean in beans:
        domain, _, properties = bean["mbean"].partition(":")
        if domain == "kafka.connect":
            group = re.search(r"type=([^,]+)", properties)
            assert group is not None
            names |= {f"kafka_connect_{group[1]}_{name}".replace("-", "_") for name in bean["attributes"]}
    return names


def test_every_panel_asks_for_metrics_that_there_are() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    known = metrics_of_java() | OURS
    for panel in panels:
        asked = {name for target in panel["targets"] for name in re.findall(r"kafka_connect_\w+", target["expr"])}
        assert asked, panel["title"]
        assert asked <= known, panel["title"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
