"""``python -m connect.demo.search --port 9200``: run the search server until it is told to stop."""

from __future__ import annotations

import argparse
import gc
import sys

from aiohttp import web

from connect.demo.search.server import SearchService


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m connect.demo.search", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9200)
    arguments = parser.parse_args()
    # A search makes a dict of every document, none of them part of a cycle: looking for cycles took half its time.
    gc.set_threshold(1_000_000)
    try:
        web.run_app(SearchService().application(), host=arguments.host, port=arguments.port, access_log=None)
    except OSError as error:
        print(f"The search server can't listen on {arguments.host}:{arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
