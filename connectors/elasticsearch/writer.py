"""Bulks in flight: queues of lines, threads that send them, retries of what was rejected, back-off.

Lines wait in *lanes*, one for each target (and partition, where the order of writes counts). A lane whose lines were
rejected rests for a while; the others go on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence

from connect.api import ConnectException, TopicPartition
from connectors.elasticsearch.bulk import BulkSender, Failure, Outcome, Verdict
from connectors.elasticsearch.lanes import Bulk, Lane, Part, compose
from connectors.elasticsearch.progress import Chunk
from connectors.elasticsearch.retries import random_wait
from connectors.elasticsearch.settings import BulkSettings

log = logging.getLogger(__name__)

_LEAST_BACKOFF_SECONDS = 0.05
_MOST_THROTTLE_SECONDS = 1.0
_MOST_REST_SECONDS = 3.0
_WARN_EVERY_SECONDS = 30.0
_BUSY = "HTTP status 429"

Place = tuple[int, int]
"""A line: the identity of its chunk, and which of the chunk's lines it is."""


class Writer:
    """Takes chunks from the task's thread and writes them by threads of its own."""

    def __init__(self, sender: BulkSender, settings: BulkSettings, stopping: threading.Event) -> None:
        self._sender = sender
        self._settings = settings
        self._stopping = stopping
        self._changed = threading.Condition()
        self._lanes: dict[Hashable, Lane] = {}
        self._threads: list[threading.Thread] = []
        self._in_flight = 0
        self._allowed = settings.in_flight
        self._throttled_until = 0.0
        self._throttles = 0
        self._batch_size = settings.batch_size
        self._flushing = False
        self._failures: list[Failure] = []
        self._error: ConnectException | None = None
        self._outstanding = 0
        self._moved = time.monotonic()

    # what the task's thread calls

    def add(self, chunk: Chunk, *, ordered: bool) -> None:
        """Queue a chunk; where the order of writes counts, per partition and one bulk at a time."""
        name = chunk.target.name
        key: Hashable = (name, chunk.partition) if ordered else name
        with self._changed:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane(name, ordered)
            now = time.monotonic()
            if not self._outstanding:
                self._moved = now
            lane.append(chunk, now)
            self._outstanding += len(chunk.lines)
            self._start_threads()
            self._changed.notify()

    def take_failures(self) -> list[Failure]:
        """Failures that need a decision, since the last call. Raises the error that ended a whole bulk."""
        with self._changed:
            failures, self._failures = self._failures, []
            error = self._error
        if error is not None and not failures:
            raise error
        return failures

    def give_up(self, failure: Failure) -> None:
        """Count a failed line as done."""
        with self._changed:
            self._arrive(failure.chunk, [failure.item])

    @property
    def outstanding(self) -> int:
        """Lines that are not done."""
        return self._outstanding

    def wait(self, seconds: float, most: int) -> bool:
        """Wait until at most that many lines are outstanding or there is a failure; False when time ran out."""

        def settled() -> bool:
            return self._outstanding <= most or bool(self._failures) or self._error is not None

        with self._changed:
            return self._changed.wait_for(settled, seconds)

    def wait_until_idle(self, seconds: float) -> None:
        """Wait until nothing is on its way any more, whatever came of it, at most that long."""

        def idle() -> bool:
            queued = any(lane.lines for lane in self._lanes.values()) and self._error is None
            return not self._in_flight and not queued

        with self._changed:
            self._changed.wait_for(idle, seconds)

    def hurry(self, flushing: bool) -> None:
        """While flushing, batches that aren't full are sent at once."""
        with self._changed:
            self._flushing = flushing
            self._changed.notify_all()

    def resting_partitions(self) -> set[TopicPartition]:
        """The partitions that feed lanes whose lines were rejected."""
        with self._changed:
            lanes = [lane for lane in self._lanes.values() if lane.rejections and lane.lines]
            return set().union(*(lane.partitions for lane in lanes))

    @property
    def stalled_seconds(self) -> float:
        """How long nothing has moved although lines are outstanding and nothing was rejected; 0 where not so."""
        with self._changed:
            waits = self._throttles or any(lane.rejections for lane in self._lanes.values())
            return 0.0 if waits or not self._outstanding else time.monotonic() - self._moved

    def stop(self, seconds: float) -> None:
        """End the threads; wait that long for requests that are on their way."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    # what the sending threads call

    def _start_threads(self) -> None:
        """One more thread for each bulk that could run, up to the limit: an idle task has none."""
        wanted = min(self._settings.in_flight, len(self._threads) + 1)
        if len(self._threads) < wanted and self._in_flight >= len(self._threads):
            thread = threading.Thread(target=self._run, name=f"bulk-{len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while (bulk := self._take()) is not None:
            try:
                outcome = self._sender.send(bulk)
            except Exception as error:  # noqa: BLE001  # the task's thread raises it
                failure = ConnectException(f"Bulk request failed: {error}")
                failure.__cause__ = error
                outcome = Outcome(bulk, error=failure)
            with self._changed:
                self._finish(outcome)
                self._changed.notify_all()

    def _take(self) -> Bulk | None:
        """The next bulk, when there is one; None when the task stops."""
        with self._changed:
            while not self._stopping.is_set() and self._error is None:
                now = time.monotonic()
                wait = self._wait_for_turn(now)
                if wait is None:
                    lanes = [lane for lane in self._lanes.values() if lane.may_send(now)]
                    bulk = compose(lanes, self._batch_size, self._settings.bulk_bytes)
                    self._in_flight += 1
                    self._start_threads()
                    return bulk
                self._changed.wait(wait if wait > 0 else None)
        return None

    def _wait_for_turn(self, now: float) -> float | None:
        """None when a bulk can be sent now, otherwise the seconds until it may be; 0 = when something changes."""
        if self._in_flight >= self._allowed:
            return 0.0
        if now < self._throttled_until:
            return self._throttled_until - now
        lines = size = 0
        soonest: float | None = None
        for lane in self._lanes.values():
            if lane.may_send(now):
                lines += lane.lines
                size += lane.size
                due = lane.oldest + self._settings.linger_seconds
            elif lane.lines and not (lane.ordered and lane.busy):
                due = lane.rest_until
            else:
                continue
            soonest = due if soonest is None else min(soonest, due)
        full = lines >= self._batch_size or (
            self._settings.bulk_bytes is not None and size >= self._settings.bulk_bytes
        )
        if lines and (full or self._flushing):
            return None
        if soonest is None:
            return 0.0
        return None if soonest <= now and lines else max(soonest - now, 0.001)

    def _finish(self, outcome: Outcome) -> None:
        self._in_flight -= 1
        for lane in outcome.bulk.lanes:
            lane.busy = False
        if outcome.error is not None:
            self._error = self._error or outcome.error
        elif outcome.throttled:
            self._throttle()
            self._put_back(
                outcome.bulk, {_place(part.chunk, item): None for part, item in outcome.bulk.places()}, _BUSY
            )
        elif outcome.too_large:
            self._shrink(outcome)
        else:
            self._sort_items(outcome)

    def _sort_items(self, outcome: Outcome) -> None:
        rejected: dict[Place, Failure] = {}
        failed: set[Place] = set()
        for failure in outcome.failures:
            place = _place(failure.chunk, failure.item)
            if failure.verdict is Verdict.STALE:
                continue
            failed.add(place)
            if failure.verdict is Verdict.REJECTED:
                rejected[place] = failure
            else:
                self._failures.append(failure)
        for part in outcome.bulk.parts:
            self._arrive_part(part, failed)
        if not rejected:
            self._recover(outcome)
            return
        failures = list(rejected.values())
        reason = failures[0].text
        lanes = self._put_back(outcome.bulk, rejected, reason)
        if all(failure.status == 429 and not failure.blocked for failure in failures):
            self._throttle()
        else:
            for lane in lanes:
                self._rest(lane, reason)

    def _arrive_part(self, part: Part, failed: set[Place]) -> None:
        if not failed:
            self._arrive(part.chunk, part.items)
            return
        arrived = [item for item in part.items if _place(part.chunk, item) not in failed]
        if arrived:
            self._arrive(part.chunk, arrived)

    def _arrive(self, chunk: Chunk, items: Sequence[int]) -> None:
        chunk.arrive(items)
        self._outstanding -= len(items)
        self._moved = time.monotonic()

    def _put_back(self, bulk: Bulk, rejected: Mapping[Place, Failure | None], reason: str) -> set[Lane]:
        """Queue rejected lines again, in front of their lanes; or give them up when their time is over."""
        now = time.monotonic()
        limit = self._settings.rejection_seconds
        lanes: set[Lane] = set()
        for part in reversed(bulk.parts):
            items = [item for item in part.items if _place(part.chunk, item) in rejected]
            if not items:
                continue
            since = now if part.since is None else part.since
            if limit is not None and now - since >= limit:
                for item in items:
                    failure = rejected[_place(part.chunk, item)]
                    text = reason if failure is None else failure.text
                    self._failures.append(Failure(part.chunk, item, Verdict.FATAL, 429, text))
                continue
            part.lane.put_back(part, items, since)
            lanes.add(part.lane)
        self._warn(lanes, now, reason)
        return lanes

    @staticmethod
    def _warn(lanes: Iterable[Lane], now: float, reason: str) -> None:
        for lane in lanes:
            if now - lane.warned >= _WARN_EVERY_SECONDS:
                lane.warned = now
                log.warning(
                    "%s rejects documents for now; %d wait and are sent again: %s", lane.name, lane.lines, reason
                )

    def _rest(self, lane: Lane, reason: str) -> None:
        lane.rejections += 1
        wait = _growing_wait(self._settings.backoff_seconds, lane.rejections, _MOST_REST_SECONDS)
        lane.rest_until = time.monotonic() + wait
        log.debug("%s rests for %.2f s: %s", lane.name, wait, reason)

    def _throttle(self) -> None:
        self._throttles += 1
        self._allowed = max(1, self._allowed // 2)
        wait = _growing_wait(self._settings.backoff_seconds, self._throttles, _MOST_THROTTLE_SECONDS)
        self._throttled_until = time.monotonic() + wait

    def _recover(self, outcome: Outcome) -> None:
        for lane in outcome.bulk.lanes:
            lane.rejections = 0
        self._throttles = 0
        self._allowed = min(self._settings.in_flight, self._allowed + 1)
        self._batch_size = min(self._settings.batch_size, self._batch_size * 2)

    def _shrink(self, outcome: Outcome) -> None:
        """The request was too large: try smaller ones, down to a single line."""
        bulk = outcome.bulk
        if bulk.lines == 1:
            part = bulk.parts[0]
            text = "the server finds a request with this document alone too large (413)"
            self._failures.append(Failure(part.chunk, part.items[0], Verdict.MALFORMED, 413, text))
            return
        self._batch_size = max(1, bulk.lines // 2)
        for part in reversed(bulk.parts):
            part.lane.put_back(part, part.items, part.since)


def _place(chunk: Chunk, item: int) -> Place:
    return id(chunk), item


def _growing_wait(base_seconds: float, tries: int, most: float) -> float:
    least = max(base_seconds, _LEAST_BACKOFF_SECONDS)
    return min(least + random_wait(least, tries), most)
