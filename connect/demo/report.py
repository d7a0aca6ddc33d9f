"""What the demo shows at its end: an answer of the index, and the commands that led to it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from rich.table import Table

from connect.demo.pipeline import TOPIC, question

_JSON = "Content-Type: application/json"


def airline_table(answer: dict[str, Any], names: dict[str, str]) -> Table:
    """The answer to :func:`connect.demo.pipeline.question`, latest airline first."""
    table = Table(title="Who leaves late? Average departure delay per airline, from the index", title_justify="left")
    table.add_column("Airline")
    for heading in ("Flights", "Cancelled", "Average delay"):
        table.add_column(heading, justify="right")
    buckets = answer["aggregations"]["airlines"]["buckets"]
    for bucket in sorted(buckets, key=lambda b: b["delay"]["value"] or 0.0, reverse=True):
        flights, departed, delay = bucket["doc_count"], bucket["departed"]["value"], bucket["delay"]["value"]
        shown = "" if delay is None else f"{delay:.1f} min"
        table.add_row(names.get(bucket["key"], bucket["key"]), f"{flights:,}", f"{flights - departed:,.0f}", shown)
    return table


def curl_commands(worker_url: str, search_url: str, connector_files: list[Path]) -> list[str]:
    """The requests that the demo sent, ready to be pasted into a shell, and a few to go on with."""
    return [
        *(_curl("-X", "POST", "-H", _JSON, "-d", f"@{file}", f"{worker_url}/connectors") for file in connector_files),
        _curl(f"{worker_url}/connectors?expand=status"),
        _curl(f"{search_url}/{TOPIC}/_count"),
        _curl("-H", _JSON, "-d", json.dumps(question()), f"{search_url}/{TOPIC}/_search"),
        _curl(f"{search_url}/{TOPIC}/_search?q=destination:SEA&size=1"),
        _curl("-X", "PUT", f"{worker_url}/connectors/{connector_files[-1].stem}/pause"),
        _curl("-X", "DELETE", f"{worker_url}/connectors/{connector_files[0].stem}"),
    ]


def connector_commands(worker_url: str, connector_files: list[Path], urls: list[str]) -> list[str]:
    """The requests that created connectors, their state, and more to look at."""
    return [
        *(_curl("-X", "POST", "-H", _JSON, "-d", f"@{file}", f"{worker_url}/connectors") for file in connector_files),
        _curl(f"{worker_url}/connectors?expand=status"),
        *map(_curl, urls),
    ]


def _curl(*arguments: str) -> str:
    return shlex.join(["curl", "-s", *arguments])
