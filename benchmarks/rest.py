"""Requests to the REST API: how long answers take when 32 connections ask at a time."""

from __future__ import annotations

import asyncio
import statistics
import time
from urllib.parse import urlsplit

CONNECTIONS = 32
WARM_REQUESTS, REQUESTS = 20, 60
PACED_CONNECTIONS, PACED_PER_SECOND, PACED_REQUESTS = 4, 100, 400
_BLANK_LINE = b"\r\n\r\n"


async def _latencies(url: str, path: str, requests: int) -> list[float]:
    """Seconds from each request to the end of its answer, over one connection that stays open."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    asked = f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nAccept: application/json\r\n\r\n".encode()
    taken = []
    for _ in range(requests):
        began = time.perf_counter()
        writer.write(asked)
        head = (await reader.readuntil(_BLANK_LINE)).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{url}{path}: {head.decode()}")
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
        taken.append(time.perf_counter() - began)
    writer.close()
    return taken


async def _ask_together(url: str, path: str, requests: int) -> tuple[list[float], float]:
    """All latencies, and the answers per second."""
    began = time.perf_counter()
    found = await asyncio.gather(*(_latencies(url, path, requests) for _ in range(CONNECTIONS)))
    latencies = [each for connection in found for each in connection]
    return latencies, len(latencies) / (time.perf_counter() - began)


def status_figures(url: str, connector: str) -> dict[str, float]:
    """Of ``GET /connectors/<connector>/status``, in ms, and answers per second."""
    path = f"/connectors/{connector}/status"
    asyncio.run(_ask_together(url, path, WARM_REQUESTS))
    latencies, rate = asyncio.run(_ask_together(url, path, REQUESTS))
    cuts = statistics.quantiles(latencies, n=100)
    return {"p50, ms": cuts[49] * 1e3, "p99, ms": cuts[98] * 1e3, "answers/s": rate}


def paced_figures(url: str, connector: str) -> dict[str, float]:
    """Of the same path, asked at a constant rate over few connections, in ms."""
    latencies = asyncio.run(_ask_in_turn(url, f"/connectors/{connector}/status"))
    cuts = statistics.quantiles(latencies, n=100)
    return {"p50, ms": cuts[49] * 1e3, "p99, ms": cuts[98] * 1e3}


async def _ask_in_turn(url: str, path: str) -> list[float]:
    async def ask(first: int) -> list[float]:
        taken = []
        for number in range(first, PACED_REQUESTS, PACED_CONNECTIONS):
            due = began + number / PACED_PER_SECOND
            await asyncio.sleep(due - time.perf_counter())
            await _latencies(url, path, 1)
            taken.append(time.perf_counter() - due)  # a late request counts as one that waited
        return taken

    began = time.perf_counter()
    found = await asyncio.gather(*(ask(first) for first in range(PACED_CONNECTIONS)))
    return [each for connection in found for each in connection]
