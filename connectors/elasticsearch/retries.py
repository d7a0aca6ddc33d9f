"""Trying a request again: how long to wait, and what to say in the end."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from connect.api import ConnectException
from connectors.elasticsearch.client import RequestFailed, Response

_MAX_WAIT_SECONDS = 30.0


class Retrier:
    """Tries requests again, with random waits that grow; safe to use from several threads."""

    def __init__(self, retries: int, backoff_seconds: float, stopping: threading.Event) -> None:
        """``stopping`` ends all waits: a task that is stopped doesn't try again."""
        self._retries = retries
        self._backoff = backoff_seconds
        self._stopping = stopping

    def call(
        self, what: str, send: Callable[[], Response], good: Callable[[Response], bool] = lambda answer: answer.ok
    ) -> Response:
        """Send until the answer is good. Raises ConnectException, saying what failed, why, and after how many tries."""
        tries = 0
        while True:
            tries += 1
            try:
                answer = send()
                if good(answer):
                    return answer
                reason, cause = describe_answer(answer), None
            except RequestFailed as error:
                reason, cause = str(error), error
            if tries > self._retries or self._wait(tries):
                raise ConnectException(f"Failed to {what} due to '{reason}' after {tries} attempt(s)") from cause

    def _wait(self, tries: int) -> bool:
        return self._stopping.wait(random_wait(self._backoff, tries))


def random_wait(base_seconds: float, tries: int) -> float:
    """A random time up to ``base * 2 ** (tries - 1)``, at most half a minute."""
    return random.uniform(0, min(base_seconds * 2.0 ** min(tries - 1, 30), _MAX_WAIT_SECONDS))  # noqa: S311  # no secret


def describe_answer(answer: Response) -> str:
    """The reason in an answer that is an error, in the words that Java's client uses."""
    body = answer.json()
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        return f"ElasticsearchStatusException[{describe_error(error)}]"
    if isinstance(error, str):
        return f"{answer.status} {error}"
    return f"HTTP status {answer.status}" + (f": {answer.body[:200].decode('utf-8', 'replace')}" if answer.body else "")


def describe_error(error: Mapping[str, Any]) -> str:
    """One error object of the server."""
    return f"Elasticsearch exception [type={error.get('type')}, reason={error.get('reason')}]"


def describe_item_error(error: Mapping[str, Any]) -> str:
    """An error object of a bulk item, with its causes."""
    text = f"ElasticsearchException[{describe_error(error)}]"
    cause = error.get("caused_by")
    return f"{text}; nested: {describe_item_error(cause)};" if isinstance(cause, Mapping) else text
