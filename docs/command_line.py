"""The page of the command line, made from the commands themselves."""

from __future__ import annotations

import inspect
import re

import click

from connect.cli.client import (
    EXIT_CONFLICT,
    EXIT_FAILED,
    EXIT_NOT_FOUND,
    EXIT_UNREACHABLE,
    EXIT_WAITED,
)
from connect.cli.main import cli
from docs.markdown import code, escaped

_EXIT_CODES = {
    0: "done",
    1: "the worker refused, or a file can't be read",
    2: "the command line is wrong",
    EXIT_UNREACHABLE: "no worker answers",
    EXIT_NOT_FOUND: "there is no connector of that name",
    EXIT_CONFLICT: "it exists already, or a rebalance is under way",
    EXIT_WAITED: "`--wait` waited in vain",
    EXIT_FAILED: "something is FAILED",
}


def command_line() -> str:
    """All commands with their arguments and options, and the exit codes."""
    ctx = click.Context(cli, info_name="connect")
    parts = [
        "# The command line",
        (
            "`connect` talks to a worker's REST API. Which worker: `--url`, else `--context`, else the variable "
            "`CONNECT_URL`, else the current context (`connect context use`), else `http://localhost:8083`. "
            "These options and `--output` may stand before the command, for all of them, or behind it."
        ),
        _options(cli, ctx),
    ]
    for name in cli.list_commands(ctx):
        command = cli.get_command(ctx, name)
        assert command is not None
        parts += _command(command, click.Context(command, info_name=name, parent=ctx), 2)
    codes = "\n".join(f"| {number} | {meaning} |" for number, meaning in _EXIT_CODES.items())
    parts += ["## Exit codes", f"| Code | Meaning |\n| --- | --- |\n{codes}"]
    return "\n\n".join(filter(None, parts)) + "\n"


def _command(command: click.Command, ctx: click.Context, level: int) -> list[str]:
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    text = re.sub(r"\s*\n\s*", " ", inspect.cleandoc(command.help or "").replace("\b", ""))
    parts = [f"{'#' * level} {ctx.command_path}", f"`{usage}`", escaped(text), _options(command, ctx)]
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            nested = command.get_command(ctx, name)
            assert nested is not None
            parts += _command(nested, click.Context(nested, info_name=name, parent=ctx), level + 1)
    return parts


def _options(command: click.Command, ctx: click.Context) -> str:
    rows = [
        f"| {code(record[0])} | {escaped(record[1])} |"
        for option in command.get_params(ctx)
        if option.name != "help" and (record := option.get_help_record(ctx)) is not None
    ]
    return "| Option | Meaning |\n| --- | --- |\n" + "\n".join(rows) if rows else ""
