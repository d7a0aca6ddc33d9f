"""Commands that look: list, get, status, plugins."""

from __future__ import annotations

from typing import Any

import click

from connect.cli.client import EXIT_FAILED, ConnectClient, connector_path, states
from connect.cli.options import connected, connector_argument, with_output
from connect.cli.output import show


@click.command("list")
@connected
@with_output
def list_connectors(client: ConnectClient, output: str) -> None:
    """All connectors with their states."""
    expanded: dict[str, Any] = client.get("/connectors", expand=["status", "info"])
    rows = [_row(name, each) for name, each in sorted(expanded.items())]
    show(expanded, output, ("name", "type", "state", "tasks", "class"), rows)


def _row(name: str, expanded: dict[str, Any]) -> list[Any]:
    status, info = expanded.get("status"), expanded.get("info", {})
    if status is None:
        return [name, info.get("type"), None, None, None]
    tasks = [task["state"] for task in status["tasks"]]
    counted = ", ".join(f"{state} {tasks.count(state)}" for state in dict.fromkeys(tasks))
    return [name, status["type"], status["connector"]["state"], counted, info.get("config", {}).get("connector.class")]


@click.command("get")
@connected
@connector_argument
@with_output
def get_connector(client: ConnectClient, connector: str, output: str) -> None:
    """The configuration of a connector."""
    config = client.get(f"{connector_path(connector)}/config")
    show(config, output, ("key", "value"), sorted(config.items()))


@click.command("status")
@connected
@connector_argument
@with_output
@click.option("--check", is_flag=True, help=f"Exit with {EXIT_FAILED} when anything is FAILED.")
@click.pass_context
def show_status(ctx: click.Context, client: ConnectClient, connector: str, output: str, check: bool) -> None:
    """The states of a connector and its tasks, with what went wrong."""
    status = client.status(connector)
    rows = [["connector", status["connector"]["state"], status["connector"]["worker_id"], _reason(status["connector"])]]
    rows += [[f"task {task['id']}", task["state"], task["worker_id"], _reason(task)] for task in status["tasks"]]
    show(status, output, ("what", "state", "worker", "reason"), rows)
    if check and "FAILED" in states(status):
        ctx.exit(EXIT_FAILED)


def _reason(part: dict[str, Any]) -> str:
    lines = (part.get("trace") or "").strip().splitlines()
    return str(lines[-1]) if lines else ""


@click.command("plugins")
@connected
@with_output
@click.option("--all", "everything", is_flag=True, help="Transformations, predicates and converters too.")
def list_plugins(client: ConnectClient, output: str, everything: bool) -> None:
    """The plugins that the worker has."""
    plugins = client.get("/connector-plugins", connectorsOnly="false" if everything else "true")
    rows = [[plugin["type"], plugin["class"], plugin.get("version")] for plugin in plugins]
    show(plugins, output, ("type", "class", "version"), rows)
