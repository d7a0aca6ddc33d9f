"""``connect``: the sub-commands. One is imported only when it is called, so that ``connect --help`` stays quick."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass

import click

from connect import __version__
from connect.cli.formats import FORMATS


@dataclass(frozen=True)
class SubCommand:
    """Where a sub-command is and what ``connect --help`` says about it."""

    module: str
    attribute: str
    summary: str


def _table(*rows: tuple[str, str, str, str]) -> dict[str, SubCommand]:
    return {name: SubCommand(f"connect.{module}", attribute, summary) for name, module, attribute, summary in rows}


SUB_COMMANDS = _table(
    ("demo", "demo.command", "demo", "A CSV file through Kafka into a search index, on this machine."),
    ("list", "cli.commands.read", "list_connectors", "All connectors with their states."),
    ("get", "cli.commands.read", "get_connector", "The configuration of a connector."),
    ("status", "cli.commands.read", "show_status", "The states of a connector and its tasks."),
    ("plugins", "cli.commands.read", "list_plugins", "The plugins that the worker has."),
    ("create", "cli.commands.change", "create", "Create the connector of a file."),
    ("apply", "cli.commands.change", "apply", "Make connectors as files say; shows the difference."),
    ("validate", "cli.commands.change", "validate", "Check a configuration without creating anything."),
    ("delete", "cli.commands.change", "delete", "Stop a connector and forget it."),
    ("pause", "cli.commands.state", "pause", "Let a connector wait."),
    ("resume", "cli.commands.state", "resume", "Let a connector go on."),
    ("stop", "cli.commands.state", "stop", "Stop a connector; it has no tasks then."),
    ("restart", "cli.commands.state", "restart", "Restart a connector, its tasks, or one task."),
    ("offsets", "cli.commands.offsets", "offsets", "Where a connector goes on: get, set, reset."),
    ("loggers", "cli.commands.loggers", "loggers", "Log levels of a worker or of all."),
    ("worker", "cli.commands.worker", "worker", "One worker of a cluster: drain it before it is ended."),
    ("context", "cli.commands.context", "context", "Names for clusters."),
    ("run", "cli.commands.run", "run", "Try a connector here, stage by stage; nothing is produced."),
    ("top", "cli.commands.top", "top", "What connectors and tasks do now, as a table that renews itself."),
    ("doctor", "cli.commands.doctor", "doctor", "What a worker needs: is it there, is it well?"),
    ("completion", "cli.commands.completion", "completion", "The completion script for a shell."),
)


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        similar = difflib.get_close_matches(name, SUB_COMMANDS, 1)
        if name not in SUB_COMMANDS and not name.startswith("-") and similar:
            ctx.fail(f"No such command '{name}'. Did you mean '{similar[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUB_COMMANDS[name].summary) for name in self.list_commands(ctx)])


@click.group(cls=LazyGroup)
@click.option("--url", help="The worker's REST address; CONNECT_URL, the current context or localhost if not given.")
@click.option("--context", help="A named cluster; see 'connect context'.")
@click.option("-o", "--output", type=click.Choice(FORMATS), help=f"How to show answers; {FORMATS[0]} by default.")
@click.version_option(__version__, prog_name="connect")
def cli(url: str | None, context: str | None, output: str | None) -> None:
    """A Kafka Connect-compatible connector worker.

    --url, --context and --output may stand before or after the command.
    """


def main() -> None:
    """Entry point of the console script."""
    cli()


if __name__ == "__main__":
    main()
