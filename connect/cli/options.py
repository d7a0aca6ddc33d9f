"""The options that sub-commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from connect.api import ConfigException
from connect.cli.client import ConnectClient
from connect.cli.connector_file import parse_json, texts_of
from connect.cli.contexts import choose_url, load_contexts
from connect.cli.formats import FORMATS
from connect.properties import parse_properties

F = TypeVar("F", bound=Callable[..., Any])

WAIT_SECONDS = 60.0


def connected(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--url`` and ``--context``; the command is given a ConnectClient first."""

    @click.option("--url", help="The worker's REST address.")
    @click.option("--context", shell_complete=complete_context, help="A named cluster; see 'connect context'.")
    @functools.wraps(command)
    def wrapped(url: str | None, context: str | None, **arguments: Any) -> Any:
        return command(ConnectClient(_chosen(click.get_current_context(), url, context)), **arguments)

    return wrapped


def _chosen(ctx: click.Context, url: str | None, context: str | None) -> str:
    """What stands behind the sub-command goes before what stands in front of it."""
    if not (url or context):
        url, context = (ctx.find_root().params.get(name) for name in ("url", "context"))
    return choose_url(url, context)


def with_output(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``-o table|json|yaml``; the command is given ``output``."""

    @click.option("-o", "--output", type=click.Choice(FORMATS), help=f"How to show it; {FORMATS[0]} by default.")
    @functools.wraps(command)
    def wrapped(*arguments: Any, output: str | None, **named: Any) -> Any:
        general = click.get_current_context().find_root().params.get("output")
        return command(*arguments, output=output or general or FORMATS[0], **named)

    return wrapped


def with_wait(command: F) -> F:
    """Add ``--wait`` and ``--timeout``."""
    timeout = click.option("--timeout", type=float, default=WAIT_SECONDS, show_default=True, help="Seconds for --wait.")
    return click.option("--wait", is_flag=True, help="Return when the state is reached.")(timeout(command))


def connector_argument(command: F) -> F:
    """Add the connector's name, which the shell can complete."""
    return click.argument("connector", shell_complete=complete_connector)(command)


def complete_connector(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of connectors that begin so; none when no worker answers."""
    try:
        client = ConnectClient(_chosen(ctx, ctx.params.get("url"), ctx.params.get("context")))
        names: list[str] = client.get("/connectors")
    except click.ClickException:
        return []
    return [name for name in names if name.startswith(incomplete)]


def complete_context(_ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Names of contexts that begin so."""
    try:
        return [name for name in load_contexts().urls if name.startswith(incomplete)]
    except click.ClickException:
        return []


def read_connector(path: Path) -> tuple[str, dict[str, Any], str | None]:
    """Name, configuration and initial state from a JSON or properties file. Raises ClickException."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"Can't read {path}: {error.strerror}") from None
    document: Any = None
    if path.suffix != ".properties":
        try:
            document = parse_json(text)
        except ValueError as error:
            raise click.ClickException(f"{path} is not JSON: {error}") from None
    config: Any = parse_properties(text) if document is None else document
    if not isinstance(config, dict):
        raise click.ClickException(f"{path} must hold a JSON object")
    state = None
    name = config.get("name")
    if isinstance(config.get("config"), dict):
        state, config = config.get("initial_state"), config["config"]
    name = str(name or config.get("name") or path.stem)
    try:
        return name, {**texts_of(str(path), config), "name": name}, state
    except ConfigException as error:
        raise click.ClickException(str(error)) from None
