"""``connect-distributed WORKER_PROPERTIES``: a worker whose state lives in three Kafka topics."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from connect.cli.start import EXIT_USAGE, run_worker

USAGE = "usage: connect-distributed worker.properties\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker in the foreground until SIGTERM or SIGINT; the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 1 or given[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return EXIT_USAGE
    from connect.cli.distributed_worker import start

    return run_worker(given[0], start)


if __name__ == "__main__":
    sys.exit(main())
