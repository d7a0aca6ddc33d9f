"""``python -m connect.demo.broker --port 9092``: run the broker until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys

from connect.demo.broker.server import Broker


async def _run(host: str, port: int) -> None:
    broker = Broker(host, port)
    address = await broker.start()
    print(f"Kafka broker (in memory) listens on {address[0]}:{address[1]}", flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await broker.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m connect.demo.broker", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--verbose", action="store_true", help="log every request")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.DEBUG if arguments.verbose else logging.INFO, format="%(levelname)s %(message)s")
    try:
        asyncio.run(_run(arguments.host, arguments.port))
    except OSError as error:
        print(f"The broker can't listen on {arguments.host}:{arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
