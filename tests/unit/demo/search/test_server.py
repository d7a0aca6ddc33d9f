import gzip
import json
from collections.abc import AsyncIterator, Iterable

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from elasticsearch import AsyncElasticsearch

from connect.demo.search.server import SearchService


@pytest.fixture
async def client() -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(SearchService().application())) as client:
        yield client


def lines(entries: Iterable[object]) -> bytes:
    return "".join(f"{json.dumps(entry)}\n" for entry in entries).encode()


async def bulk(client: TestClient, *entries: object, **options: object) -> dict:
    response = await client.post("/_bulk", data=lines(entries), **options)
    assert response.status == 200, await response.text()
    return await response.json()


async def test_a_bulk_request_answers_for_every_item(client):
    """What fails is told by item, in Elasticsearch's words, and stops nothing else."""
    result = await bulk(
        client,
        {"index": {"_index": "a", "_id": "1", "version": 5, "version_type": "external"}}, {"n": 1},
        {"index": {"_index": "a", "_id": "1", "version": 4, "version_type": "external"}}, {"n": 2},
        {"create": {"_index": "a", "_id": "1"}}, {"n": 3},
        {"index": {"_index": "a", "_id": "2"}}, {"n": "none"},
        {"update": {"_index": "a", "_id": "3"}}, {"doc": {"n": 4}, "doc_as_upsert": True},
        {"delete": {"_index": "a", "_id": "4"}},
        {"index": {"_index": "Upper"}}, {"n": 5},
    )  # fmt: skip

    items = [item for entry in result["items"] for item in entry.values()]
    assert result["errors"] is True
    assert [(item["status"], item.get("error", {}).get("type")) for item in items] == [
        (201, None),
        (409, "version_conflict_engine_exception"),
        (409, "version_conflict_engine_exception"),
        (400, "document_parsing_exception"),
        (201, None),
        (404, None),
        (400, "invalid_index_name_exception"),
    ]
    assert (await (await client.get("/a/_count")).json())["count"] == 2


async def test_a_compressed_bulk_request(client):
    """A gzip body is taken as the plain one is."""
    body = gzip.compress(lines([{"index": {"_index": "a"}}, {"n": 1}]))
    response = await client.post("/_bulk", data=body, headers={"Content-Encoding": "gzip"})

    assert (await response.json())["errors"] is False


@pytest.mark.parametrize(
    "body",
    [b"", b"{\n", b'{"index":{}}\n', b'{"put":{}}\n{}\n', b"[]\n{}\n"],
)
async def test_a_body_that_is_no_bulk_request_is_refused_whole(client, body):
    """Nothing of it is applied."""
    response = await client.post("/a/_bulk", data=body)

    assert response.status == 400
    assert (await response.json())["status"] == 400


async def test_indices_are_created_found_and_deleted(client):
    """With mappings; names in upper case and names that are taken are refused."""
    mappings = {"mappings": {"properties": {"n": {"type": "integer"}}}}
    statuses = [
        (await client.head("/a")).status,
        (await client.put("/a", json=mappings)).status,
        (await client.put("/a", json=mappings)).status,
        (await client.head("/a")).status,
        (await client.put("/a/_mapping", json={"properties": {"m": {"type": "keyword"}}})).status,
        (await client.put("/Big")).status,
    ]

    assert statuses == [404, 200, 400, 200, 200, 400]
    properties = {"n": {"type": "integer"}, "m": {"type": "keyword"}}
    assert await (await client.get("/a/_mapping")).json() == {"a": {"mappings": {"properties": properties}}}
    assert await (await client.get("/_cat/indices?v")).text() == "health status index docs.count\ngreen open a 0\n"
    assert (await client.delete("/a")).status == 200
    error = await (await client.get("/a")).json()
    assert error["error"]["type"] == "index_not_found_exception"


async def test_a_search_sorts_pages_and_counts(client):
    """The total is that of all documents; a document without a value comes last in either order."""
    entries = [x for n in (2, None, 3, 1) for x in ({"index": {"_index": "a", "_id": str(n)}}, {"n": n, "m": 0})]
    await bulk(client, *entries)

    body = {"sort": [{"n": {"order": "desc"}}], "from": 1, "size": 3, "_source": ["n"]}
    found = (await (await client.post("/a/_search", json=body)).json())["hits"]

    assert found["total"] == {"value": 4, "relation": "eq"}
    assert [hit["_source"] for hit in found["hits"]] == [{"n": 2}, {"n": 1}, {"n": None}]
    by_text = await (await client.get("/_search?q=n:3&size=5")).json()
    assert [hit["_id"] for hit in by_text["hits"]["hits"]] == ["3"]
    counted = await client.post("/a/_count", json={"query": {"range": {"n": {"gt": 1}}}})
    assert (await counted.json())["count"] == 2


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/a/_search", {"highlight": {}}, 400),
        ("POST", "/a/_search", [], 400),
        ("GET", "/none/_search", {}, 404),
        ("GET", "/_nodes/_local", {}, 404),
        ("PATCH", "/a", {}, 405),
    ],
)
async def test_what_isnt_known_is_refused_in_elasticsearchs_form(client, method, path, body, status):
    """An error body with type and reason, and the product's header, whatever is wrong."""
    await client.put("/a")
    response = await client.request(method, path, json=body)

    assert response.status == status
    assert response.headers["X-Elastic-Product"] == "Elasticsearch"
    error = (await response.json())["error"]
    assert error["type"]
    assert error["reason"]


async def test_a_body_that_isnt_json_is_refused(client):
    """With what the parser found."""
    await client.put("/a")
    response = await client.post("/a/_search", data=b"{")

    assert response.status == 400
    assert "the body isn't JSON" in (await response.json())["error"]["reason"]


async def test_elasticsearchs_own_client_works_with_it(client):
    """Product check, media types, single documents and aggregations, as the official client sends them."""
    assert isinstance(client.session, ClientSession)
    async with AsyncElasticsearch(str(client.make_url("/"))) as elasticsearch:
        assert (await elasticsearch.info())["version"]["number"] == "8.15.0"
        await elasticsearch.index(index="a", id="1", document={"n": 1, "s": "x"}, version=7, version_type="external")
        assert (await elasticsearch.get(index="a", id="1"))["_version"] == 7
        answer = await elasticsearch.search(index="a", size=0, aggs={"n": {"avg": {"field": "n"}}})
        assert answer["aggregations"]["n"]["value"] == 1.0
        assert await elasticsearch.exists(index="a", id="1")
        assert (await elasticsearch.delete(index="a", id="1"))["result"] == "deleted"
        assert not await elasticsearch.exists(index="a", id="1")
