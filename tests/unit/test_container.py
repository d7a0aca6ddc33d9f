"""The environment of a container as worker properties."""

from __future__ import annotations

import logging

import pytest

from connect.cli.container import log_levels, property_name, variable, worker_properties
from connect.loggers import parse_levels


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("CONNECT_BOOTSTRAP_SERVERS", "bootstrap.servers"),
        ("CONNECT_KEY_CONVERTER_SCHEMAS_ENABLE", "key.converter.schemas.enable"),
        ("CONNECT_CONFIG_PROVIDERS_MY__FILE_CLASS", "config.providers.my_file.class"),
        ("CONNECT_A___B", "a-b"),
    ],
)
def test_a_variable_states_a_property(name: str, key: str) -> None:
    assert property_name(name) == key
    assert variable(key) == name


def test_only_properties_are_taken() -> None:
    environment = {
        "PATH": "/bin",
        "CONNECT_GROUP_ID": "g",
        "CONNECT_LOG4J_ROOT_LOGLEVEL": "WARN",
        "CONNECT_LOG_FORMAT": "json",
        "CONNECT_URL": "http://localhost:8083",
    }
    assert worker_properties(environment) == {"group.id": "g"}


def test_a_port_alone_listens_everywhere() -> None:
    assert worker_properties({"CONNECT_REST_PORT": "8084"}) == {"listeners": "http://0.0.0.0:8084"}
    both = {"CONNECT_REST_PORT": "8084", "CONNECT_LISTENERS": "https://0.0.0.0:1"}
    assert worker_properties(both) == {"listeners": "https://0.0.0.0:1"}


def test_log_levels_of_images_are_understood() -> None:
    environment = {"CONNECT_LOG4J_ROOT_LOGLEVEL": "WARN", "CONNECT_LOG4J_LOGGERS": "connect.rest=DEBUG, a.b=ERROR"}
    levels = log_levels(environment)["CONNECT_LOG_LEVELS"]
    assert parse_levels(levels) == [("root", "WARN"), ("connect.rest", "DEBUG"), ("a.b", "ERROR")]
    assert log_levels({**environment, "CONNECT_LOG_LEVELS": "root=INFO"}) == {}


def test_a_wrong_level_is_named() -> None:
    with pytest.raises(ValueError, match="'connect=LOUD' is not LOGGER=LEVEL with a level of ALL, TRACE, DEBUG"):
        parse_levels("root=INFO,connect=LOUD")
    assert logging.getLogger("connect").level == logging.NOTSET
