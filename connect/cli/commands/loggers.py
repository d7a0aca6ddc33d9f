"""``connect loggers``: look at and change log levels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import click

from connect.cli.client import ConnectClient
from connect.cli.options import connected, with_output
from connect.cli.output import show

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "OFF")


@click.group()
def loggers() -> None:
    """Log levels of a worker, or of the whole cluster."""


@loggers.command("list")
@connected
@with_output
def list_loggers(client: ConnectClient, output: str) -> None:
    """The loggers whose level was set."""
    found: dict[str, dict[str, Any]] = client.get("/admin/loggers")
    rows = [[name, entry["level"], _when(entry.get("last_modified"))] for name, entry in found.items()]
    show(found, output, ("logger", "level", "changed"), rows)


@loggers.command("set")
@connected
@click.argument("logger")
@click.argument("level", type=click.Choice(_LEVELS, case_sensitive=False))
@click.option("--cluster", is_flag=True, help="On all workers.")
def set_logger(client: ConnectClient, logger: str, level: str, cluster: bool) -> None:
    """Set the level of a logger ('root' for all)."""
    scope = {"scope": "cluster"} if cluster else {}
    changed = client.call("PUT", f"/admin/loggers/{quote(logger, safe='')}", {"level": level.upper()}, scope)
    click.echo(
        f"{logger}: {level.upper()}" + (f" ({len(changed)} loggers)" if changed is not None else " on all workers")
    )


def _when(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().isoformat(" ", "seconds")
