"""The demo from start to end: data, servers, connectors, bars, answer."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from connect.demo.dataset import Dataset, cache_folder, ensure_dataset
from connect.demo.embedded import (
    KafkaBroker,
    RegistryServer,
    SearchServer,
    start_broker,
    start_registry,
    start_search,
)
from connect.demo.pipeline import TOPIC, Folders, question, sink_connector, source_connector
from connect.demo.process import DemoFailed, Server, free_port, port_is_free
from connect.demo.progress import Arrivals, watch
from connect.demo.report import airline_table, curl_commands
from connect.demo.worker import Worker, start_worker

_JANUARY = 1
_NEEDED_MEGABYTES = 200
_NEEDED_MODULES = ("elastic_transport",)
"""What the sink of the demo imports beyond the worker's own dependencies."""


@dataclass(frozen=True)
class DemoOptions:
    """What the command line decides. A port of 0 means any free one."""

    exit: bool = False
    all_months: bool = False
    rest_port: int = 8083
    broker_port: int = 9092
    search_port: int = 9200
    keep_files: bool = False
    registry: bool = False
    registry_port: int = 8081


@dataclass(frozen=True)
class Servers:
    broker: KafkaBroker
    search: SearchServer
    worker: Worker
    registry: RegistryServer | None = None

    def all(self) -> list[Server]:
        """What runs."""
        registry = [] if self.registry is None else [self.registry.server]
        return [self.broker.server, self.search.server, *registry, self.worker.server]

    def check(self) -> None:
        """Raises DemoFailed when a server has ended or a connector has failed."""
        for server in self.all():
            server.check()
        self.worker.check()


def run_demo(options: DemoOptions, console: Console) -> bool:
    """Run the demo; True if every row arrived once. Raises DemoFailed, and KeyboardInterrupt when told to stop."""
    started = time.monotonic()
    check_extras()
    options = with_ports(options)
    with working_folder(options.keep_files, console) as folder, ExitStack() as stack:
        folders = Folders(folder)
        folders.make()
        dataset = ensure_dataset(cache_folder(), console.print)
        rows = dataset.write_csv(folders.data_file, None if options.all_months else _JANUARY)
        period = "2013" if options.all_months else "January 2013"
        say(console, "Data", f"{rows:,} flights of {period} in {folders.data_file}")
        servers = start_servers(options, folder, stack, console)
        connectors = (source_connector(folders), sink_connector(servers.search.url))
        files = create_connectors(servers, folder, connectors, console)
        arrivals = watch(
            console,
            rows,
            lambda: servers.broker.record_count(TOPIC),
            lambda: count_index(servers.search, TOPIC),
            servers.check,
        )
        seconds = time.monotonic() - started
        complete = _report(console, rows, arrivals, servers, dataset)
        console.print(f"The last one came {seconds:.1f} s after the start.\n")
        _print_commands(console, servers, files)
        if not options.exit:
            serve(console, servers)
    return complete


