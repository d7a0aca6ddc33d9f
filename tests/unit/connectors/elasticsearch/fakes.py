"""Stand-ins for what surrounds the sink: the server behind its door, and the runtime."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson

from connect.api import Headers, RecordBatch, Schema, SinkOrigin, TimestampType, TopicPartition
from connectors.elasticsearch.client import Response
from connectors.elasticsearch.sink import ElasticsearchSinkTask

ROOT = {"version": {"number": "8.19.0"}, "tagline": "You Know, for Search"}


@dataclass
class Request:
    """What reached the server."""

    method: str
    path: str
    body: bytes | None

    @property
    def lines(self) -> list[Any]:
        """The body of a bulk request, parsed."""
        assert self.body is not None
        assert self.body.endswith(b"\n")
        return [orjson.loads(line) for line in self.body.splitlines()]


Handler = Callable[[Request], Response | None]


@dataclass
class FakeServer:
    """Keeps documents in memory; ``handlers`` are asked first and may answer, raise, or return None."""

    root: Any = field(default_factory=lambda: dict(ROOT))
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    mappings: dict[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    handlers: list[Handler] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closed: bool = False

    def request(self, method: str, path: str, body: bytes | None = None) -> Response:
        request = Request(method, path, body)
        with self.lock:
            self.requests.append(request)
            handlers = list(self.handlers)
        for handler in handlers:
            answer = handler(request)
            if answer is not None:
                return answer
        with self.lock:
            return self._answer(request)

    def close(self) -> None:
        self.closed = True

    @property
    def bulks(self) -> list[Request]:
        """The bulk requests so far."""
        return [request for request in self.requests if request.path.startswith("/_bulk")]

    def ids(self, index: str) -> list[str]:
        """The ids of the documents in an index, sorted."""
        return sorted(self.documents.get(index, {}))

    def _answer(self, request: Request) -> Response:
        if request.path == "/":
            return answer(200, self.root) if self.root is not None else answer(405, {"error": "method not allowed"})
        if request.path.startswith("/_bulk"):
            return self._bulk(request)
        index, _, rest = unquote(request.path[1:]).partition("/")
        if request.method == "HEAD":
            return Response(200 if index in self.documents else 404)
        if rest.startswith("_mapping"):
            if request.method == "PUT":
                assert request.body is not None
                self.mappings[index] = orjson.loads(request.body)
            return answer(200, {index: {"mappings": self.mappings.get(index, {})}})
        self.documents.setdefault(index, {})
        return answer(200, {"acknowledged": True})

    def _bulk(self, request: Request) -> Response:
        lines = iter(request.lines)
        items = []
        for line in lines:
            ((action, meta),) = line.items()
            stored = self.documents.setdefault(meta["_index"], {})
            document_id = meta.get("_id") or f"auto{len(stored)}"
            if action == "delete":
                stored.pop(document_id, None)
            else:
                body = next(lines)
                stored[document_id] = {**stored.get(document_id, {}), **body["doc"]} if action == "update" else body
            items.append({action: {"_id": document_id, "status": 200}})
        return answer(200, {"took": 1, "errors": False, "items": items})


def answer(status: int, body: Any) -> Response:
    """A JSON answer."""
    return Response(status, orjson.dumps(body), {"content-type": "application/json"})


def item_errors(*errors: tuple[int, str] | None) -> Handler:
    """A handler that answers the next bulk request with these item errors (None = that item is fine), once."""
    left = [errors]

    def handle(request: Request) -> Response | None:
        if not left or not request.path.startswith("/_bulk"):
            return None
        items = []
        for error in left.pop():
            result: dict[str, Any] = {"status": 200}
            if error is not None:
                result = {"status": error[0], "error": {"type": error[1], "reason": "injected"}}
            items.append({"index": result})
        return answer(200, {"took": 1, "errors": True, "items": items})

    return handle


@dataclass
class FakeReporter:
    """Collects reported records as ``(topic, partition, offset, error)``."""

    reported: list[tuple[str, int, int, BaseException]] = field(default_factory=list)

    def report(self, record: Any, error: BaseException) -> None:
        raise AssertionError("batches are reported by position")

    def report_position(self, batch: RecordBatch, index: int, error: BaseException) -> None:
        origin = batch.origin
        assert isinstance(origin, SinkOrigin)
        self.reported.append((origin.topic, origin.partition, origin.offsets[batch.positions[index]], error))

    @property
    def texts(self) -> list[tuple[int, str]]:
        """Offset and error text of what was reported."""
        return [(offset, str(error)) for _, _, offset, error in self.reported]


@dataclass
class FakeContext:
    """The runtime as the task sees it."""

    errant_record_reporter: FakeReporter | None = None
    paused: set[TopicPartition] = field(default_factory=set)
    timeouts: list[int] = field(default_factory=list)

    def pause(self, *partitions: TopicPartition) -> None:
        self.paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.paused.difference_update(partitions)

    def timeout(self, milliseconds: int) -> None:
        self.timeouts.append(milliseconds)


def batch(
    values: Sequence[Any],
    *,
    topic: str = "orders",
    partition: int = 0,
    first: int = 0,
    keys: Sequence[Any] | None = None,
    key_schema: Schema | None = None,
    schema: Schema | None = None,
    headers: list[Headers] | None = None,
    timestamp: int | None = 1700000000000,
    original_topic: str | None = None,
) -> RecordBatch:
    """A batch of consumed records with offsets from ``first``."""
    count = len(values)
    times: list[int | None] | None = None if timestamp is None else [timestamp] * count
    origin = SinkOrigin(
        original_topic or topic,
        partition,
        range(first, first + count),
        TimestampType.CREATE_TIME,
        [None] * count,
        [None] * count,
    )
    return RecordBatch(
        topic,
        list(values),
        schema,
        origin=origin,
        keys=None if keys is None else list(keys),
        key_schema=key_schema,
        timestamps=times,
        headers=headers,
    )


BASE = {"connection.url": "http://localhost:9200", "key.ignore": "true", "schema.ignore": "true", "linger.ms": "0"}


def start_task(
    server: FakeServer,
    config: Mapping[str, str] | None = None,
    *,
    reporter: FakeReporter | None = None,
    partitions: Iterable[TopicPartition] = (TopicPartition("orders", 0),),
) -> ElasticsearchSinkTask:
    """A running task that writes to the fake server."""
    task = ElasticsearchSinkTask()
    task.open_door = lambda _settings: server  # type: ignore[method-assign, assignment, misc]
    task.initialize(FakeContext(reporter))  # type: ignore[arg-type]
    task.start({**BASE, **(config or {})})
    task.open(partitions)
    return task
