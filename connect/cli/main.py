"""``connect``: the sub-commands. One is imported only when it is called, so that ``connect --help`` stays quick."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click

from connect import __version__


@dataclass(frozen=True)
class SubCommand:
    """Where a sub-command is and what ``connect --help`` says about it."""

    module: str
    attribute: str
    summary: str


SUB_COMMANDS = {
    "demo": SubCommand(
        "connect.demo.command", "demo", "A CSV file through Kafka into a search index, on this machine."
    ),
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and summaries without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(SUB_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = SUB_COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), entry.attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUB_COMMANDS[name].summary) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="connect")
def cli() -> None:
    """A Kafka Connect-compatible connector worker."""


def main() -> None:
    """Entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()