def check_extras() -> None:
    """Raises DemoFailed when something isn't installed."""
    missing = [name for name in _NEEDED_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise DemoFailed(
            f"The demo needs what isn't installed: {', '.join(missing)}. Install it with\n"
            "  pip install 'kafka-connect-worker[demo]'"
        )


def with_ports(options: DemoOptions) -> DemoOptions:
    """Replace zeros by free ports. Raises DemoFailed naming every port that is taken."""
    wanted = (
        ("the worker's REST interface", "--port", options.rest_port),
        ("the Kafka broker", "--broker-port", options.broker_port),
        ("the search server", "--search-port", options.search_port),
        *([("the schema registry", "--registry-port", options.registry_port)] if options.registry else []),
    )
    taken = [(what, flag, port) for what, flag, port in wanted if port and not port_is_free(port)]
    if taken:
        lines = [f"Port {port} for {what} is taken." for what, _, port in taken]
        flags = " ".join(f"{flag} {free_port()}" for _, flag, _ in taken)
        raise DemoFailed("\n".join([*lines, f"End what listens there, or choose others:\n  connect demo {flags}"]))
    return replace(
        options,
        rest_port=options.rest_port or free_port(),
        broker_port=options.broker_port or free_port(),
        search_port=options.search_port or free_port(),
        registry_port=options.registry_port or free_port(),
    )


@contextmanager
def working_folder(keep: bool, console: Console) -> Iterator[Path]:
    """A temporary folder that is removed at the end, unless it is to be kept or something failed."""
    folder = Path(tempfile.mkdtemp(prefix="connect-demo-"))
    try:
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < _NEEDED_MEGABYTES:
            raise DemoFailed(
                f"There are {free} MB free in {folder.parent}; the demo needs {_NEEDED_MEGABYTES} MB. "
                "Make room, or set TMPDIR to another folder."
            )
        yield folder
    except DemoFailed:
        if any(folder.glob("*.log")):
            keep = True
        raise
    finally:
        if keep:
            console.print(f"Configs and logs are in {folder}", soft_wrap=True)
        else:
            shutil.rmtree(folder)


def start_servers(options: DemoOptions, folder: Path, stack: ExitStack, console: Console) -> Servers:
    """Start the servers; the stack stops them, the worker first."""
    broker = start_broker(options.broker_port, folder)
    stack.callback(broker.server.stop)
    say(console, "Kafka broker", broker.bootstrap_servers)
    search = start_search(options.search_port, folder)
    stack.callback(search.server.stop)
    say(console, "Search server", search.url)
    registry = None
    if options.registry:
        registry = start_registry(options.registry_port, folder)
        stack.callback(registry.server.stop)
        say(console, "Registry", registry.url)
    worker = start_worker(options.rest_port, broker.bootstrap_servers, folder)
    stack.callback(worker.server.stop)
    say(console, "Worker", f"{worker.url} (distributed mode)")
    return Servers(broker, search, worker, registry)


def create_connectors(
    servers: Servers, folder: Path, connectors: Sequence[dict[str, Any]], console: Console
) -> list[Path]:
    """POST source and sink; returns the files that hold what was sent."""
    files = []
    for connector in connectors:
        file = folder / f"{connector['name']}.json"
        file.write_text(json.dumps(connector, indent=2))
        servers.worker.create(connector)
        say(console, "Connector", f"{connector['name']}: {connector['config']['connector.class']}")
        files.append(file)
    console.print()
    return files


def count_index(search: SearchServer, index: str) -> int:
    """How many documents an index has."""
    answer = requests.get(f"{search.url}/{index}/_count", timeout=30)
    return int(answer.json()["count"]) if answer.ok else 0


def _report(console: Console, rows: int, arrivals: Arrivals, servers: Servers, dataset: Dataset) -> bool:
    """Show the table and the verdict; True if topic and index hold exactly the rows of the file."""
    requests.post(f"{servers.search.url}/{TOPIC}/_refresh", timeout=30).raise_for_status()
    indexed, in_topic = count_index(servers.search, TOPIC), servers.broker.record_count(TOPIC)
    answer = _ask(servers.search, question())
    console.print("\n", airline_table(answer, dataset.airline_names()), sep="")
    complete = indexed == rows == in_topic
    if complete:
        rates = f"{arrivals.topic.rate:,.0f} records/s into the topic, {arrivals.index.rate:,.0f} into the index"
        console.print(f"\n[bold green]All {rows:,} rows of the file are in the index[/] ({rates}).")
    else:
        console.print(f"\n[bold red]{rows:,} rows in the file, {in_topic:,} in the topic, {indexed:,} in the index.[/]")
    return complete


def _ask(search: SearchServer, body: dict[str, Any]) -> dict[str, Any]:
    answer = requests.post(f"{search.url}/{TOPIC}/_search", json=body, timeout=60)
    answer.raise_for_status()
    result: dict[str, Any] = answer.json()
    return result


def _print_commands(console: Console, servers: Servers, files: list[Path]) -> None:
    console.print("[bold]What was sent, and what to try next[/]")
    for command in curl_commands(servers.worker.url, servers.search.url, files):
        console.print(f"  {command}", soft_wrap=True, highlight=False, markup=False)


def serve(console: Console, servers: Servers) -> None:
    """Keep the servers until Ctrl-C; raises DemoFailed when one ends by itself."""
    console.print("\nEverything keeps running until you press Ctrl-C.")
    try:
        while True:
            for server in servers.all():
                server.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("Stopping …")


def say(console: Console, what: str, text: str) -> None:
    """One line about what is ready."""
    console.print(f"[green]✔[/] {what:<14}{text}", soft_wrap=True, highlight=False)
