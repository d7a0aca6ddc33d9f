"""Log levels at run time."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from connect.loggers import LONGEST_UNKNOWN, MOST_UNKNOWN, Loggers, is_level


@pytest.fixture
def loggers() -> Iterator[Loggers]:
    before = logging.root.level
    yield Loggers()
    logging.root.setLevel(before)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("test.levels"):
            logging.getLogger(name).setLevel(logging.NOTSET)


def test_a_level_is_set_for_all_loggers_whose_names_begin_alike(loggers: Loggers) -> None:
    """Also for one that was not there before; only those whose level changed are named."""
    logging.getLogger("test.levels.a.b")
    logging.getLogger("test.levels.ax")
    assert loggers.set_level("test.levels.a", "debug") == ["test.levels.a", "test.levels.a.b", "test.levels.ax"]
    assert loggers.set_level("test.levels.a.b", "DEBUG") == []
    assert logging.getLogger("test.levels.a.b").level == logging.DEBUG


def test_a_logger_without_a_level_of_its_own_shows_the_one_in_force(loggers: Loggers) -> None:
    loggers.set_level("test.levels.parent", "ERROR")
    logging.getLogger("test.levels.parent.child").setLevel(logging.NOTSET)
    found = loggers.level("test.levels.parent.child")
    assert found is not None
    assert (found.level, found.last_modified) == ("ERROR", None)
    assert loggers.level("test.levels.none") is None


def test_the_time_of_a_change_is_kept(loggers: Loggers) -> None:
    loggers.set_level("test.levels.timed", "TRACE")
    first = loggers.level("test.levels.timed")
    assert first is not None
    assert first.last_modified is not None
    assert loggers.all_levels()["test.levels.timed"] == ("TRACE", first.last_modified)


@pytest.mark.parametrize("name", ["root", "ROOT"])
def test_root_stands_for_every_logger(loggers: Loggers, name: str) -> None:
    logging.getLogger("test.levels.any").setLevel(logging.INFO)
    changed = loggers.set_level(name, "FATAL")
    assert {"root", "test.levels.any"} <= set(changed)
    assert loggers.all_levels()["root"].level == "FATAL"
    loggers.set_level(name, "INFO")


def test_levels_are_known_in_whatever_case() -> None:
    assert is_level("warn")
    assert not is_level("loud")


def test_unknown_names_are_limited(loggers: Loggers) -> None:
    """Each takes memory for good; loggers that exist, and the root logger, always have room."""
    logging.getLogger("test.levels.used")
    assert not loggers.has_room_for("x" * (LONGEST_UNKNOWN + 1))
    for number in range(MOST_UNKNOWN):
        assert loggers.has_room_for(f"test.levels.unknown{number}")
        loggers.set_level(f"test.levels.unknown{number}", "DEBUG")
    assert not loggers.has_room_for("test.levels.one-more")
    assert all(map(loggers.has_room_for, ("test.levels.used", "test.levels.unknown0", "ROOT")))
