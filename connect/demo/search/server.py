"""The HTTP interface: Elasticsearch's paths onto the indices."""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
from aiohttp import web

from connect.demo.search.aggregations import aggregate
from connect.demo.search.bulk import run_bulk, version_check
from connect.demo.search.errors import SearchError, bad_request, no_such_index, not_understood
from connect.demo.search.index import Index
from connect.demo.search.mapping import Mapping
from connect.demo.search.query import compile_query, compile_text

_LARGEST_REQUEST = 200 * 1024 * 1024
_VERSION = "8.15.0"
_LEGAL_NAME = re.compile(r'[^A-Z\s\\/*?"<>|,#:_+-][^A-Z\s\\/*?"<>|,#:]{0,254}')
_COMPATIBLE = re.compile(r"application/vnd\.elasticsearch\+json;\s*compatible-with=\d+")
_SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
_SEARCH_KEYS = frozenset(
    {"query", "aggs", "aggregations", "size", "from", "sort", "_source", "track_total_hits", "timeout", "version"}
)

Body = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[Body | str | web.Response]]


class SearchService:
    """All indices, and an answer to every request."""

    def __init__(self) -> None:
        self._indices: dict[str, Index] = {}

    def application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_REQUEST, middlewares=[_in_elasticsearchs_form])
        for methods, path, handler in self._routes():
            for method in methods.split():
                # With add_get a HEAD request is answered as well, as the existence check of clients needs it.
                add = app.router.add_get if method == "GET" else functools.partial(app.router.add_route, method)
                add(path, _answering(handler))
        return app

    def _routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", "/", self._root),
            ("POST PUT", "/_bulk", self._bulk),
            ("POST PUT", "/{index}/_bulk", self._bulk),
            ("GET POST", "/_count", self._count),
            ("GET POST", "/{index}/_count", self._count),
            ("GET POST", "/_search", self._search),
            ("GET POST", "/{index}/_search", self._search),
            ("GET POST", "/_refresh", self._refresh),
            ("GET POST", "/{index}/_refresh", self._refresh),
            ("GET", "/_cluster/health", self._health),
            ("GET", "/_cat/indices", self._cat_indices),
            ("GET", "/{index}/_mapping", self._get_mapping),
            ("PUT", "/{index}/_mapping", self._put_mapping),
            ("POST", "/{index}/_doc", self._put_document),
            ("PUT POST", "/{index}/_doc/{id}", self._put_document),
            ("PUT POST", "/{index}/_create/{id}", self._put_document),
            ("GET", "/{index}/_doc/{id}", self._get_document),
            ("DELETE", "/{index}/_doc/{id}", self._delete_document),
            ("GET", "/{index}", self._get_index),
            ("PUT", "/{index}", self._create_index),
            ("DELETE", "/{index}", self._delete_index),
        ]

    # --- indices

    def _index(self, request: web.Request) -> Index:
        name = request.match_info["index"]
        if name not in self._indices:
            raise no_such_index(name)
        return self._indices[name]

    def _selected(self, request: web.Request) -> list[Index]:
        name = request.match_info.get("index", "_all")
        return list(self._indices.values()) if name in ("_all", "*") else [self._index(request)]

    def _ensure_index(self, name: str) -> Index:
        if name not in self._indices:
            if not _LEGAL_NAME.fullmatch(name):
                reason = f"Invalid index name [{name}], must be lowercase, without blanks and special characters"
                raise bad_request(reason, "invalid_index_name_exception")
            self._indices[name] = Index(name)
        return self._indices[name]

    async def _root(self, request: web.Request) -> Body:
        version = {"number": _VERSION, "build_flavor": "default", "lucene_version": "9.11.1"}
        version |= {"minimum_wire_compatibility_version": "7.17.0", "minimum_index_compatibility_version": "7.0.0"}
        return {
            "name": "connect-demo",
            "cluster_name": "connect-demo",
            "cluster_uuid": "connect-demo",
            "version": version,
            "tagline": "You Know, for Search",
        }

    async def _health(self, request: web.Request) -> Body:
        return {"cluster_name": "connect-demo", "status": "green", "timed_out": False, "number_of_nodes": 1}

    async def _cat_indices(self, request: web.Request) -> str:
        lines = [f"green open {index.name} {len(index)}" for index in self._indices.values()]
        return "".join(
            f"{line}\n" for line in (["health status index docs.count"] if "v" in request.query else []) + lines
        )

    async def _create_index(self, request: web.Request) -> Body:
        name, body = request.match_info["index"], await _json(request)
        if name in self._indices:
            raise bad_request(f"index [{name}] already exists", "resource_already_exists_exception")
        index = self._ensure_index(name)
        index.mapping.merge(body.get("mappings", {}).get("properties", {}))
        index.settings = body.get("settings", {})
        return {"acknowledged": True, "shards_acknowledged": True, "index": name}

    async def _get_index(self, request: web.Request) -> Body:
        index = self._index(request)
        return {index.name: {"aliases": {}, "mappings": _mappings(index), "settings": index.settings}}

    async def _delete_index(self, request: web.Request) -> Body:
        del self._indices[self._index(request).name]
        return {"acknowledged": True}

    async def _get_mapping(self, request: web.Request) -> Body:
        index = self._index(request)
        return {index.name: {"mappings": _mappings(index)}}

    async def _put_mapping(self, request: web.Request) -> Body:
        self._index(request).mapping.merge((await _json(request)).get("properties", {}))
        return {"acknowledged": True}

    async def _refresh(self, request: web.Request) -> Body:
        self._selected(request)
        return {"_shards": _SHARDS}

    # --- documents

    async def _bulk(self, request: web.Request) -> Body:
        return run_bulk(await request.read(), request.match_info.get("index"), self._ensure_index)

    async def _put_document(self, request: web.Request) -> web.Response:
        index = self._ensure_index(request.match_info["index"])
        check = version_check(request.query.get("version"), request.query.get("version_type"))
        only_create = "/_create/" in request.path or request.query.get("op_type") == "create"
        document_id = request.match_info.get("id") or uuid4().hex[:20]
        return _item(index.put(document_id, await request.read(), check, only_create))

    async def _get_document(self, request: web.Request) -> web.Response:
        index, document_id = self._index(request), request.match_info["id"]
        found = index.get(document_id)
        body: Body = {"_index": index.name, "_id": document_id, "found": found is not None}
        if found is not None:
            body |= {"_version": found.version, "_seq_no": found.sequence, "_primary_term": 1}
            body["_source"] = orjson.Fragment(found.source)
        return _response(body, 200 if found else 404)

    async def _delete_document(self, request: web.Request) -> web.Response:
        check = version_check(request.query.get("version"), request.query.get("version_type"))
        return _item(self._index(request).delete(request.match_info["id"], check))

    # --- questions

    async def _count(self, request: web.Request) -> Body:
        body = await _json(request)
        if "query" not in body and "q" not in request.query:
            return {"count": sum(len(index) for index in self._selected(request)), "_shards": _SHARDS}
        return {"count": sum(len(_find(index, body, request)) for index in self._selected(request)), "_shards": _SHARDS}

    async def _search(self, request: web.Request) -> Body:
        body = await _json(request)
        unknown = set(body) - _SEARCH_KEYS
        if unknown:
            raise not_understood(f"unknown key [{unknown.pop()}]; known here: {', '.join(sorted(_SEARCH_KEYS))}")
        hits, answer = [], {}
        for index in self._selected(request):
            found = _find(index, body, request)
            _sort(found, body.get("sort", []), index.mapping)
            hits += [(index.name, document_id, document) for document_id, document in found]
            wanted = body.get("aggs") or body.get("aggregations")
            if wanted:
                answer = {"aggregations": aggregate(wanted, [document for _, document in found], index.mapping)}
        first, size = int(_option(request, body, "from", 0)), int(_option(request, body, "size", 10))
        shown = [
            {"_index": name, "_id": document_id, "_score": 1.0} | _source(document, body.get("_source", True))
            for name, document_id, document in hits[first : first + size]
        ]
        total = {"value": len(hits), "relation": "eq"}
        result = {"total": total, "max_score": 1.0 if shown else None, "hits": shown}
        return {"took": 0, "timed_out": False, "_shards": _SHARDS, "hits": result} | answer


