"""``connect context``: names for clusters."""

from __future__ import annotations

import click

from connect.cli.contexts import load_contexts, save_contexts
from connect.cli.options import complete_context, with_output
from connect.cli.output import show


@click.group()
def context() -> None:
    """Names for clusters, so that commands need no --url."""


@context.command("list")
@with_output
def list_contexts(output: str) -> None:
    """All contexts; the current one is marked."""
    contexts = load_contexts()
    rows = [["*" if name == contexts.current else "", name, url] for name, url in sorted(contexts.urls.items())]
    show({"current": contexts.current, "contexts": contexts.urls}, output, ("current", "name", "url"), rows)


@context.command("set")
@click.argument("name")
@click.argument("url")
def set_context(name: str, url: str) -> None:
    """Give the cluster at URL a name; the first one becomes current."""
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"'{url}' must begin with http:// or https://", param_hint="URL")
    contexts = load_contexts()
    contexts.urls[name] = url
    contexts.current = contexts.current or name
    save_contexts(contexts)


@context.command("use")
@click.argument("name", shell_complete=complete_context)
def use_context(name: str) -> None:
    """Make a context current."""
    contexts = load_contexts()
    contexts.url(name)
    contexts.current = name
    save_contexts(contexts)


@context.command("delete")
@click.argument("name", shell_complete=complete_context)
def delete_context(name: str) -> None:
    """Forget a context."""
    contexts = load_contexts()
    contexts.url(name)
    del contexts.urls[name]
    if contexts.current == name:
        contexts.current = None
    save_contexts(contexts)
