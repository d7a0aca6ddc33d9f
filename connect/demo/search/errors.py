"""Refusals in Elasticsearch's form."""

from __future__ import annotations

from typing import Any


class SearchError(Exception):
    """A request, or one item of a bulk request, that is refused with an HTTP status."""

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.kind = kind
        self.reason = reason

    @property
    def cause(self) -> dict[str, Any]:
        return {"type": self.kind, "reason": self.reason}

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"root_cause": [self.cause], **self.cause}, "status": self.status}


def bad_request(reason: str, kind: str = "illegal_argument_exception") -> SearchError:
    return SearchError(400, kind, reason)


def not_understood(reason: str) -> SearchError:
    return bad_request(reason, "parsing_exception")


def no_such_index(name: str) -> SearchError:
    return SearchError(404, "index_not_found_exception", f"no such index [{name}]")
