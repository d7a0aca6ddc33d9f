"""Bulk requests: many small writes in one body of JSON lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import orjson

from connect.demo.search.errors import SearchError, bad_request
from connect.demo.search.index import Index, VersionCheck

_ACTIONS = frozenset({"index", "create", "update", "delete"})
_EXTERNAL = frozenset({"external", "external_gte"})


def run_bulk(body: bytes, default_index: str | None, ensure_index: Callable[[str], Index]) -> dict[str, Any]:
    """Apply every action; one that fails doesn't stop the next. Raises SearchError for what is no bulk request."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    if not lines:
        raise bad_request("request body is required", "parse_exception")
    items: list[dict[str, Any]] = []
    failed, position = False, 0
    while position < len(lines):
        action, target = _action(lines[position], position)
        source = b""
        position += 1
        if action != "delete":
            if position == len(lines):
                raise bad_request("The bulk request must be terminated by a newline [\\n]")
            source = lines[position]
            position += 1
        item = _apply(action, target, source, default_index, ensure_index)
        failed = failed or "error" in item
        items.append({action: item})
    return {"took": 0, "errors": failed, "items": items}


def _action(line: bytes, position: int) -> tuple[str, dict[str, Any]]:
    try:
        ((action, target),) = orjson.loads(line).items()
    except (ValueError, AttributeError) as error:
        raise bad_request(f"Malformed action/metadata line [{position + 1}]") from error
    if action not in _ACTIONS or not isinstance(target, dict):
        raise bad_request(f"Malformed action/metadata line [{position + 1}], found [{action}]")
    return action, target


def _apply(
    action: str,
    target: dict[str, Any],
    source: bytes,
    default_index: str | None,
    ensure_index: Callable[[str], Index],
) -> dict[str, Any]:
    name = target.get("_index") or default_index or ""
    document_id = str(target.get("_id") or uuid4().hex[:20])
    try:
        index = ensure_index(name)
        check = version_check(target.get("version"), target.get("version_type"))
        if action == "delete":
            return index.delete(document_id, check)
        if action == "update":
            return index.update(document_id, orjson.loads(source))
        return index.put(document_id, source, check, only_create=action == "create")
    except SearchError as error:
        return {"_index": name, "_id": document_id, "status": error.status, "error": error.cause}


def version_check(version: Any, kind: Any) -> VersionCheck | None:
    """What ``version`` and ``version_type`` ask for."""
    if version is None:
        return None
    if kind not in _EXTERNAL:
        raise bad_request(
            "internal versioning can not be used for optimistic concurrency control",
            "action_request_validation_exception",
        )
    return VersionCheck(int(version), gte=kind == "external_gte")
