"""``connect demo`` on the command line."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any, NoReturn

import click
import requests
from rich.console import Console
from rich.markup import escape

from connect.demo.process import DemoFailed
from connect.demo.run import DemoOptions, run_demo

_INTERRUPTED = 130


@click.group(name="demo", invoke_without_command=True)
@click.option("--exit", "exit_", is_flag=True, help="End after the result instead of serving until Ctrl-C.")
@click.option("--all", "all_months", is_flag=True, help="All 336,776 flights of 2013 instead of January's 27,004.")
@click.option("--port", default=8083, show_default=True, help="Port of the worker's REST interface; 0: any free one.")
@click.option("--broker-port", default=9092, show_default=True, help="Port of the Kafka broker; 0: any free one.")
@click.option("--search-port", default=9200, show_default=True, help="Port of the search server; 0: any free one.")
@click.option("--registry", is_flag=True, help="Start a schema registry as well.")
@click.option("--registry-port", default=8081, show_default=True, help="Port of the schema registry; 0: any free one.")
@click.option("--keep-files", is_flag=True, help="Keep the folder with configs, data and logs.")
@click.pass_context
def demo(context: click.Context, /, *, exit_: bool, **chosen: Any) -> None:
    """Run a CSV source and an Elasticsearch sink on a worker, with a Kafka broker and a search server of their own.

    Everything listens on 127.0.0.1 only and is gone when the demo ends. The exit code is 0 if every row of the file is
    in the index, 1 if not.
    """
    options = DemoOptions(exit_, chosen.pop("all_months"), chosen.pop("port"), **chosen)
    context.obj = options
    if context.invoked_subcommand is None:
        _run(lambda console: run_demo(options, console))


@demo.command(name="rental")
@click.option("--database-url", help="A MariaDB to use: jdbc:mariadb://user:password@host:port/database.")
@click.option("--sqlite", is_flag=True, help="Keep the table in an SQLite file although MariaDB is installed.")
@click.pass_obj
def rental(options: DemoOptions, database_url: str | None, sqlite: bool) -> None:
    """Copy the table rental through Avro and a schema registry into an index whose dates are dates.

    Without --database-url a MariaDB that is installed is started for the demo; if there is none, the table is in an
    SQLite file. Ports and --exit stand in front: connect demo --exit rental.
    The exit code is 0 if every row of the table is in the index, 1 if not.
    """
    from connect.demo.rental.run import RentalOptions, run_rental

    wanted = RentalOptions(replace(options, registry=True), database_url, sqlite)
    _run(lambda console: run_rental(wanted, console))


def _run(start: Callable[[Console], bool]) -> NoReturn:
    """Run a demo to its end and leave with its exit code; trouble is told without a traceback."""
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        complete = start(console)
    except DemoFailed as failure:
        _explain(console, str(failure))
        sys.exit(1)
    except requests.RequestException as error:
        _explain(console, f"A server doesn't answer any more: {error}")
        sys.exit(1)
    except OSError as error:
        hint = "; make room, or set" if error.errno == errno.ENOSPC else "; set"
        _explain(console, f"{error}{hint} TMPDIR and CONNECT_CACHE_DIR to folders that can be written to.")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(0 if complete else 1)


def _explain(console: Console, text: str) -> None:
    console.print(f"[bold red]The demo failed.[/] {escape(text)}", soft_wrap=True, highlight=False)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """A polite end (SIGTERM) is what Ctrl-C is."""
    raise KeyboardInterrupt
