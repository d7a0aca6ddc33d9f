"""What converters ask a schema registry that speaks Confluent's API, with memory for the answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote

from connect.api import SerializationException
from converters.registry_config import ignored_settings
from converters.registry_errors import RestClientException
from converters.registry_http import RegistryHttp

_log = logging.getLogger(__name__)

_NOT_FOUND = 404
CONFLICT = 409


class Reference(NamedTuple):
    """A schema that another one uses by name."""

    name: str
    subject: str
    version: int


class RegisteredSchema(NamedTuple):
    """A schema as the registry keeps it; ``id`` and ``version`` where they were asked for."""

    text: str
    references: tuple[Reference, ...]
    id: int = -1
    version: int | None = None


class RegistryClient:
    """Asks the registry; what can't change is remembered, so that its absence is felt by new schemas only.

    ``kind`` is the registry's name of the schemas' language (``AVRO``). All methods raise RestClientException when the
    registry refuses, RegistryTimeoutException or RegistryConnectionException when it doesn't answer, and
    SerializationException when the answer makes no sense.
    """

    def __init__(self, config: Mapping[str, Any], given: Mapping[str, Any], kind: str) -> None:
        ignored = ignored_settings(given)
        if ignored:
            _log.warning("Settings of the schema registry that have no effect in this worker: %s", ", ".join(ignored))
        self._http = RegistryHttp(config, given)
        self._kind = kind
        self._normalize = "true" if config["normalize.schemas"] else "false"
        size = config["max.schemas.per.subject"]
        self.register: Callable[[str, str], int] = lru_cache(size)(self._register)
        self.find_id: Callable[[str, str], int] = lru_cache(size)(self._find_id)
        self.find_version: Callable[[str, str, tuple[Reference, ...]], int | None] = lru_cache(size)(self._find_version)
        self.schema: Callable[[int, str], RegisteredSchema] = lru_cache(size)(self._schema)
        self.schema_version: Callable[[str, int], RegisteredSchema] = lru_cache(size)(self._schema_version)
        self._latest: dict[str, tuple[float, RegisteredSchema]] = {}
        ttl = config["latest.cache.ttl.sec"]
        self._latest_seconds = float("inf") if ttl < 0 else float(ttl)
        self._latest_size: int = config["latest.cache.size"]

    def latest(self, subject: str) -> RegisteredSchema:
        """The subject's latest schema, as of not longer ago than the settings allow."""
        now = time.monotonic()
        known = self._latest.get(subject)
        if known is not None and now < known[0]:
            return known[1]
        found = _registered(self._http.request("GET", f"/subjects/{_part(subject)}/versions/latest", ""))
        if len(self._latest) >= self._latest_size:
            self._latest.clear()
        self._latest[subject] = (now + self._latest_seconds, found)
        return found

    def close(self) -> None:
        """Drop the connections."""
        self._http.close()

    def _register(self, subject: str, text: str) -> int:
        path = f"/subjects/{_part(subject)}/versions"
        return _number(self._http.request("POST", path, f"normalize={self._normalize}", self._body(text)), "id")

    def _find_id(self, subject: str, text: str) -> int:
        return _number(self._find(subject, self._body(text), deleted=False), "id")

    def _find_version(self, subject: str, text: str, references: tuple[Reference, ...]) -> int | None:
        """The version under which the subject has a schema; None where it has it no more, or never had."""
        try:
            return _number(self._find(subject, self._body(text, references), deleted=True), "version")
        except RestClientException as error:
            if error.status == _NOT_FOUND:
                return None
            raise

    def _find(self, subject: str, body: dict[str, Any], *, deleted: bool) -> Any:
        query = f"normalize={self._normalize}&deleted={'true' if deleted else 'false'}"
        return self._http.request("POST", f"/subjects/{_part(subject)}", query, body)

    def _schema(self, schema_id: int, subject: str) -> RegisteredSchema:
        query = f"fetchMaxId=false&subject={quote(subject, safe='')}"
        return _registered(self._http.request("GET", f"/schemas/ids/{schema_id}", query))

    def _schema_version(self, subject: str, version: int) -> RegisteredSchema:
        return _registered(self._http.request("GET", f"/subjects/{_part(subject)}/versions/{version}", "deleted=true"))

    def _body(self, text: str, references: tuple[Reference, ...] = ()) -> dict[str, Any]:
        body: dict[str, Any] = {"schemaType": self._kind, "schema": text}
        if references:
            body["references"] = [reference._asdict() for reference in references]
        return body


def _part(subject: str) -> str:
    return quote(subject, safe="")


def _number(answer: Any, member: str) -> int:
    value = answer.get(member) if isinstance(answer, dict) else None
    if not isinstance(value, int):
        raise SerializationException(f"The schema registry's answer has no {member}: {answer}")
    return value


def _registered(answer: Any) -> RegisteredSchema:
    if not isinstance(answer, dict) or not isinstance(answer.get("schema"), str):
        raise SerializationException(f"The schema registry's answer has no schema: {answer}")
    try:
        references = tuple(
            Reference(item["name"], item["subject"], int(item["version"])) for item in answer.get("references") or ()
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SerializationException(f"The schema registry's answer has odd references: {answer}") from error
    version = answer.get("version")
    return RegisteredSchema(answer["schema"], references, answer.get("id", -1), version)
