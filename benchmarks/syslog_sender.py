"""Sends syslog messages of 200 bytes as fast as it is told: ``python -m benchmarks.syslog_sender``."""

from __future__ import annotations

import argparse
import socket
import time

_BURST_SECONDS = 0.002
_MESSAGE_BYTES = 200


def message(number: int) -> bytes:
    """An RFC 5424 message of 200 bytes with structured data and a time to the microsecond."""
    seconds, micros = divmod(number * 17, 1_000_000)
    text = (
        f"<165>1 2026-10-11T22:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros:06}Z host{number % 50}.example.com "
        f'app{number % 9} {number % 32768} ID47 [meta@32473 sequence="{number}" origin="bench"] request served'
    )
    return text.ljust(_MESSAGE_BYTES, ".").encode()[:_MESSAGE_BYTES]


def send_datagrams(port: int, messages: list[bytes], rate: int) -> None:
    """At ``rate`` messages per second, in bursts of 2 ms."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        send, burst = sock.send, max(1, int(rate * _BURST_SECONDS))
        began = time.perf_counter()
        for start in range(0, len(messages), burst):
            ahead = start / rate - (time.perf_counter() - began)
            if ahead > 0:
                time.sleep(ahead)
            for each in messages[start : start + burst]:
                send(each)


def send_stream(port: int, messages: list[bytes]) -> None:
    """As fast as they are taken, a line each."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        for start in range(0, len(messages), 1000):
            sock.sendall(b"\n".join(messages[start : start + 1000]) + b"\n")


def main() -> None:
    """Send what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transport", choices=("udp", "tcp"))
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--rate", type=int, default=70_000)
    options = parser.parse_args()
    messages = [message(number) for number in range(options.count)]
    if options.transport == "udp":
        send_datagrams(options.port, messages, options.rate)
    else:
        send_stream(options.port, messages)


if __name__ == "__main__":
    main()
