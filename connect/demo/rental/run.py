"""The rental demo from start to end: database, registry, connectors, bars, the three descriptions."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from connect.demo.embedded import RegistryServer
from connect.demo.process import DemoFailed
from connect.demo.progress import watch
from connect.demo.rental.database import MariaDbRentals, RentalDatabase, SqliteRentals
from connect.demo.rental.installed_mariadb import installed_mariadb
from connect.demo.rental.pipeline import DATES, SUBJECT, TOPIC, sink_connector, source_connector
from connect.demo.rental.report import dates_in, side_by_side
from connect.demo.report import connector_commands
from connect.demo.run import (
    DemoOptions,
    Servers,
    check_extras,
    count_index,
    create_connectors,
    say,
    serve,
    start_servers,
    with_ports,
    working_folder,
)


@dataclass(frozen=True)
class RentalOptions:
    """``database_url`` is a MariaDB to use (None = the installed one, or else an SQLite file, as with ``sqlite``)."""

    demo: DemoOptions
    database_url: str | None = None
    sqlite: bool = False


def run_rental(options: RentalOptions, console: Console) -> bool:
    """Run the demo; True if every row is in the index, with dates. Raises DemoFailed, and KeyboardInterrupt."""
    started = time.monotonic()
    check_extras()
    demo = with_ports(options.demo)
    with working_folder(demo.keep_files, console) as folder, ExitStack() as stack:
        database = _database(options, folder, stack)
        rows = database.ensure_table()
        say(console, "Data", f"{rows:,} rentals in {database.name}")
        servers = start_servers(demo, folder, stack, console)
        registry = servers.registry
        if registry is None:
            raise DemoFailed("The rental demo needs a schema registry.")
        connectors = (source_connector(database, registry.url), sink_connector(servers.search.url, registry.url))
        files = create_connectors(servers, folder, connectors, console)
        watch(
            console,
            rows,
            lambda: servers.broker.record_count(TOPIC),
            lambda: count_index(servers.search, TOPIC),
            servers.check,
            ("Table → Kafka", "Kafka → index"),
        )
        seconds = time.monotonic() - started
        complete = _report(console, rows, servers, registry, database)
        console.print(f"The last one came {seconds:.1f} s after the start.\n")
        console.print("[bold]What was sent, and what to try next[/]")
        extra = [f"{registry.url}/subjects/{SUBJECT}/versions/latest", f"{servers.search.url}/{TOPIC}/_mapping"]
        for command in connector_commands(servers.worker.url, files, extra):
            console.print(f"  {command}", soft_wrap=True, highlight=False, markup=False)
        if not demo.exit:
            serve(console, servers)
    return complete


def _database(options: RentalOptions, folder: Path, stack: ExitStack) -> RentalDatabase:
    if options.database_url is not None:
        return MariaDbRentals(options.database_url)
    installed = None if options.sqlite else installed_mariadb()
    return SqliteRentals(folder) if installed is None else MariaDbRentals(installed.start(folder, stack))


def _report(console: Console, rows: int, servers: Servers, registry: RegistryServer, database: RentalDatabase) -> bool:
    """Show the descriptions and the verdict."""
    requests.post(f"{servers.search.url}/{TOPIC}/_refresh", timeout=30).raise_for_status()
    indexed = count_index(servers.search, TOPIC)
    avro = str(_get(f"{registry.url}/subjects/{SUBJECT}/versions/latest")["schema"])
    mapping = _get(f"{servers.search.url}/{TOPIC}/_mapping")[TOPIC]["mappings"]["properties"]
    console.print("\n", side_by_side(database.describe(), avro, mapping), sep="")
    dates = dates_in(mapping)
    if indexed == rows and len(dates) == len(DATES):
        console.print(f"\n[bold green]All {rows:,} rows of the table are in the index[/], {', '.join(dates)} as dates.")
        return True
    console.print(f"\n[bold red]{rows:,} rows in the table, {indexed:,} in the index, dates: {', '.join(dates)}.[/]")
    return False


def _get(url: str) -> dict[str, Any]:
    answer = requests.get(url, timeout=30)
    answer.raise_for_status()
    result: dict[str, Any] = answer.json()
    return result
