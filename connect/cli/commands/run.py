"""``connect run FILE --dry-run``: what a connector would do with some records, stage by stage."""

from __future__ import annotations

from pathlib import Path

import click

from connect.api import ConfigException, ConnectException
from connect.cli.client import EXIT_REFUSED, CommandFailed
from connect.cli.options import read_connector
from connect.properties import load_properties

_JSON = "org.apache.kafka.connect.json.JsonConverter"
_WITHOUT_WORKER = {
    "bootstrap.servers": "localhost:9092",
    "key.converter": _JSON,
    "value.converter": _JSON,
    "key.converter.schemas.enable": "false",
    "value.converter.schemas.enable": "false",
}


@click.command("run")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", "is_dry", is_flag=True, required=True, help="Produce nothing, write nothing.")
@click.option(
    "--worker",
    "properties",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Worker properties: converters and broker. Without: JSON without schemas, localhost:9092.",
)
@click.option("-n", "--records", type=click.IntRange(1, 10_000), default=5, show_default=True)
def run(file: Path, is_dry: bool, properties: Path | None, records: int) -> None:
    """Read some records with the connector of FILE, and show each stage they go through. Nothing is produced.

    A source reads from its beginning, without stored offsets; a sink is shown what its topics begin with.
    """
    from connect.cli.dry_run import dry_run

    _, config, _ = read_connector(file)
    worker = _WITHOUT_WORKER if properties is None else load_properties(properties)
    try:
        samples = dry_run(worker, config, records)
    except (ConfigException, ConnectException) as error:
        raise CommandFailed(with_causes(error), EXIT_REFUSED) from None
    if not samples:
        click.echo("no records")
    for number, sample in enumerate(samples, 1):
        click.secho(f"record {number}", bold=True)
        for stage, shown in sample.stages:
            click.echo(f"  {stage}")
            for line in shown.splitlines():
                click.echo(f"    {line}")


def with_causes(error: BaseException) -> str:
    """What an error says, and what those behind it add, on one line."""
    texts = [str(error)]
    cause = error.__cause__
    while cause is not None:
        text = str(cause)
        if text and not any(text in told for told in texts):
            texts.append(text)
        cause = cause.__cause__
    return ", because: ".join(texts)
