"""Datagrams of nonsense, thrown at a source task."""

from __future__ import annotations

import json
import random
import socket
from pathlib import Path

import psutil

from connectors.syslog.task import MessageSourceTask
from tests.services.process import free_port
from tests.unit.connectors.source_context import FakeSourceContext, started
from tests.waiting import wait_until

_LINES = Path(__file__).parents[1] / "unit" / "connectors" / "syslog" / "vendor_lines.json"
_AT_ONCE = 200
_ALPHABET = b' []"\\|=<>:-0Z\xc3\xa9\xff\0\n'


def nonsense(chance: random.Random, lines: list[bytes]) -> bytes:
    """A line with damage, or bytes without any sense."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(1, 400))
    data = bytearray(chance.choice(lines))
    for _ in range(chance.randrange(8)):
        data[chance.randrange(len(data))] = chance.choice(_ALPHABET)
    start = chance.randrange(len(data)) if chance.random() < 0.2 else 0
    return bytes(data[start:]) * (50 if chance.random() < 0.001 else 1)


def fuzz(count: int, seed: int) -> None:
    """Every datagram becomes a record, and memory stays as it was after the first tenth."""
    chance = random.Random(seed)
    lines = [sample["line"].encode() for sample in json.loads(_LINES.read_text(encoding="utf-8"))]
    port, process = free_port(), psutil.Process()
    config = {"syslog.port": str(port), "socket.rcvbuf.bytes": "8000000"}
    task = started(MessageSourceTask(), config, FakeSourceContext())
    memory = 0
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))
            for start in range(0, count, _AT_ONCE):
                sent = [nonsense(chance, lines) for _ in range(_AT_ONCE)]
                for data in sent:
                    sock.send(data)
                expected = sum(bool(data.rstrip(b"\r\n\0")) for data in sent)
                _expect(task, expected)
                if start == count // 10 // _AT_ONCE * _AT_ONCE:
                    memory = process.memory_info().rss
    finally:
        task.stop()
    assert process.memory_info().rss < memory + (24 << 20)


def _expect(task: MessageSourceTask, count: int) -> None:
    found = 0

    def all_arrived() -> bool:
        nonlocal found
        found += sum(map(len, task.poll_batch() or ()))
        return found >= count

    wait_until(all_arrived, what=f"{count} records")
    assert found == count
