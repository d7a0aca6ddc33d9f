"""The rental demo's parts: its data, its databases, its configurations and its last table."""

import io
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from connect.cli.main import cli
from connect.demo.process import DemoFailed
from connect.demo.rental import run as rental_run
from connect.demo.rental.database import ROWS, MariaDbRentals, SqliteRentals, rentals
from connect.demo.rental.pipeline import sink_connector, source_connector
from connect.demo.rental.report import dates_in, side_by_side
from connect.demo.run import DemoOptions


def test_the_rentals_are_the_same_at_every_run():
    """Ids from one on, and every twentieth film isn't back yet."""
    made = list(rentals(40))
    assert made == list(rentals(40))
    assert [row[0] for row in made] == list(range(1, 41))
    assert [row[0] for row in made if row[4] is None] == [20, 40]


def test_an_sqlite_file_is_filled_and_described(tmp_path: Path):
    """Seven columns, of which one may be null."""
    database = SqliteRentals(tmp_path)
    assert database.ensure_table() == ROWS
    described = database.describe()
    assert [name for name, _, nullable in described if nullable == "YES"] == ["return_date"]
    assert database.settings == {"connection.url": f"jdbc:sqlite:{tmp_path}/sakila.db"}


def test_an_address_becomes_the_sources_settings():
    """User and password stand in settings of their own, where the password is hidden."""
    database = MariaDbRentals("jdbc:mariadb://me:s%40crt@db.example:3307/sakila")
    assert database.settings == {
        "connection.url": "jdbc:mariadb://db.example:3307/sakila",
        "connection.user": "me",
        "connection.password": "s@crt",
        "catalog.pattern": "sakila",
    }
    assert "s@crt" not in database.name


@pytest.mark.parametrize("url", ["jdbc:oracle://x/y", "jdbc:mariadb://host", "nonsense"])
def test_other_addresses_are_refused(url: str):
    """With the form that is wanted."""
    with pytest.raises(DemoFailed, match="jdbc:mariadb://user:password@host:port/database"):
        MariaDbRentals(url)


def test_a_database_that_is_not_there_is_a_failure_without_traceback():
    """It names the place."""
    with pytest.raises(DemoFailed, match=r"MariaDB at 127\.0\.0\.1:1/sakila"):
        MariaDbRentals("jdbc:mariadb://127.0.0.1:1/sakila").ensure_table()


def test_both_connectors_use_avro_and_the_registry(tmp_path: Path):
    """All values are texts, as Kafka Connect wants them."""
    source = source_connector(SqliteRentals(tmp_path), "http://r")["config"]
    sink = sink_connector("http://s", "http://r")["config"]
    for config in (source, sink):
        assert all(isinstance(value, str) for value in config.values())
        assert config["value.converter.schema.registry.url"] == "http://r"


def test_the_three_descriptions_stand_side_by_side():
    """Types as the database, the registry and the index call them."""
    output = io.StringIO()
    avro = '{"type":"record","name":"rental","fields":[{"name":"return_date","type":"long"}]}'
    mapping = {"return_date": {"type": "date"}, "rental_date": {"type": "long"}}
    table = side_by_side([("return_date", "datetime", "YES"), ("rental_date", "datetime", "NO")], avro, mapping)
    Console(file=output, width=200).print(table)
    for text in ("return_date  datetime", "not null", '"type": "long"', 'return_date: {"type": "date"}'):
        assert text in output.getvalue()
    assert dates_in(mapping) == ["return_date"]


def test_the_command_passes_everything_on(monkeypatch: pytest.MonkeyPatch):
    """Options of the demo stand in front; the rental demo always has a registry."""
    seen = []
    monkeypatch.setattr(rental_run, "run_rental", lambda options, console: seen.append(options) or True)
    arguments = ["demo", "--exit", "--registry-port", "5", "rental", "--database-url", "jdbc:mariadb://h/d"]
    assert CliRunner().invoke(cli, arguments).exit_code == 0
    assert seen[0].demo == DemoOptions(exit=True, registry=True, registry_port=5)
    assert seen[0].database_url == "jdbc:mariadb://h/d"
