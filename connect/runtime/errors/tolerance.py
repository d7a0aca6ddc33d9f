"""Retries and ``errors.tolerance``, for batches.

On the happy path an operation on a batch costs one ``try``. When it raises, the batch is run again record by record,
and only the guilty record is retried, reported and skipped, or fails the task.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from connect.api import ConnectException, RecordBatch, RetriableException
from connect.runtime.progress import Progress, Stage

log = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS = 0.3
_FEWEST_RECORDS = 100
"""A share of fewer records says nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that failed: where, in which class, and why. ``batch`` holds the record alone, as it was polled."""

    stage: Stage
    executing_class: str
    batch: RecordBatch
    error: BaseException


class ErrorReporter(Protocol):
    """Takes failures; log and dead letter queue implement it."""

    def report(self, failure: Failure) -> None:
        """Report one failed record."""


@dataclass(frozen=True, slots=True)
class ErrorPolicy:
    """The ``errors.*`` keys. Times in seconds; ``retry_timeout`` -1 = for ever, 0 = no retries."""

    tolerate_all: bool = False
    retry_timeout: float = 0
    retry_delay_max: float = 60

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ErrorPolicy:
        """Read the parsed configuration of a connector."""
        timeout = config["errors.retry.timeout"]
        return cls(
            tolerate_all=config["errors.tolerance"].lower() == "all",
            retry_timeout=timeout / 1000 if timeout >= 0 else -1,
            retry_delay_max=config["errors.retry.delay.max.ms"] / 1000,
        )


@dataclass(frozen=True, slots=True)
class DropBudget:
    """How many records a task may drop where errors are tolerated; 0 = as many as there are."""

    max_count: int = 0
    max_percent: float = 0.0


UNLIMITED = DropBudget()
SINK_TASK_CLASS = "org.apache.kafka.connect.sink.SinkTask"
"""What reports of failed puts name as the class."""


class ToleranceOperator:
    """Runs the operations of a task's record path under its error policy."""

    def __init__(
        self,
        policy: ErrorPolicy,
        reporters: Sequence[ErrorReporter],
        progress: Progress,
        wait: Callable[[float], bool],
        budget: DropBudget = UNLIMITED,
    ) -> None:
        """``wait(seconds)`` returns True when the task is asked to stop: no more retries then."""
        self.policy = policy
        self.reporters = tuple(reporters)
        self.progress = progress
        self._wait = wait
        self._budget = budget

    def run(
        self,
        stage: Stage,
        executing_class: str | Callable[[RecordBatch], str],
        operation: Callable[[RecordBatch], list[T]],
        batch: RecordBatch,
    ) -> list[T]:
        """The operation's results for all records that don't fail.

        Raises ConnectException when a record fails and errors are not tolerated.
        """
        try:
            return operation(batch)
        except Exception as error:
            if len(batch) == 1:
                return self._run_single(stage, executing_class, operation, batch, error)
        results: list[T] = []
        for index in range(len(batch)):
            single = batch.slice(index, index + 1)
            try:
                results += operation(single)
            except Exception as error:
                results += self._run_single(stage, executing_class, operation, single, error)
        return results

    def _run_single(
        self,
        stage: Stage,
        executing_class: str | Callable[[RecordBatch], str],
        operation: Callable[[RecordBatch], list[T]],
        single: RecordBatch,
        error: Exception,
    ) -> list[T]:
        first_failure = time.monotonic()
        attempt = 1
        while isinstance(error, RetriableException) and self._retry_after(attempt, first_failure):
            self.progress.count("total-retries")
            attempt += 1
            try:
                return operation(single)
            except Exception as again:
                error = again
        name = executing_class if isinstance(executing_class, str) else executing_class(single)
        self.fail(Failure(stage, name, single, error))
        return []

    def _retry_after(self, attempt: int, first_failure: float) -> bool:
        """Wait before the next attempt; False when the time for retries is over or the task ends."""
        timeout = self.policy.retry_timeout
        if timeout == 0:
            return False
        delay = _FIRST_RETRY_SECONDS * 2 ** min(attempt - 1, 30)
        if delay > self.policy.retry_delay_max:
            delay = random.uniform(0, self.policy.retry_delay_max)  # noqa: S311  # spreads load, guards nothing
        if timeout > 0:
            left = first_failure + timeout - time.monotonic()
            if left <= 0:
                return False
            delay = min(delay, left)
        return not self._wait(delay)

    def fail(self, failure: Failure) -> None:
        """Report a failed record. Raises ConnectException unless errors are tolerated."""
        self.progress.count("total-record-failures")
        self.progress.count("total-record-errors")
        self.progress.stamps["last-error-timestamp"] = int(time.time() * 1000)
        for reporter in self.reporters:
            reporter.report(failure)
        if not self.policy.tolerate_all:
            raise ConnectException("Tolerance exceeded in error handler") from failure.error
        self.progress.count("total-records-skipped")
        self._check_budget(failure)

    def _check_budget(self, failure: Failure) -> None:
        """Fail when more was dropped than the budget allows: then something is wrong with more than single records."""
        budget, counters = self._budget, self.progress.counters
        dropped = counters["total-records-skipped"]
        if 0 < budget.max_count < dropped:
            raise ConnectException(
                f"{dropped} records were dropped, which is more than errors.drop.max.count={budget.max_count} allows"
            ) from failure.error
        seen = counters["source-record-poll-total"] + counters["sink-record-read-total"]
        if budget.max_percent > 0 and seen >= _FEWEST_RECORDS and dropped * 100 > budget.max_percent * seen:
            raise ConnectException(
                f"{dropped} of {seen} records were dropped, which is more than "
                f"errors.drop.max.percent={budget.max_percent:g} allows"
            ) from failure.error
