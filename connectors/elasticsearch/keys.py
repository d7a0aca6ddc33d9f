"""Short forms for declaring the connector's keys, and the checks on single values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connect.api import NO_DEFAULT, ConfigException, ConfigType, Importance, Key, Recommender, Width
from connect.api.validators import LambdaValidator

HIGH, MEDIUM, LOW = Importance.HIGH, Importance.MEDIUM, Importance.LOW
_DATASET_FORBIDDEN = re.compile(r'[ \\/*?"<>|,#\-:]')


class Group:
    """Declares keys of one group, numbered in the order in which forms show them."""

    def __init__(self, name: str, first: int = 1) -> None:
        self._name = name
        self._next = first

    def key(
        self, name: str, type: ConfigType, display: str, doc: str, *, default: Any = NO_DEFAULT, **more: Any
    ) -> Key:
        """One key. ``more`` may hold importance, width, validator, recommender and order_in_group."""
        order = more.pop("order_in_group", self._next)
        self._next = order + 1
        more.setdefault("importance", LOW)
        more.setdefault("width", Width.SHORT)
        return Key(name, type, default, doc=doc, display_name=display, group=self._name, order_in_group=order, **more)


def one_of(*words: str) -> LambdaValidator:
    """A word of a list, in any case."""

    def check(name: str, value: Any) -> None:
        if value is None or value.lower() not in words:
            raise ConfigException(name, value, f"Value must be one of: [{', '.join(words)}]")

    return LambdaValidator(check, f"one of [{', '.join(words)}], in any case")


def suggest(*words: str) -> Recommender:
    """A recommender that always offers the same words."""

    def values(_name: str, _config: Mapping[str, Any]) -> Sequence[Any]:
        return words

    return Recommender(valid_values=values)


def _check_urls(name: str, value: Any) -> None:
    if value is None:
        raise ConfigException(name, None, "The config must be provided and non-null.")
    for url in value:
        if not is_url(url):
            shown = f"[{', '.join(value)}]"
            raise ConfigException(name, shown, f"The provided url '{url}' is not a valid url.")


def is_url(text: str) -> bool:
    """True for ``host``, ``host:port`` and ``http(s)://host:port/path``."""
    if re.search(r"[\s<>\"{}|\\^`]", text):
        return False
    try:
        split = urlsplit(text if "://" in text else f"http://{text}")
        return split.port is None or split.port > 0
    except ValueError:
        return False


def _check_data_stream_part(what: str) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        text = value or ""
        if len(text) > 100:
            raise ConfigException(name, value, f"The specified {what} must be no longer than 100 characters.")
        if text != text.lower():
            raise ConfigException(name, value, f"The specified {what} must be in all lowercase.")
        if _DATASET_FORBIDDEN.search(text):
            forbidden = 'any spaces or invalid characters \\/*?"<>|,#-:'
            raise ConfigException(name, value, f"The specified {what} must not contain {forbidden}")

    return check


def _check_keytab(name: str, value: Any) -> None:
    if value is None:
        return
    if not value.endswith("keytab"):
        raise ConfigException(name, value, "The specified file must end with .keytab")
    if not Path(value).exists():
        raise ConfigException(name, value, "The specified file does not exist.")


URLS = LambdaValidator(_check_urls, "addresses such as http://host:9200")
KEYTAB = LambdaValidator(_check_keytab, "an existing file that ends with .keytab")
DATASET = LambdaValidator(_check_data_stream_part("dataset"), "lower case, at most 100 characters")
NAMESPACE = LambdaValidator(_check_data_stream_part("namespace"), "lower case, at most 100 characters")
