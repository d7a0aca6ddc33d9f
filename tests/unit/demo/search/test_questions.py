import orjson
import pytest

from connect.demo.search.aggregations import aggregate
from connect.demo.search.errors import SearchError
from connect.demo.search.index import Index
from connect.demo.search.query import compile_query, compile_text

FLIGHTS = [
    {"carrier": "UA", "delay": 2, "at": "2013-01-01T10:00:00Z", "note": "Late Departure", "plane": {"seats": 100}},
    {"carrier": "UA", "delay": 8, "at": "2013-01-01T23:30:00Z", "note": "on time", "plane": {"seats": 200}},
    {"carrier": "AA", "delay": None, "at": "2013-01-02T00:00:00Z", "note": "late", "canceled": True},
    {"carrier": "AA", "delay": -5, "at": "2013-02-01T00:00:00Z"},
]


@pytest.fixture(scope="module")
def index() -> Index:
    index = Index("flights")
    for number, flight in enumerate(FLIGHTS):
        index.put(str(number), orjson.dumps(flight))
    return index


def found(index: Index, query: dict) -> list[int]:
    matches = compile_query(query, index.mapping)
    return [int(document_id) for document_id, document in index.parsed() if matches(document)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"match_all": {}}, [0, 1, 2, 3]),
        ({"match_none": {}}, []),
        ({"term": {"carrier.keyword": "UA"}}, [0, 1]),
        ({"term": {"carrier.keyword": {"value": "ua"}}}, []),
        ({"term": {"delay": "8"}}, [1]),
        ({"term": {"note": "late"}}, [0, 2]),
        ({"term": {"canceled": "true"}}, [2]),
        ({"term": {"at": "2013-01-02"}}, [2]),
        ({"term": {"plane.seats": 100}}, [0]),
        ({"term": {"unknown": 1}}, []),
        ({"terms": {"delay": [2, -5]}}, [0, 3]),
        ({"match": {"note": "DEPARTURE time"}}, [0, 1]),
        ({"match": {"note": {"query": "late departure", "operator": "and"}}}, [0]),
        ({"match": {"carrier": "ua"}}, [0, 1]),
        ({"match": {"delay": 2}}, [0]),
        ({"range": {"delay": {"gte": 2}}}, [0, 1]),
        ({"range": {"delay": {"gt": -5, "lt": 8}}}, [0]),
        ({"range": {"at": {"gte": "2013-01-01T12:00", "lte": "2013-01-31"}}}, [1, 2]),
        ({"exists": {"field": "delay"}}, [0, 1, 3]),
        ({"bool": {"must": {"match": {"note": "late"}}, "must_not": [{"exists": {"field": "canceled"}}]}}, [0]),
        ({"bool": {"should": [{"term": {"delay": 8}}, {"term": {"delay": 2}}]}}, [0, 1]),
        ({"bool": {"filter": {"term": {"delay": 8}}, "should": [{"term": {"delay": 2}}]}}, [1]),
        ({"bool": {"should": [{"term": {"delay": 8}}, {"match_all": {}}], "minimum_should_match": 2}}, [1]),
    ],
)
def test_queries(index, query, expected):
    """Each kind of query finds what Elasticsearch's would."""
    assert found(index, query) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"fuzzy": {"note": "lat"}}, r"unknown query \[fuzzy\]"),
        ({}, "exactly one kind of query"),
        ({"term": {"a": 1, "b": 2}}, "exactly one field"),
        ({"terms": {"a": 1}}, "array of values"),
        ({"range": {"delay": {"above": 1}}}, r"does not support \[above\]"),
        ({"range": {"delay": {"gt": "much"}}}, 'For input string: "much"'),
        ({"range": {"at": {"gt": "soon"}}}, r"failed to parse date field \[soon\]"),
        ({"bool": {"may": []}}, r"does not support \[may\]"),
    ],
)
def test_what_isnt_understood_is_named(index, query, message):
    """A query is refused rather than answered wrongly."""
    with pytest.raises(SearchError, match=message):
        found(index, query)


