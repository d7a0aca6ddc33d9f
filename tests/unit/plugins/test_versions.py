"""Versions and ranges of versions, as Maven has them."""

from __future__ import annotations

import pytest

from connect.api import ConfigException
from connect.plugins.versions import Version, parse_range


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0", "1.1"),
        ("1.9", "1.10"),
        ("1.0-alpha", "1.0-beta"),
        ("1.0-rc1", "1.0"),
        ("1.0-SNAPSHOT", "1.0"),
        ("1.0", "1.0-sp1"),
        ("4.3.1", "10.0"),
    ],
)
def test_versions_are_ordered_by_number_and_qualifier(older: str, newer: str) -> None:
    """A number counts as a number; alpha, beta, rc and snapshot come before the release."""
    assert Version(older) < Version(newer)


@pytest.mark.parametrize(("one", "other"), [("1.0", "1"), ("1.0.0", "1.0"), ("1.0-ga", "1.0")])
def test_trailing_zeros_make_no_difference(one: str, other: str) -> None:
    assert Version(one) == Version(other)
    assert hash(Version(one)) == hash(Version(other))


@pytest.mark.parametrize(
    ("requirement", "shown"),
    [
        ("9.9", "[9.9,9.9]"),
        ("", "[,]"),
        ("[1.0,2)", "[1.0,2)"),
        ("(,1.0],[1.2,)", "(,1.0],[1.2,)"),
        ("[1.5]", "[1.5,1.5]"),
    ],
)
def test_a_range_is_shown_as_in_java(requirement: str, shown: str) -> None:
    assert str(parse_range(requirement)) == shown


@pytest.mark.parametrize(
    ("requirement", "version", "fits"),
    [
        ("1.2.3", "1.2.3", True),
        ("1.2.3", "1.2.4", False),
        ("[1.0,2.0)", "1.2.3", True),
        ("[1.0,2.0)", "2.0", False),
        ("(1.0,2.0]", "1.0", False),
        ("(1.0,2.0]", "2.0", True),
        ("[2,)", "10", True),
        ("(,1.0],[1.2,)", "1.1", False),
        ("", "1.0", False),
    ],
)
def test_bounds_are_included_or_not(requirement: str, version: str, fits: bool) -> None:
    wanted = parse_range(requirement)
    assert wanted is not None
    assert wanted.contains(version) is fits


@pytest.mark.parametrize("requirement", [None, "latest", " LATEST "])
def test_no_requirement_and_latest_accept_any_version(requirement: str | None) -> None:
    assert parse_range(requirement) is None


def test_a_broken_range_is_refused() -> None:
    with pytest.raises(ConfigException, match="Unbounded range"):
        parse_range("[1.0,2.0")
