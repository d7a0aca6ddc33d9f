"""Commands that change: create, apply, validate, delete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from connect.cli.client import EXIT_NOT_FOUND, EXIT_REFUSED, CommandFailed, ConnectClient, connector_path
from connect.cli.options import connected, connector_argument, read_connector, with_output, with_wait
from connect.cli.output import show

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN_STATES = {"RUNNING": "RUNNING", "PAUSED": "PAUSED", "STOPPED": "STOPPED"}


@click.command("create")
@connected
@click.argument("file", type=_FILE)
@click.option("--initial-state", type=click.Choice(sorted(_SHOWN_STATES)), help="Default: RUNNING.")
@with_wait
def create(client: ConnectClient, file: Path, initial_state: str | None, wait: bool, timeout: float) -> None:
    """Create the connector of a JSON or properties FILE."""
    name, config, stated = read_connector(file)
    state = initial_state or stated
    body = {"name": name, "config": config} | ({"initial_state": state} if state else {})
    client.call("POST", "/connectors", body)
    click.echo(f"created {name}")
    if wait:
        client.wait_for(name, state or "RUNNING", timeout)


@click.command("validate")
@connected
@click.argument("file", type=_FILE)
@click.option("--lint", is_flag=True, help="Tell also what is likely not meant, and what isn't there.")
@with_output
def validate(client: ConnectClient, file: Path, lint: bool, output: str) -> None:
    """Check the configuration of a FILE without creating anything; exits with 1 when it has errors."""
    _, config, _ = read_connector(file)
    plugin = str(config.get("connector.class", "")).rsplit(".", 1)[-1]
    if not plugin:
        raise click.ClickException(f"{file} names no connector.class")
    query = {"lint": "true"} if lint else {}
    result = client.call("PUT", f"/connector-plugins/{plugin}/config/validate", config, query)
    values = [entry["value"] for entry in result["configs"]]
    rows = [[value["name"], value["value"], error] for value in values for error in value["errors"]]
    if output != "table" or rows:
        show(result, output, ("key", "value", "error"), rows)
    warnings = [[each["code"], each["key"], each["message"]] for each in result.get("lint", ())]
    if output == "table" and warnings:
        show(result, output, ("warning", "key", "message"), warnings)
    if result["error_count"]:
        raise CommandFailed(f"{result['error_count']} error(s) in {file}", EXIT_REFUSED)
    click.echo(f"{file} is valid", err=output != "table")


@click.command("apply")
@connected
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    help="A connector file, or a folder of them.",
)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@with_wait
def apply(client: ConnectClient, path: Path, dry_run: bool, wait: bool, timeout: float) -> None:
    """Make connectors as a file, or all files of a folder, say; shows the difference first."""
    files = sorted(_connector_files(path)) if path.is_dir() else [path]
    if not files:
        raise click.ClickException(f"{path} holds no .json or .properties files")
    changed = [name for file in files for name in _apply_file(client, file, dry_run)]
    for name in changed if wait and not dry_run else []:
        client.wait_for(name, "RUNNING", timeout)


def _connector_files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.iterdir() if file.suffix in (".json", ".properties"))


def _apply_file(client: ConnectClient, file: Path, dry_run: bool) -> list[str]:
    name, config, _ = read_connector(file)
    present = _present_config(client, name)
    difference = list(_difference(present or {}, config))
    if present is not None and not difference:
        click.echo(f"unchanged {name}")
        return []
    verb = "create" if present is None else "change"
    click.echo(f"{'would ' if dry_run else ''}{verb} {name}")
    for line in difference:
        click.echo(f"  {line}")
    if not dry_run:
        client.call("PUT", f"{connector_path(name)}/config", config)
    return [name]


def _present_config(client: ConnectClient, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.get(f"{connector_path(name)}/config")
    except CommandFailed as error:
        if error.exit_code != EXIT_NOT_FOUND:
            raise
        return None
    return found


def _difference(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if old is not None:
            yield f"- {key}={_shown(key, old)}"
        if new is not None:
            yield f"+ {key}={_shown(key, new)}"


def _shown(key: str, value: Any) -> str:
    secret = any(word in key.lower() for word in ("password", "secret", "token", "jaas"))
    return "[hidden]" if secret and "${" not in str(value) else str(value)


@click.command("delete")
@connected
@connector_argument
@click.option("--yes", is_flag=True, help="Don't ask.")
def delete(client: ConnectClient, connector: str, yes: bool) -> None:
    """Stop a connector and forget it. Its offsets stay."""
    if not yes:
        click.confirm(f"Delete {connector}?", abort=True)
    client.call("DELETE", connector_path(connector))
    click.echo(f"deleted {connector}")
