"""The scenarios that were recorded on MySQL 9, on MySQL 9: the short tests play them on MariaDB.

Here and not there since Debian ships that server in its suite sid only, which now and then has nothing to install.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.jdbc_databases import MySqlDatabase
from tests.conformance.test_jdbc_source import SCENARIOS, check_scenario
from tests.services import MySQL


@pytest.fixture(scope="module")
def mysql() -> Iterator[MySQL]:
    with MySQL() as server:
        yield server


@pytest.mark.parametrize("driver", ["asyncmy", "pymysql"])
@pytest.mark.parametrize(
    "recorded", [each for each in SCENARIOS if each["database"] == "mysql"], ids=lambda scenario: scenario["id"]
)
def test_recorded_scenario(recorded: dict[str, Any], driver: str, mysql: MySQL) -> None:
    database = MySqlDatabase(mysql, "mysql")
    scenario = copy.deepcopy(recorded)
    scenario["config"]["driver.name"] = driver
    try:
        check_scenario(scenario, database)
    finally:
        database.close()
