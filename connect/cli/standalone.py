"""``connect-standalone WORKER_PROPERTIES [CONNECTOR_FILE ...]``: one worker without a cluster."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence

from connect.cli.start import EXIT_USAGE, run_worker

USAGE = "usage: connect-standalone worker.properties [connector.properties | connector.json ...]\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the worker in the foreground until SIGTERM or SIGINT; the exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if not given or given[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return EXIT_USAGE
    from connect.cli.standalone_worker import start

    return run_worker(given[0], functools.partial(start, connector_files=given[1:]))


if __name__ == "__main__":
    sys.exit(main())
