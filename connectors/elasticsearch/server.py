"""Which server is it, and what does it understand?"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.elasticsearch.client import Door, Response


class Flavor(enum.Enum):
    """Who made the server."""

    ELASTICSEARCH = "Elasticsearch"
    OPENSEARCH = "OpenSearch"
    UNKNOWN = "unknown server"


@dataclass(frozen=True, slots=True)
class Server:
    """What is known about the cluster; ``version`` is None where it can't be learnt."""

    flavor: Flavor
    version: tuple[int, ...] | None = None

    def __str__(self) -> str:
        return self.flavor.value if self.version is None else f"{self.flavor.value} {self.version_text}"

    @property
    def version_text(self) -> str:
        """Such as ``7.17.29``."""
        return ".".join(map(str, self.version or ()))

    @property
    def typed(self) -> bool:
        """True where documents have a mapping type (Elasticsearch before 7)."""
        return self.flavor is Flavor.ELASTICSEARCH and self.version is not None and self.version < (7,)

    @property
    def supported(self) -> bool:
        """False for Elasticsearch before 6.8."""
        return self.flavor is not Flavor.ELASTICSEARCH or self.version is None or self.version >= (6, 8)

    @property
    def has_data_streams(self) -> bool:
        """True where data streams may be there (Elasticsearch 7.9, any OpenSearch)."""
        return self.flavor is not Flavor.ELASTICSEARCH or self.version is None or self.version >= (7, 9)


def detect(door: Door) -> Server:
    """Ask the cluster what it is. Raises RequestFailed when nobody answers; a refusal (401, 403, 405) is an answer."""
    root = door.request("GET", "/")
    server = from_root(root)
    if server is not None:
        return server
    if root.status == 405 or root.headers.get("x-elastic-product") == Flavor.ELASTICSEARCH.value:
        return Server(Flavor.ELASTICSEARCH)  # that page is a module since version 8, and may be left out
    nodes = door.request("GET", "/_nodes/_local?filter_path=nodes.*.version")
    versions = [node.get("version") for node in _values(nodes.json(), "nodes")] if nodes.ok else []
    if not versions:
        return Server(Flavor.UNKNOWN)
    product = nodes.headers.get("x-elastic-product")
    flavor = Flavor.ELASTICSEARCH if product or _parse(versions[0])[:1] > (4,) else Flavor.OPENSEARCH
    return Server(flavor, _parse(versions[0]))


def from_root(answer: Response) -> Server | None:
    """Read the answer to ``GET /``; None when it tells nothing."""
    body = answer.json() if answer.ok else None
    version = body.get("version") if isinstance(body, Mapping) else None
    if not isinstance(version, Mapping) or not isinstance(version.get("number"), str):
        return None
    flavor = Flavor.OPENSEARCH if version.get("distribution") == "opensearch" else Flavor.ELASTICSEARCH
    return Server(flavor, _parse(version["number"]))


def _parse(text: Any) -> tuple[int, ...]:
    parts = str(text).partition("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdigit())


def _values(body: Any, name: str) -> list[Mapping[str, Any]]:
    found = body.get(name) if isinstance(body, Mapping) else None
    return list(found.values()) if isinstance(found, Mapping) else []
