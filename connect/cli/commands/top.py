"""``connect top``: what the connectors do now, as a table that renews itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click
from rich.live import Live
from rich.table import Table

from connect.cli.client import CommandFailed, ConnectClient
from connect.cli.metrics_text import parse_metrics
from connect.cli.options import connected, with_output
from connect.cli.output import console, show, table_of

_COLUMNS = ("name", "task", "type", "state", "worker", "records/s", "records", "errors")
_SOURCE, _SINK = "kafka_connect_source_task_metrics_source_record", "kafka_connect_sink_task_metrics_sink_record"
_TOTALS = (f"{_SOURCE}_write_total", f"{_SINK}_send_total")
_RATES = (f"{_SOURCE}_write_rate", f"{_SINK}_send_rate")
_ERRORS = ("kafka_connect_task_error_metrics_total_record_errors",)

Task = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters of all tasks that could be asked, at a time in seconds."""

    at: float
    totals: dict[Task, float]
    rates: dict[Task, float]
    errors: dict[Task, float]

    def rates_since(self, before: Reading | None) -> dict[Task, float]:
        """Records per second since an earlier reading; without one, the averages that the workers tell."""
        if before is None:
            return self.rates
        seconds = self.at - before.at
        return {
            task: max(0.0, total - before.totals[task]) / seconds
            for task, total in self.totals.items()
            if task in before.totals
        }


@click.command("top")
@connected
@with_output
@click.option("--interval", type=click.FloatRange(min=0.2), default=2.0, show_default=True, help="Seconds.")
@click.option("--once", is_flag=True, help="Show it once; so it is when this is no terminal.")
def top(client: ConnectClient, output: str, interval: float, once: bool) -> None:
    """What connectors and tasks do now: states, records per second, errors. Ends with Ctrl-C."""
    screen = console()
    if once or output != "table" or not screen.is_terminal:
        rows = [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(client, None)[0]]
        show(rows, output, _COLUMNS, _indented(list(row.values()) for row in rows))
        return
    pause = threading.Event()
    with Live(console=screen, screen=True, auto_refresh=False) as live:
        try:
            for table in _tables(client):
                live.update(table, refresh=True)
                pause.wait(interval)
        except KeyboardInterrupt:
            return


def _tables(client: ConnectClient) -> Iterator[Table]:
    before: Reading | None = None
    while True:
        rows, before = _rows(client, before)
        table = table_of(_COLUMNS, _indented(rows))
        table.title = f"{client.url}  {time.strftime('%H:%M:%S')}  {len(rows)} connectors and tasks"
        table.title_justify = "left"
        yield table


def _indented(rows: Iterable[list[Any]]) -> list[list[Any]]:
    """People see what a connector's tasks have in common with it once."""
    return [row if row[1] is None else ["", row[1], "", *row[3:]] for row in rows]


def _rows(client: ConnectClient, before: Reading | None) -> tuple[list[list[Any]], Reading]:
    expanded: dict[str, Any] = client.get("/connectors", expand="status")
    statuses = {name: each["status"] for name, each in sorted(expanded.items()) if "status" in each}
    reading = _read(client, {part["worker_id"] for status in statuses.values() for part in _parts(status)})
    rates = reading.rates_since(before)
    return [row for name, status in statuses.items() for row in _rows_of(name, status, reading, rates)], reading


def _rows_of(name: str, status: dict[str, Any], reading: Reading, rates: dict[Task, float]) -> Iterator[list[Any]]:
    connector = status["connector"]
    tasks = [(name, part["id"]) for part in status["tasks"]]
    shown = [_sum(figures, tasks) for figures in (rates, reading.totals, reading.errors)]
    yield [name, None, status["type"], connector["state"], connector["worker_id"], *shown]
    for task, part in zip(tasks, status["tasks"], strict=True):
        shown = [_sum(figures, [task]) for figures in (rates, reading.totals, reading.errors)]
        yield [name, part["id"], status["type"], part["state"], part["worker_id"], *shown]


def _sum(figures: dict[Task, float], tasks: list[Task]) -> int | None:
    """None when nothing is known of any of them."""
    found = [figures[task] for task in tasks if task in figures]
    return round(sum(found)) if found else None


def _parts(status: dict[str, Any]) -> list[dict[str, Any]]:
    return [status["connector"], *status["tasks"]]


def _read(client: ConnectClient, workers: set[str]) -> Reading:
    """Asks all workers; one that doesn't answer, or that is a Java worker without metrics, is left out."""
    reading = Reading(time.monotonic(), {}, {}, {})
    scheme = urlsplit(client.url).scheme
    own = urlsplit(client.url).netloc
    for worker in sorted(workers):
        # The worker that was named is asked where it was reached: its id may be known only inside its network.
        at = client if worker == own or len(workers) == 1 else ConnectClient(f"{scheme}://{worker}")
        try:
            metrics = parse_metrics(at.text("/metrics"))
        except CommandFailed:
            continue
        for figures, names in ((reading.totals, _TOTALS), (reading.rates, _RATES), (reading.errors, _ERRORS)):
            for name in names:
                for tags, value in metrics.get(name, ()):
                    figures[tags["connector"], int(tags["task"])] = value
    return reading
