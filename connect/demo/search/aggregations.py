"""Aggregations: from Elasticsearch's JSON and the documents that match to its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from connect.demo.search.errors import bad_request, not_understood
from connect.demo.search.mapping import Getter, Mapping, epoch_millis
from connect.demo.search.query import compile_query

Documents = list[dict[str, Any]]
Answer = dict[str, Any]


def aggregate(requested: dict[str, Any], documents: Documents, mapping: Mapping) -> Answer:
    """Answer every aggregation by its name. Raises SearchError for what isn't understood."""
    return {name: _one(name, body, documents, mapping) for name, body in requested.items()}


def _one(name: str, body: dict[str, Any], documents: Documents, mapping: Mapping) -> Answer:
    below = body.get("aggs") or body.get("aggregations") or {}
    kinds = [key for key in body if key not in ("aggs", "aggregations", "meta")]
    if len(kinds) != 1:
        raise not_understood(f"[{name}] must hold exactly one kind of aggregation")
    kind, options = kinds[0], body[kinds[0]]
    if kind in _METRICS:
        return _METRICS[kind](_numbers(options, documents, mapping, kind == "value_count"))
    if kind in _BUCKETS:
        return _BUCKETS[kind](options, documents, mapping, below)
    known = ", ".join((*_METRICS, *_BUCKETS))
    raise not_understood(f"Unknown aggregation type [{kind}]; known here: {known}")


# --- metrics


def _numbers(options: dict[str, Any], documents: Documents, mapping: Mapping, only_count: bool) -> list[Any]:
    get = _values(options, mapping)
    values = [value for document in documents for value in get(document)]
    return values if only_count else [float(value) for value in values]


def _stats(values: list[float]) -> Answer:
    return {
        "count": len(values),
        "min": min(values, default=None),
        "max": max(values, default=None),
        "avg": sum(values) / len(values) if values else None,
        "sum": sum(values),
    }


def _metric(of: str) -> Callable[[list[Any]], Answer]:
    return lambda values: {"value": _stats(values)[of]}


_METRICS: dict[str, Callable[[list[Any]], Answer]] = {
    "avg": _metric("avg"),
    "sum": _metric("sum"),
    "min": _metric("min"),
    "max": _metric("max"),
    "stats": _stats,
    "value_count": lambda values: {"value": len(values)},
}


# --- buckets


def _bucket(key: Answer, documents: Documents, mapping: Mapping, below: dict[str, Any]) -> Answer:
    return key | {"doc_count": len(documents)} | aggregate(below, documents, mapping)


def _terms(options: dict[str, Any], documents: Documents, mapping: Mapping, below: dict[str, Any]) -> Answer:
    get = _values(options, mapping)
    groups = _group(documents, lambda document: dict.fromkeys(get(document)))
    buckets = [_bucket({"key": key}, found, mapping, below) for key, found in groups.items()]
    order = options.get("order", {"_count": "desc"})
    for by, direction in reversed(
        [pair for o in (order if isinstance(order, list) else [order]) for pair in o.items()]
    ):
        buckets.sort(key=_order_key(by), reverse=direction == "desc")
    size = int(options.get("size", 10))
    rest = sum(bucket["doc_count"] for bucket in buckets[size:])
    return {"doc_count_error_upper_bound": 0, "sum_other_doc_count": rest, "buckets": buckets[:size]}


def _order_key(by: str) -> Callable[[Answer], Any]:
    if by in ("_count", "_key"):
        return lambda bucket: bucket["doc_count" if by == "_count" else "key"]
    name, _, part = by.partition(".")

    def key(bucket: Answer) -> float:
        if name not in bucket:
            raise bad_request(f"Invalid aggregation order path [{by}]", "aggregation_execution_exception")
        value = bucket[name].get(part or "value")
        return float("-inf") if value is None else float(value)

    return key


def _histogram(options: dict[str, Any], documents: Documents, mapping: Mapping, below: dict[str, Any]) -> Answer:
    get, interval = _values(options, mapping), float(options["interval"])
    groups = _group(documents, lambda document: {float(value) // interval * interval: None for value in get(document)})
    return {"buckets": [_bucket({"key": key}, groups[key], mapping, below) for key in sorted(groups)]}


def _date_histogram(options: dict[str, Any], documents: Documents, mapping: Mapping, below: dict[str, Any]) -> Answer:
    interval = options.get("calendar_interval")
    floor = _FLOORS.get(str(interval).removeprefix("1"))
    if floor is None:
        raise not_understood(f"[calendar_interval] is one of {', '.join(_FLOORS)} here, not [{interval}]")
    get = _values(options, mapping)
    floors: dict[Any, datetime] = {}

    def keys(document: dict[str, Any]) -> Iterable[Any]:
        for value in get(document):
            if value not in floors:
                floors[value] = floor(datetime.fromtimestamp((epoch_millis(value) or 0) / 1000, UTC))
            yield floors[value]

    groups = _group(documents, keys)
    return {"buckets": [_bucket(_date_key(key), groups[key], mapping, below) for key in sorted(groups)]}


def _date_key(moment: datetime) -> Answer:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"key_as_string": text, "key": int(moment.timestamp() * 1000)}


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


_FLOORS: dict[str, Callable[[datetime], datetime]] = {
    "minute": lambda moment: moment.replace(second=0, microsecond=0),
    "hour": lambda moment: moment.replace(minute=0, second=0, microsecond=0),
    "day": _midnight,
    "week": lambda moment: _midnight(moment) - timedelta(days=moment.weekday()),
    "month": lambda moment: _midnight(moment).replace(day=1),
    "year": lambda moment: _midnight(moment).replace(month=1, day=1),
}


def _missing(options: dict[str, Any], documents: Documents, mapping: Mapping, below: dict[str, Any]) -> Answer:
    _, get = mapping.field(options["field"])
    return _bucket({}, [document for document in documents if not get(document)], mapping, below)


def _filter(options: dict[str, Any], documents: Documents, mapping: Mapping, below: dict[str, Any]) -> Answer:
    matches = compile_query(options, mapping)
    return _bucket({}, [document for document in documents if matches(document)], mapping, below)


_BUCKETS: dict[str, Callable[[dict[str, Any], Documents, Mapping, dict[str, Any]], Answer]] = {
    "terms": _terms,
    "histogram": _histogram,
    "date_histogram": _date_histogram,
    "missing": _missing,
    "filter": _filter,
}


def _group(documents: Documents, keys: Callable[[dict[str, Any]], Iterable[Any]]) -> dict[Any, Documents]:
    groups: dict[Any, Documents] = defaultdict(list)
    for document in documents:
        for key in keys(document):
            groups[key].append(document)
    return groups


def _values(options: dict[str, Any], mapping: Mapping) -> Getter:
    """How the values of ``field`` are read; raises SearchError for a text, whose words can't be aggregated."""
    field = options.get("field")
    if not isinstance(field, str):
        raise not_understood("Required one of fields [field], but none were specified.")
    kind, get = mapping.field(field)
    if kind == "text":
        raise bad_request(
            f"Fielddata is disabled on [{field}]. Text fields are not optimised for aggregations; "
            f"use the keyword field [{field}.keyword] instead."
        )
    return get
