"""``connect worker``: what concerns one worker of a cluster."""

from __future__ import annotations

import click

from connect.cli.client import ConnectClient
from connect.cli.options import connected


@click.group()
def worker() -> None:
    """One worker of a cluster."""


@worker.command("drain")
@connected
def drain(client: ConnectClient) -> None:
    """Hand the worker's connectors and tasks over to the others; it leaves the group, and can be ended then."""
    client.call("POST", "/admin/drain")
    click.echo(f"{client.url} runs nothing any more and has left its group")
