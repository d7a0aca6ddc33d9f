from functools import partial

import orjson
import pytest

from connect.demo.search.errors import SearchError
from connect.demo.search.index import Index, VersionCheck


def put(index: Index, document_id: str, document: object, **options: object) -> dict:
    return index.put(document_id, orjson.dumps(document), **options)


def refused(action: object) -> tuple[int, str]:
    with pytest.raises(SearchError) as error:
        action()
    return error.value.status, error.value.kind


def test_a_document_is_replaced_as_a_whole():
    """The second write of an id is an update, with the next version."""
    index = Index("i")

    results = [put(index, "1", {"a": 1}), put(index, "1", {"b": 2})]

    assert [(r["result"], r["status"], r["_version"]) for r in results] == [("created", 201, 1), ("updated", 200, 2)]
    assert index.get("1").source == b'{"b":2}'
    assert len(index) == 1


def test_an_older_external_version_is_a_conflict():
    """A write with a version that isn't higher than the present one is refused, after a delete as well."""
    index = Index("i")
    put(index, "1", {"a": 5}, check=VersionCheck(5))

    for check in (VersionCheck(4), VersionCheck(5)):
        assert refused(partial(put, index, "1", {}, check=check)) == (409, "version_conflict_engine_exception")
    assert put(index, "1", {"a": 6}, check=VersionCheck(6))["_version"] == 6
    assert index.delete("1", VersionCheck(8))["result"] == "deleted"
    assert refused(lambda: put(index, "1", {}, check=VersionCheck(7)))[0] == 409
    assert put(index, "1", {"a": 8}, check=VersionCheck(8, gte=True))["result"] == "created"


def test_create_never_replaces():
    """With op_type create an id that is there already is a conflict."""
    index = Index("i")
    put(index, "1", {}, only_create=True)

    assert refused(lambda: put(index, "1", {}, only_create=True)) == (409, "version_conflict_engine_exception")


def test_an_update_merges_and_an_upsert_creates():
    """Objects are merged field by field; without a document the upsert is taken, without an upsert it is an error."""
    index = Index("i")

    assert refused(lambda: index.update("1", {"doc": {}})) == (404, "document_missing_exception")
    index.update("1", {"doc": {"a": {"x": 1}}, "doc_as_upsert": True})
    index.update("1", {"doc": {"a": {"y": 2}, "b": 3}, "upsert": {"never": True}})

    assert orjson.loads(index.get("1").source) == {"a": {"x": 1, "y": 2}, "b": 3}


def test_deleting_nothing_is_no_error():
    """It is reported as not found."""
    assert Index("i").delete("1")["status"] == 404


def test_types_are_guessed_from_the_first_value():
    """As Elasticsearch does: whole numbers are long, fractions float, dates date, other texts text with a keyword."""
    index = Index("i")
    put(
        index,
        "1",
        {"n": 1, "f": 1.5, "b": True, "d": "2013-01-01T10:00:00Z", "s": "x", "o": {"n": 1}, "l": [2], "no": None},
    )

    text = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    assert index.mapping.properties == {
        "n": {"type": "long"},
        "f": {"type": "float"},
        "b": {"type": "boolean"},
        "d": {"type": "date"},
        "s": text,
        "o": {"properties": {"n": {"type": "long"}}},
        "l": {"type": "long"},
    }


@pytest.mark.parametrize(
    ("field", "value"), [("n", "many"), ("b", "perhaps"), ("d", "soon"), ("o", 1), ("n", {"x": 1}), ("s", {"x": 1})]
)
def test_a_value_that_doesnt_fit_its_type_is_refused(field, value):
    """The document is malformed and isn't kept."""
    index = Index("i")
    put(index, "1", {"n": 1, "b": True, "d": "2013-01-01", "s": "x", "o": {"n": 1}})

    assert refused(lambda: put(index, "2", {field: value})) == (400, "document_parsing_exception")
    assert index.get("2") is None


@pytest.mark.parametrize(
    ("field", "value"), [("n", "12"), ("n", [1, 2]), ("b", "true"), ("d", 1356998400000), ("s", 5)]
)
def test_a_value_that_can_be_read_as_its_type_is_taken(field, value):
    """Numbers in quotes, lists, milliseconds for a date and a number for a text are fine."""
    index = Index("i")
    put(index, "1", {"n": 1, "b": True, "d": "2013-01-01", "s": "x"})

    assert put(index, "2", {field: value})["result"] == "created"


def test_a_type_cant_be_changed():
    """Fields can be added to a mapping; one that is there keeps its type."""
    index = Index("i")
    index.mapping.merge({"n": {"type": "long"}})
    index.mapping.merge({"n": {"type": "long"}, "m": {"type": "keyword"}})

    assert refused(lambda: index.mapping.merge({"n": {"type": "keyword"}})) == (400, "illegal_argument_exception")


@pytest.mark.parametrize("source", [b"{", b"[1]", b'"text"'])
def test_what_is_no_object_is_no_document(source):
    """Only JSON objects are kept."""
    assert refused(lambda: Index("i").put("1", source)) == (400, "document_parsing_exception")
