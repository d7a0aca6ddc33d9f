"""Values that providers gave are shown as their variables."""

from __future__ import annotations

import pytest

from connect import provided_secrets


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provided_secrets, "_provided", {})


def test_what_was_provided_is_hidden() -> None:
    provided_secrets.remember("s3cret", "${file:/x:password}")
    assert provided_secrets.hide("login with s3cret failed") == "login with ${file:/x:password} failed"


def test_short_values_are_left_alone() -> None:
    provided_secrets.remember("on", "${env:FLAG}")
    assert provided_secrets.hide("on and on") == "on and on"


def test_another_process_hides_the_same() -> None:
    provided_secrets.remember("s3cret", "${file:/x:password}")
    handed_over = provided_secrets.provided()
    provided_secrets.remember("other", "${env:OTHER}")
    assert handed_over == {"s3cret": "${file:/x:password}"}
    provided_secrets.remember_all({"third": "${env:THIRD}"})
    assert provided_secrets.hide("third") == "${env:THIRD}"
