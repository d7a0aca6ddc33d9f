"""How answers are shown: as a table for people, as JSON or YAML for programs. Colour only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click
import orjson
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNLIMITED = 100_000
_COLOURS = {
    "RUNNING": "green",
    "PAUSED": "yellow",
    "STOPPED": "yellow",
    "UNASSIGNED": "yellow",
    "RESTARTING": "cyan",
    "FAILED": "bold red",
}


def show(data: Any, output: str, columns: Sequence[str] = (), rows: Sequence[Sequence[Any]] | None = None) -> None:
    """Write ``data``, or for people ``rows`` under ``columns`` where they are given."""
    if output == "json" or (output == "table" and rows is None):
        click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    elif output == "yaml":
        click.echo(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), nl=False)
    else:
        console().print(table_of(columns, rows or ()))


def table_of(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    """A table without frame; states are coloured."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper(), no_wrap=column in ("name", "state"))
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def console() -> Console:
    """Standard output; as wide as need be when it is not a terminal, so that lines aren't cut."""
    return Console(width=None if sys.stdout.isatty() else _UNLIMITED, highlight=False)


def _cell(value: Any) -> Text:
    text = "" if value is None else str(value)
    return Text(text, style=_COLOURS.get(text.split(" ", 1)[0], ""))
