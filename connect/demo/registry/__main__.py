"""The registry by itself: ``python -m connect.demo.registry --port 8081``."""

from __future__ import annotations

import threading

import click

from connect.demo.registry.server import EmbeddedRegistry


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8081, show_default=True, help="The port; 0 = any that is free.")
def main(host: str, port: int) -> None:
    """Run a schema registry that keeps its schemas in memory, until interrupted."""
    try:
        registry = EmbeddedRegistry(host, port)
    except OSError as error:
        raise click.ClickException(f"can't listen on {host}:{port}: {error.strerror}") from error
    with registry:
        click.echo(f"schema.registry.url={registry.url}")
        threading.Event().wait()


if __name__ == "__main__":
    main()
