"""Makes sure that what documents are written into is there, with a mapping."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

from connect.api import ConnectException, RecordBatch
from connectors.elasticsearch.client import Door, Response
from connectors.elasticsearch.mapping import mapping_of
from connectors.elasticsearch.naming import IndexNamer
from connectors.elasticsearch.operations import Target
from connectors.elasticsearch.retries import Retrier
from connectors.elasticsearch.server import Server
from connectors.elasticsearch.settings import ResourceUsage, Settings

_EMPTY_INDEX = b'{"settings":{},"aliases":{}}'
_EXISTS_ALREADY = ("resource_already_exists_exception", "index_already_exists_exception")


class Targets:
    """Finds the target of a batch, and creates index and mapping when a target is met for the first time."""

    def __init__(self, door: Door, server: Server, settings: Settings, retrier: Retrier) -> None:
        self._door = door
        self._server = server
        self._settings = settings
        self._retrier = retrier
        self._namer = IndexNamer(settings.target)
        self._targets: dict[tuple[str | None, str], Target] = {}
        self._ready: set[str] = set()
        self._mapped: set[str] = set()

    def split(self, batch: RecordBatch) -> list[tuple[Target, RecordBatch]]:
        """The batch by targets: one, or several where the index depends on the timestamp.

        Raises ConnectException when a target can't be created.
        """
        day_of = self._namer.day_of()
        if day_of is None:
            return [(self._target(batch, None), batch)]
        groups: dict[str | None, list[int]] = {}
        times = batch.timestamps or [None] * len(batch)
        for index, time in enumerate(times):
            groups.setdefault(None if time is None else day_of(time), []).append(index)
        return [(self._target(batch, times[group[0]]), batch.take(group)) for group in groups.values()]

    def _target(self, batch: RecordBatch, timestamp: int | None) -> Target:
        name = self._namer.name(batch.topic or "", timestamp)
        target = self._targets.get((batch.topic, name))
        if target is None:
            target = self._targets[batch.topic, name] = self._describe(batch.topic or "", name)
        if name not in self._ready:
            self._ensure_exists(target)
            self._ready.add(name)
        if not target.schema_ignored and name not in self._mapped and not _only_tombstones(batch):
            self._ensure_mapping(target, batch)
            self._mapped.add(name)
        return target

    def _describe(self, topic: str, name: str) -> Target:
        settings = self._settings.target
        return Target(
            name,
            key_ignored=settings.key_ignore or topic in settings.topic_key_ignore,
            schema_ignored=settings.schema_ignore or topic in settings.topic_schema_ignore,
            is_data_stream=settings.data_stream_type is not None or settings.resource_usage.is_data_stream,
            typed=self._server.typed,
        )

    def forget(self, name: str) -> None:
        """Look again whether it exists, before the next record: the server says that it doesn't."""
        self._ready.discard(name)
        self._mapped.discard(name)

    def _ensure_exists(self, target: Target) -> None:
        if self._settings.target.resource_usage is not ResourceUsage.DISABLED:
            return
        path = f"/{quote(target.name, safe='')}"
        answer = self._retrier.call(
            f"check if index {target.name} exists",
            lambda: self._door.request("HEAD", path),
            lambda answer: answer.ok or answer.status == 404,
        )
        if answer.ok:
            return
        if self._settings.target.data_stream_type is not None:
            what, path, body = "data stream", f"/_data_stream{path}", None
        else:
            what, path, body = "index", path, _EMPTY_INDEX
        self._retrier.call(
            f"create {what} {target.name}",
            lambda: self._door.request("PUT", path, body),
            lambda answer: answer.ok or _error_type(answer) in _EXISTS_ALREADY,
        )

    def _ensure_mapping(self, target: Target, batch: RecordBatch) -> None:
        path = f"/{quote(target.name, safe='')}/_mapping"
        answer = self._retrier.call(f"get mapping for {target.name}", lambda: self._door.request("GET", path))
        if self._is_mapped(answer.json()):
            return
        mapping = mapping_of(batch.value_schema, decimal_as_text=self._settings.document.decimal_as_text)
        body = orjson.dumps(mapping)
        put_path = f"{path}/_doc" if target.typed else path
        self._retrier.call(f"create mapping for {target.name}", lambda: self._door.request("PUT", put_path, body))

    def _is_mapped(self, body: Any) -> bool:
        if not isinstance(body, dict):
            raise ConnectException("The server's answer about a mapping is no JSON.")
        return any(index.get("mappings") for index in body.values())


def _only_tombstones(batch: RecordBatch) -> bool:
    return batch.value_schema is None and all(value is None for value in batch.values)


def _error_type(answer: Response) -> str | None:
    body = answer.json()
    error = body.get("error") if isinstance(body, dict) else None
    return error.get("type") if isinstance(error, dict) else None
