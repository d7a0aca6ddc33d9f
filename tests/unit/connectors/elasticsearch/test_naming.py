"""Topics to names of indices and data streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connect.api import ConfigException, ConnectException
from connectors.elasticsearch.naming import IndexNamer, index_name, strftime_format
from connectors.elasticsearch.settings import Settings

NOON = 1700000000000  # 2023-11-14T22:13:20Z


def namer(config: Mapping[str, Any]) -> IndexNamer:
    return IndexNamer(Settings.read({"connection.url": "http://x", **config}).target)


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("Orders", "orders"),
        ("_orders", "orders"),
        ("-orders", "orders"),
        (".", "dot"),
        ("..", "dotdot"),
        ("a" * 300, "a" * 255),
        ("__x", "_x"),
    ],
)
def test_topics_are_made_fit(topic: str, name: str) -> None:
    """Lower case, at most 255 characters, without one leading mark."""
    assert index_name(topic) == name


def test_data_streams_have_three_parts() -> None:
    """The namespace may hold the topic."""
    config = {"data.stream.type": "LOGS", "data.stream.dataset": "shop"}
    assert namer(config).name("Orders") == "logs-shop-orders"
    assert namer({**config, "data.stream.namespace": "x"}).name("Orders") == "logs-shop-x"


def test_mapped_resources() -> None:
    """A topic that isn't mapped is an error."""
    mapped = namer({"external.resource.usage": "index", "topic.to.external.resource.mapping": "a:b, c:d"})
    assert mapped.name("c") == "d"
    with pytest.raises(ConnectException, match="Topic 'x' is not mapped to any resource"):
        mapped.name("x")


def test_an_index_by_date() -> None:
    """The record's timestamp in a Java pattern."""
    dated = namer({"index.name.format": "${topic}-${timestamp:yyyy.MM.dd'T'HH}"})
    assert dated.name("Orders", NOON) == "orders-2023.11.14t22"
    with pytest.raises(ConnectException, match="A record without timestamp"):
        dated.name("Orders", None)


def test_unknown_letters_are_named() -> None:
    """Rather than written as they are."""
    assert strftime_format("yy'%'MM") == "%y%%%m"
    with pytest.raises(ConfigException, match="letters YYYY are not known"):
        strftime_format("YYYY")
