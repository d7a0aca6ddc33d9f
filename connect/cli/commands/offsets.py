"""``connect offsets``: look at and change where a connector goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from connect.cli.client import ConnectClient, connector_path
from connect.cli.options import connected, connector_argument, with_output
from connect.cli.output import show


@click.group()
def offsets() -> None:
    """Where a connector goes on: get, set, reset. Changing wants a stopped connector."""


@offsets.command("get")
@connected
@connector_argument
@with_output
def get_offsets(client: ConnectClient, connector: str, output: str) -> None:
    """The offsets of a connector."""
    found = client.get(f"{connector_path(connector)}/offsets")
    rows = [[_compact(entry["partition"]), _compact(entry["offset"])] for entry in found["offsets"]]
    show(found, output, ("partition", "offset"), rows)


@offsets.command("set")
@connected
@connector_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
def set_offsets(client: ConnectClient, connector: str, file: Path) -> None:
    """Set offsets from a JSON FILE (``-`` = standard input) in the form that 'get -o json' writes."""
    with click.open_file(str(file)) as source:
        text = source.read()
    try:
        body = orjson.loads(text)
    except ValueError as error:
        raise click.ClickException(f"{file} is not JSON: {error}") from None
    click.echo(client.call("PATCH", f"{connector_path(connector)}/offsets", body)["message"])


@offsets.command("reset")
@connected
@connector_argument
@click.option("--yes", is_flag=True, help="Don't ask.")
def reset_offsets(client: ConnectClient, connector: str, yes: bool) -> None:
    """Forget all offsets: the connector begins anew."""
    if not yes:
        click.confirm(f"Forget all offsets of {connector}?", abort=True)
    click.echo(client.call("DELETE", f"{connector_path(connector)}/offsets")["message"])


def _compact(value: Any) -> str:
    return orjson.dumps(value).decode()
