"""``response.http.headers.config``: headers that every answer carries."""

from __future__ import annotations

import csv
import datetime as dt
import email.utils
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from aiohttp import web

from connect.api import ConfigException

KEY = "response.http.headers.config"
_ACTIONS = {"set": "set", "add": "add", "setdate": "setDate", "adddate": "addDate"}


class HeaderRule(NamedTuple):
    """What to do with a header: ``set``, ``add``, or both with the value, ms since 1970, as an HTTP date."""

    action: str
    name: str
    value: str

    def apply(self, answer: web.StreamResponse) -> None:
        """Change the headers of an answer."""
        value = _date(self.value) if self.action.endswith("Date") else self.value
        if self.action.startswith("set"):
            answer.headers[self.name] = value
        else:
            answer.headers.add(self.name, value)


def header_rules(properties: Mapping[str, str]) -> list[HeaderRule]:
    """The rules of a worker. Raises ConfigException."""
    text = properties.get(KEY, "").strip()
    parts = next(csv.reader([text], skipinitialspace=True)) if text else []
    return [_rule(part.strip()) for part in parts]


def _rule(text: str) -> HeaderRule:
    action, _, header = text.partition(" ")
    if action.lower() not in _ACTIONS:
        raise ConfigException(
            f"Invalid header config action: '{action}'. Expected one of [{', '.join(_ACTIONS.values())}]"
        )
    if header.count(":") != 1:
        raise ConfigException(
            f"Invalid format of header config '{text}'. Expected: '[action] [header name]:[header value]'"
        )
    name, _, value = header.strip().partition(":")
    if not name or any(character.isspace() for character in name):
        raise ConfigException(f"Invalid header name '{name}'. The '[header name]' cannot contain whitespace")
    rule = HeaderRule(_ACTIONS[action.lower()], name, value.strip())
    if rule.action.endswith("Date"):
        _date(rule.value)
    return rule


def _date(value: str) -> str:
    try:
        moment = dt.datetime.fromtimestamp(int(value) / 1000, dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise ConfigException(KEY, value, "a date is given as milliseconds since 1970") from None
    return email.utils.format_datetime(moment, usegmt=True)


def on_prepare(rules: list[HeaderRule]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal handler that applies rules to every answer."""

    async def apply(_request: web.Request, answer: web.StreamResponse) -> None:
        for rule in rules:
            rule.apply(answer)

    return apply
