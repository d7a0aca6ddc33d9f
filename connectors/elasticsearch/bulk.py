"""One bulk request: what it carries, how it is sent, and what became of each line."""

from __future__ import annotations

import enum
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connect.api import ConnectException
from connectors.elasticsearch.client import Door, RequestFailed, Response
from connectors.elasticsearch.lanes import Bulk
from connectors.elasticsearch.progress import Chunk
from connectors.elasticsearch.retries import describe_answer, describe_item_error, random_wait
from connectors.elasticsearch.settings import BulkSettings

_MALFORMED = (
    "strict_dynamic_mapping_exception",
    "mapper_parsing_exception",
    "illegal_argument_exception",
    "action_request_validation_exception",
    "document_parsing_exception",
)
_NO_ERRORS = b'"errors":false'
_HEAD_BYTES = 200


class Verdict(enum.Enum):
    """What a failed line means."""

    REJECTED = "rejected"
    """The server is too busy, or the index is blocked or not available: try again later."""
    STALE = "stale"
    """The same or a newer version of the document is there already: as good as written."""
    CONFLICT = "conflict"
    """Another version of the document is there, and nobody knows which is newer."""
    MALFORMED = "malformed"
    """The document will never fit the mapping."""
    FATAL = "fatal"
    """Anything else: the task can't go on."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A line that the server refused: line ``item`` of ``chunk``; ``text`` is the server's reason."""

    chunk: Chunk
    item: int
    verdict: Verdict
    status: int
    text: str

    @property
    def blocked(self) -> bool:
        """True when the index is closed for writing, rather than the server busy."""
        return "cluster_block_exception" in self.text


@dataclass(slots=True)
class Outcome:
    """What became of a bulk: an error for all of it, or the failures of single lines (all others arrived)."""

    bulk: Bulk
    error: ConnectException | None = None
    throttled: bool = False
    too_large: bool = False
    failures: list[Failure] = field(default_factory=list)


class BulkSender:
    """Sends bulks, from several threads, and reads the answers."""

    def __init__(self, door: Door, settings: BulkSettings, stopping: threading.Event) -> None:
        self._door = door
        self._settings = settings
        self._stopping = stopping
        self._path = "/_bulk" + (f"?pipeline={quote(settings.pipeline)}" if settings.pipeline else "")

    def send(self, bulk: Bulk) -> Outcome:
        """Send until there is an answer worth reading, or ``max.retries`` is used up; never raises ConnectException."""
        body = bulk.body()
        tries = 0
        while True:
            tries += 1
            try:
                answer = self._door.request("POST", self._path, body)
                outcome = self._read(bulk, answer)
                if outcome is not None:
                    return outcome
                reason, cause = describe_answer(answer), None
            except RequestFailed as error:
                reason, cause = str(error), error
            if tries > self._settings.retries or self._wait(tries):
                return Outcome(bulk, error=bulk_error(reason, tries, cause))

    def _wait(self, tries: int) -> bool:
        return self._stopping.wait(random_wait(self._settings.backoff_seconds, tries))

    @staticmethod
    def _read(bulk: Bulk, answer: Response) -> Outcome | None:
        """None when the whole request failed in a way that is worth another try."""
        if answer.status == 429:
            return Outcome(bulk, throttled=True)
        if answer.status == 413:
            return Outcome(bulk, too_large=True)
        if not answer.ok:
            return None
        if _NO_ERRORS in answer.body[:_HEAD_BYTES]:
            return Outcome(bulk)
        body = answer.json()
        items = body.get("items") if isinstance(body, Mapping) else None
        if not isinstance(items, list) or len(items) != bulk.lines:
            return None
        return Outcome(bulk, failures=_failures(bulk, items))


def bulk_error(reason: str, tries: int, cause: BaseException | None = None) -> ConnectException:
    """The failure of a whole bulk request, as the task raises it."""
    inner = ConnectException(f"Failed to execute bulk request due to '{reason}' after {tries} attempt(s)")
    inner.__cause__ = cause
    outer = ConnectException("Bulk request failed")
    outer.__cause__ = inner
    return outer


def _failures(bulk: Bulk, items: list[Mapping[str, Any]]) -> list[Failure]:
    failures = []
    for (part, item), entry in zip(bulk.places(), items, strict=True):
        for action, result in entry.items():
            error = result.get("error")
            if error is None:
                continue
            if not isinstance(error, Mapping):
                error = {"type": "unknown", "reason": error}
            text = describe_item_error(error)
            status = int(result.get("status", 500))
            verdict = judge(part.chunk, item, action, status, str(error.get("type")), text)
            failures.append(Failure(part.chunk, item, verdict, status, text))
    return failures


def judge(chunk: Chunk, item: int, action: str, status: int, type: str, text: str) -> Verdict:
    """What an item's error means."""
    if type == "version_conflict_engine_exception":
        if action == "update":
            return Verdict.REJECTED  # somebody else wrote in between: the update can be made again
        ours = chunk.target.key_ignored if action == "create" else _has_external_version(chunk.lines[item])
        return Verdict.STALE if ours else Verdict.CONFLICT
    if type == "cluster_block_exception" or status in (429, 503):
        return Verdict.REJECTED
    if any(name in text for name in _MALFORMED):
        return Verdict.MALFORMED
    return Verdict.FATAL


def _has_external_version(line: bytes) -> bool:
    return b'"version_type":"external"' in line[: line.index(b"\n")]