def test_the_short_form_of_a_query(index):
    """Words of field:value, one of which must match; anything more is refused."""
    matches = compile_text("carrier:ua delay:-5", index.mapping)
    assert [i for i, flight in enumerate(FLIGHTS) if matches(flight)] == [0, 1, 3]
    for text in ("late", "carrier:ua AND delay:8", "carrier:u*"):
        with pytest.raises(SearchError, match="field:value words only"):
            compile_text(text, index.mapping)


def answer(index: Index, aggregation: dict) -> dict:
    return aggregate({"x": aggregation}, [document for _, document in index.parsed()], index.mapping)["x"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("avg", 5 / 3), ("sum", 5.0), ("min", -5.0), ("max", 8.0), ("value_count", 3)],
)
def test_metrics_leave_missing_values_out(index, kind, expected):
    """Null is no number."""
    assert answer(index, {kind: {"field": "delay"}}) == {"value": expected}


def test_metrics_of_nothing(index):
    """An average of nothing is null, the sum 0."""
    assert answer(index, {"stats": {"field": "nothing"}}) == {
        "count": 0,
        "min": None,
        "max": None,
        "avg": None,
        "sum": 0,
    }


def test_terms_with_a_metric_below(index):
    """Buckets by value, the fullest first unless another order is asked for, with their own aggregations."""
    below = {"delay": {"avg": {"field": "delay"}}}

    result = answer(index, {"terms": {"field": "carrier.keyword", "order": {"delay": "asc"}}, "aggs": below})

    assert result["buckets"] == [
        {"key": "AA", "doc_count": 2, "delay": {"value": -5.0}},
        {"key": "UA", "doc_count": 2, "delay": {"value": 5.0}},
    ]


def test_terms_beyond_the_size_are_counted(index):
    """The documents of the buckets that aren't shown are summed up."""
    result = answer(index, {"terms": {"field": "delay", "size": 1, "order": {"_key": "desc"}}})

    assert [bucket["key"] for bucket in result["buckets"]] == [8]
    assert result["sum_other_doc_count"] == 2


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("day", {"2013-01-01": 2, "2013-01-02": 1, "2013-02-01": 1}),
        ("1d", None),
        ("month", {"2013-01-01": 3, "2013-02-01": 1}),
        ("week", {"2012-12-31": 3, "2013-01-28": 1}),
        ("year", {"2013-01-01": 4}),
    ],
)
def test_date_histograms(index, interval, expected):
    """Buckets begin where the day, week, month or year does."""
    aggregation = {"date_histogram": {"field": "at", "calendar_interval": interval}}
    if expected is None:
        with pytest.raises(SearchError, match="calendar_interval"):
            answer(index, aggregation)
    else:
        buckets = answer(index, aggregation)["buckets"]
        assert {bucket["key_as_string"][:10]: bucket["doc_count"] for bucket in buckets} == expected


def test_other_buckets(index):
    """Numbers by interval, documents without a value, documents that match a query."""
    histogram = answer(index, {"histogram": {"field": "delay", "interval": 5}})
    assert [(bucket["key"], bucket["doc_count"]) for bucket in histogram["buckets"]] == [(-5, 1), (0, 1), (5, 1)]
    assert answer(index, {"missing": {"field": "delay"}}) == {"doc_count": 1}
    assert answer(index, {"filter": {"term": {"carrier.keyword": "UA"}}}) == {"doc_count": 2}


@pytest.mark.parametrize(
    ("aggregation", "message"),
    [
        ({"terms": {"field": "carrier"}}, r"use the keyword field \[carrier.keyword\]"),
        ({"median": {"field": "delay"}}, r"Unknown aggregation type \[median\]"),
        ({"avg": {}}, "fields"),
        ({"terms": {"field": "delay", "order": {"x": "asc"}}}, r"order path \[x\]"),
        ({}, "exactly one kind of aggregation"),
    ],
)
def test_aggregations_that_arent_understood_are_named(index, aggregation, message):
    """As with queries."""
    with pytest.raises(SearchError, match=message):
        answer(index, aggregation)
