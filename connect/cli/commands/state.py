"""Commands that start and stop: pause, resume, stop, restart."""

from __future__ import annotations

import click

from connect.cli.client import ConnectClient, connector_path
from connect.cli.options import connected, connector_argument, with_wait


def _state_command(verb: str, summary: str, reached: str, past: str) -> click.Command:
    @click.command(verb, help=summary)
    @connected
    @connector_argument
    @with_wait
    def command(client: ConnectClient, connector: str, wait: bool, timeout: float) -> None:
        client.call("PUT", f"{connector_path(connector)}/{verb}")
        if wait:
            client.wait_for(connector, reached, timeout)
        click.echo(f"{past} {connector}")

    return command


pause = _state_command("pause", "Let a connector and its tasks wait; they keep what they hold.", "PAUSED", "paused")
resume = _state_command("resume", "Let a paused or stopped connector go on.", "RUNNING", "resumed")
stop = _state_command("stop", "Stop a connector: it has no tasks until it is resumed.", "STOPPED", "stopped")


@click.command("restart")
@connected
@connector_argument
@click.option("--tasks", is_flag=True, help="The tasks too.")
@click.option("--only-failed", is_flag=True, help="Only what is FAILED.")
@click.option("--task", type=int, help="This task alone.")
@with_wait
def restart(
    client: ConnectClient,
    connector: str,
    tasks: bool,
    only_failed: bool,
    task: int | None,
    wait: bool,
    timeout: float,
) -> None:
    """Restart a connector, its tasks, or one task."""
    path = connector_path(connector)
    if task is not None:
        client.call("POST", f"{path}/tasks/{task}/restart")
    else:
        flags = {"includeTasks": str(tasks).lower(), "onlyFailed": str(only_failed).lower()}
        client.call("POST", f"{path}/restart", query=flags)
    if wait:
        client.wait_for(connector, "RUNNING", timeout)
    click.echo(f"restarted {connector}" if task is None else f"restarted {connector}-{task}")
