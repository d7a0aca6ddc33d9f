"""``connect demo`` on the command line."""

from __future__ import annotations

import errno
import signal
import sys
from types import FrameType

import click
import requests
from rich.console import Console
from rich.markup import escape

from connect.demo.process import DemoFailed
from connect.demo.run import DemoOptions, run_demo

_INTERRUPTED = 130


@click.command(name="demo")
@click.option("--exit", "exit_", is_flag=True, help="End after the result instead of serving until Ctrl-C.")
@click.option("--all", "all_months", is_flag=True, help="All 336,776 flights of 2013 instead of January's 27,004.")
@click.option("--port", default=8083, show_default=True, help="Port of the worker's REST interface; 0: any free one.")
@click.option("--broker-port", default=9092, show_default=True, help="Port of the Kafka broker; 0: any free one.")
@click.option("--search-port", default=9200, show_default=True, help="Port of the search server; 0: any free one.")
@click.option("--keep-files", is_flag=True, help="Keep the folder with configs, data and logs.")
def demo(*, exit_: bool, all_months: bool, port: int, broker_port: int, search_port: int, keep_files: bool) -> None:
    """Run a CSV source and an Elasticsearch sink on a worker, with a Kafka broker and a search server of their own.

    Everything listens on 127.0.0.1 only and is gone when the demo ends. The exit code is 0 if every row of the file is
    in the index, 1 if not.
    """
    console = Console()
    signal.signal(signal.SIGTERM, _interrupt)
    options = DemoOptions(exit_, all_months, port, broker_port, search_port, keep_files)
    try:
        complete = run_demo(options, console)
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
