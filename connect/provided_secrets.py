"""What config providers have given out in this process, so that it can be kept out of logs, traces and answers."""

from __future__ import annotations

from collections.abc import Mapping

_SHORTEST = 4
"""Shorter values are left alone: hiding "1" or "on" would spoil every text."""
_provided: dict[str, str] = {}


def remember(value: str, variable: str) -> None:
    """A provider has given ``value`` for ``variable`` (``${file:/path:key}``)."""
    if len(value) >= _SHORTEST:
        _provided[value] = variable


def remember_all(provided: Mapping[str, str]) -> None:
    """What another process has remembered; see ``provided``."""
    _provided.update(provided)


def provided() -> dict[str, str]:
    """The values with their variables, to be handed to a process that works with them."""
    return dict(_provided)


def hide(text: str) -> str:
    """The text with the variables in place of what they stand for."""
    for value, variable in _provided.items():
        if value in text:
            text = text.replace(value, variable)
    return text