def _mappings(index: Index) -> Body:
    return {"properties": index.mapping.properties} if index.mapping.properties else {}


def _option(request: web.Request, body: Body, name: str, default: int) -> Any:
    return body.get(name, request.query.get(name, default))


def _find(index: Index, body: Body, request: web.Request) -> list[tuple[str, Body]]:
    """The documents that match the body's query, or the ``q`` of the address."""
    if "q" in request.query:
        matches = compile_text(request.query["q"], index.mapping)
    else:
        matches = compile_query(body.get("query", {"match_all": {}}), index.mapping)
    return [(document_id, document) for document_id, document in index.parsed() if matches(document)]


def _sort(found: list[tuple[str, Body]], sort: Any, mapping: Mapping) -> None:
    """By the given fields; a document without a value comes last either way."""
    for entry in reversed(sort if isinstance(sort, list) else [sort]):
        ((field, order),) = entry.items() if isinstance(entry, dict) else ((entry, "asc"),)
        descending = (order.get("order") if isinstance(order, dict) else order) == "desc"
        _, get = mapping.field(field)
        without = [pair for pair in found if not get(pair[1])]
        having = [pair for pair in found if get(pair[1])]
        having.sort(key=lambda pair, get=get: get(pair[1])[0], reverse=descending)
        found[:] = having + without


def _source(document: Body, wanted: Any) -> Body:
    if wanted is False:
        return {}
    if wanted is True:
        return {"_source": document}
    fields = wanted if isinstance(wanted, list) else [wanted]
    return {"_source": {field: document[field] for field in fields if field in document}}


async def _json(request: web.Request) -> Body:
    data = await request.read()
    if not data:
        return {}
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise not_understood(f"the body isn't JSON: {error}") from error
    if not isinstance(body, dict):
        raise not_understood("the body is a JSON object")
    return body


def _item(item: Body) -> web.Response:
    return _response(item, item.pop("status"))


def _response(body: Body, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _answering(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        result = await handler(request)
        if isinstance(result, web.Response):
            return result
        return web.Response(text=result) if isinstance(result, str) else _response(result)

    return answer


@web.middleware
async def _in_elasticsearchs_form(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refusals as error bodies; the header by which clients know the product, and the media type that they ask for."""
    try:
        response = await handler(request)
    except SearchError as error:
        response = _response(error.body, error.status)
    except web.HTTPException as error:
        reason = f"no handler found for uri [{request.path}] and method [{request.method}]"
        response = _response(SearchError(error.status, "illegal_argument_exception", reason).body, error.status)
    response.headers["X-Elastic-Product"] = "Elasticsearch"
    accepted = request.headers.get("Accept", "")
    if response.content_type == "application/json" and _COMPATIBLE.fullmatch(accepted):
        response.headers["Content-Type"] = accepted
    return response
