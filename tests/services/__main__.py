"""``python -m tests.services``: the services for people."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing

import click

from tests.services.catalogue import SERVICES
from tests.services.errors import ServiceError
from tests.services.java_connect import JavaConnect
from tests.services.kafka import KafkaBroker
from tests.services.process import Server

_ENDING = (signal.SIGINT, signal.SIGTERM)


class _Service(click.ParamType[tuple[str, int | None]]):
    """``NAME`` or ``NAME=PORT``."""

    name = "service"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int | None]:
        name, _, port = value.partition("=")
        if name not in SERVICES:
            self.fail(f"{name}: there's no such service; there are {', '.join(SERVICES)}", param, ctx)
        if port and not port.isdecimal():
            self.fail(f"{value}: the port must be a number", param, ctx)
        return name, int(port) if port else None


@click.group()
def main() -> None:
    """Real servers on this machine's loopback interface, for tests and for trying things out."""


@main.command(name="list")
def list_services() -> None:
    """Say which services there are."""
    for name, service in SERVICES.items():
        click.echo(f"{name:16}{(service.__doc__ or '').splitlines()[0]}")


@main.command()
@click.argument("services", nargs=-1, type=_Service())
def fetch(services: Sequence[tuple[str, int | None]]) -> None:
    """Fill the cache for SERVICES (all, if none is named), and start nothing."""
    for name in [name for name, _ in services] or SERVICES:
        with closing(SERVICES[name]()) as server:
            server.prepare()
        click.echo(f"{name:16}ready to start")


@main.command()
@click.argument("services", nargs=-1, required=True, type=_Service())
def up(services: Sequence[tuple[str, int | None]]) -> None:
    """Start SERVICES and keep them until Ctrl-C. NAME=PORT starts one on that port."""
    ports = dict(services)
    running: dict[str, Server] = {}
    with ExitStack() as stack:
        for name in _in_order(list(ports)):
            running[name] = server = stack.enter_context(_make(name, ports.get(name), running))
            click.echo(f"{name:16}{server.address}  (process {server.pid}, log {server.log_path})")
        click.echo("Ctrl-C ends them.")
        _wait_for_the_end(list(running.values()))


def _in_order(names: Sequence[str]) -> list[str]:
    """The names, after the broker if Java Connect, which can't do without, is among them."""
    return list(dict.fromkeys([KafkaBroker.name, *names] if JavaConnect.name in names else names))


def _make(name: str, port: int | None, running: Mapping[str, Server]) -> Server:
    if name == JavaConnect.name:
        return JavaConnect(running[KafkaBroker.name].address, port=port)
    return SERVICES[name](port=port)


def _wait_for_the_end(servers: Sequence[Server]) -> None:
    # Blocked only now: a server would inherit it, and hear no SIGTERM.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    while not signal.sigtimedwait(_ENDING, 1.0):
        for server in servers:
            if not server.is_running:
                raise ServiceError(f"{server.name} has ended:\n{server.log_tail()}")


if __name__ == "__main__":
    try:
        main()
    except ServiceError as error:
        sys.exit(str(error))
