"""The Elasticsearch sink keeps the promises that the kit for authors checks, at the demo's search server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests

from connect.demo.embedded import SearchServer, start_search
from connect.testing import SinkConformance
from tests.services.process import free_port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchServer]:
    started = start_search(free_port(), tmp_path_factory.mktemp("search"))
    yield started
    started.server.stop()


class TestElasticsearchSink(SinkConformance):
    repeats_are_recognised = True
    url: ClassVar[str]

    @pytest.fixture(autouse=True)
    def _empty_index(self, server: SearchServer) -> None:
        type(self).url = server.url
        requests.delete(f"{server.url}/{self.topic}", timeout=10)

    def config(self, tmp_path: Path) -> dict[str, str]:
        return {
            "connector.class": "io.confluent.connect.elasticsearch.ElasticsearchSinkConnector",
            "connection.url": self.url,
            "topics": self.topic,
            "key.ignore": "true",
            "schema.ignore": "true",
        }

    def bad_configs(self, tmp_path: Path) -> Iterable[Mapping[str, str]]:
        return [{"write.method": "sometimes"}, {"batch.size": "0"}, {"connection.url": "not a url"}]

    def delivered(self, tmp_path: Path) -> Sequence[Any]:
        answer = requests.get(f"{self.url}/{self.topic}/_search", params={"size": "100"}, timeout=10).json()
        return [hit["_source"] for hit in answer.get("hits", {}).get("hits", [])]

    def make_settled(self, tmp_path: Path) -> None:
        requests.post(f"{self.url}/{self.topic}/_refresh", timeout=10)
