"""Keeps producers that may still run somewhere from writing: who claims their transactional id fences them off."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from connect.kafka.door import KafkaDoor, KafkaException
from connect.kafka.errors import is_retriable, to_connect_exception

_AT_ONCE = 8
_TRY_SECONDS = 5.0
_PAUSE_SECONDS = 0.2


def fence_producers(door: KafkaDoor, producers: Sequence[Mapping[str, str]], timeout: float) -> None:
    """Claim the transactional ids of ``producers`` (Java client properties), and give them up again.

    Raises ConnectException when that failed for one of them, or took longer than ``timeout`` seconds.
    """
    deadline = time.monotonic() + timeout
    with ThreadPoolExecutor(min(_AT_ONCE, len(producers) or 1), thread_name_prefix="fence") as pool:
        for fenced in [pool.submit(_fence, door, properties, deadline) for properties in producers]:
            fenced.result()


def _fence(door: KafkaDoor, properties: Mapping[str, str], deadline: float) -> None:
    producer = door.producer(properties)
    try:
        while True:
            try:
                producer.init_transactions(_TRY_SECONDS)
                return
            except KafkaException as error:
                if not is_retriable(error) or time.monotonic() > deadline:
                    doing = f"Fencing off the producer {properties['transactional.id']}"
                    raise to_connect_exception(error, doing) from error
                producer.poll(_PAUSE_SECONDS)
    finally:
        producer.close()
