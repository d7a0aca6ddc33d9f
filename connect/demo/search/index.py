"""One index: its documents as the bytes that were sent, their versions, and the types of their fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from connect.demo.search.errors import SearchError, bad_request
from connect.demo.search.mapping import Mapping

_CREATED, _OK, _NOT_FOUND = 201, 200, 404


@dataclass(frozen=True)
class Document:
    version: int
    sequence: int
    source: bytes


@dataclass(frozen=True)
class VersionCheck:
    """The version that a writer brings along: it must be higher than the present one, or with ``gte`` not lower."""

    version: int
    gte: bool = False


@dataclass
class Index:
    name: str
    mapping: Mapping = field(default_factory=Mapping)
    settings: dict[str, Any] = field(default_factory=dict)
    _documents: dict[str, Document] = field(default_factory=dict)
    _deleted_versions: dict[str, int] = field(default_factory=dict)
    _sequence: int = 0

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, document_id: str) -> Document | None:
        return self._documents.get(document_id)

    def parsed(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every document with its id, in the order in which they first came."""
        for document_id, document in self._documents.items():
            yield document_id, orjson.loads(document.source)

    def put(
        self, document_id: str, source: bytes, check: VersionCheck | None = None, only_create: bool = False
    ) -> dict[str, Any]:
        """Add or replace a document; returns what a bulk item says. Raises SearchError."""
        if only_create and document_id in self._documents:
            reason = f"[{document_id}]: version conflict, document already exists"
            raise SearchError(409, "version_conflict_engine_exception", reason)
        version = self._next_version(document_id, check)
        self.mapping.learn(_parse(source), document_id)
        is_new = document_id not in self._documents
        self._documents[document_id] = Document(version, self._sequence, source)
        self._deleted_versions.pop(document_id, None)
        return self._done(document_id, version, "created" if is_new else "updated", _CREATED if is_new else _OK)

    def update(self, document_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Merge ``doc`` into a document, or add ``upsert`` (or with ``doc_as_upsert`` the ``doc``) if there is none."""
        present = self._documents.get(document_id)
        if present is not None:
            merged = _merged(orjson.loads(present.source), body.get("doc", {}))
            return self.put(document_id, orjson.dumps(merged))
        source = body.get("doc") if body.get("doc_as_upsert") else body.get("upsert")
        if source is None:
            raise SearchError(404, "document_missing_exception", f"[{document_id}]: document missing")
        return self.put(document_id, orjson.dumps(source))

    def delete(self, document_id: str, check: VersionCheck | None = None) -> dict[str, Any]:
        version = self._next_version(document_id, check)
        found = self._documents.pop(document_id, None) is not None
        self._deleted_versions[document_id] = version
        return self._done(document_id, version, "deleted" if found else "not_found", _OK if found else _NOT_FOUND)

    def _next_version(self, document_id: str, check: VersionCheck | None) -> int:
        document = self._documents.get(document_id)
        current = document.version if document else self._deleted_versions.get(document_id, 0)
        if check is None:
            return current + 1
        exists = document is not None or document_id in self._deleted_versions
        if exists and (current > check.version or (current == check.version and not check.gte)):
            relation = "higher than" if check.gte else "higher or equal to"
            reason = f"[{document_id}]: version conflict, current version [{current}] is {relation} the one provided"
            raise SearchError(409, "version_conflict_engine_exception", f"{reason} [{check.version}]")
        return check.version

    def _done(self, document_id: str, version: int, result: str, status: int) -> dict[str, Any]:
        sequence, self._sequence = self._sequence, self._sequence + 1
        return {
            "_index": self.name,
            "_id": document_id,
            "_version": version,
            "result": result,
            "_shards": {"total": 1, "successful": 1, "failed": 0},
            "_seq_no": sequence,
            "_primary_term": 1,
            "status": status,
        }


def _parse(source: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"failed to parse: {error}", "document_parsing_exception") from error
    if not isinstance(document, dict):
        raise bad_request("failed to parse: a document is a JSON object", "document_parsing_exception")
    return document


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for name, value in new.items():
        present = result.get(name)
        both = isinstance(value, dict) and isinstance(present, dict)
        result[name] = _merged(present, value) if both else value  # type: ignore[arg-type]
    return result
