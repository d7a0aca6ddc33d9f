"""Checks across keys, and against the database, when a connector is created or changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from connect.api import ConfigException, ConfigValue, ConnectException
from connectors.jdbc.config import CONFIG
from connectors.jdbc.database import Session, SqlError
from connectors.jdbc.settings import Settings, connect
from connectors.jdbc.tracking import tracking_of

log = logging.getLogger(__name__)

_FILTERS = ("table.whitelist", "table.blacklist", "table.include.list", "table.exclude.list")
_QUERIES = ("query", "query.masked")


def validate(properties: Mapping[str, str]) -> list[ConfigValue]:
    """Every key with what is wrong about it."""
    check = _Check(properties, CONFIG.validate(properties))
    _tables_or_query(check)
    _exclude_list(check)
    _tracking_of_query(check)
    if check["connection.url"] and not check.any_errors("connection."):
        _connection(check)
    if not any(value.errors for value in check.values):
        _warn(check)
    return check.values


class _Check:
    """The parsed values, and a place for errors."""

    def __init__(self, properties: Mapping[str, str], values: list[ConfigValue]) -> None:
        self.properties = properties
        self.values = values
        self._by_name = {value.name: value for value in values}

    def __getitem__(self, name: str) -> Any:
        return self._by_name[name].value

    def any_errors(self, prefix: str) -> bool:
        return any(value.errors for value in self.values if value.name.startswith(prefix))

    def error(self, text: str, *names: str) -> None:
        """Say the same about several keys."""
        for name in names:
            self._by_name[name].errors.append(text)

    @property
    def query(self) -> str:
        masked = self["query.masked"]
        return self["query"] or (masked.value if masked else "")


def _tables_or_query(check: _Check) -> None:
    given = [name for name in _FILTERS if check[name]]
    if check.query and given:
        check.error(
            "Do not specify table filtering configs with 'query'. Remove table.whitelist / table.blacklist / "
            "table.include.list / table.exclude.list when using query mode or 'query' when using table filtering mode.",
            *given,
            *_QUERIES,
        )
    if not check.query and not given:
        check.error(
            "At least one table filtering configuration is required. Provide one of: table.whitelist, "
            "table.blacklist, table.include.list, or table.exclude.list.",
            *_FILTERS,
        )


def _exclude_list(check: _Check) -> None:
    if check["table.exclude.list"] and not check["table.include.list"]:
        check.error(
            "table.exclude.list cannot be used without table.include.list. Exclude list only applies to tables that "
            "match the include list.",
            "table.exclude.list",
        )


def _tracking_of_query(check: _Check) -> None:
    ids = check["mode"] in ("incrementing", "timestamp+incrementing")
    if check.query and ids and not check["incrementing.column.name"]:
        check.error(
            "'incrementing.column.name' must be provided when using mode 'incrementing' or "
            "'timestamp+incrementing' with a custom query. The incrementing column cannot be auto-discovered in "
            "query mode because there is no table to inspect. Note that 'incrementing.column.mapping' is not "
            "applied in query mode (it maps columns by table-name regex, and a custom query has no underlying "
            "table to match), so 'incrementing.column.name' must be set explicitly.",
            "incrementing.column.name",
        )


def _connection(check: _Check) -> None:
    needed = {key: value for key, value in check.properties.items() if key.startswith("connection.")}
    settings = Settings({**needed, **_without_errors(check, "driver.name", "dialect.name")})
    try:
        session = connect(settings, settings.database(), lambda _seconds: False)
    except (SqlError, ConfigException) as error:
        check.error(f"Could not connect to database. {error}", "connection.url")
        return
    if session is None:
        return
    try:
        if check.query and check["mode"] == "bulk":
            _query(check, session)
    finally:
        session.close()


def _without_errors(check: _Check, *names: str) -> dict[str, str]:
    return {name: check.properties[name] for name in names if name in check.properties and not check.any_errors(name)}


def _query(check: _Check, session: Session) -> None:
    try:
        session.query(check.query).close()
    except SqlError as error:
        name = "query" if check["query"] else "query.masked"
        check.error(
            "The configured query is not valid and has database/connection errors. Please provide the correct query by "
            "validating the query syntax and the existing table/column names with the database being connected "
            f"(SQLState: {error.state}, errorCode: {error.code})",
            name,
        )


def _warn(check: _Check) -> None:
    """Say what is allowed and yet seldom meant."""
    name = check.properties.get("name", "")
    url = check["connection.url"] or ""
    if url.startswith(("jdbc:mysql", "jdbc:mariadb")) and not check["catalog.pattern"] and not check.query:
        log.warning(
            "%s: without catalog.pattern the tables of all databases are seen; one of the same name in another "
            "database makes the connector fail",
            name,
        )
    if check["table.whitelist"] and check["table.blacklist"]:
        log.warning("%s: table.blacklist takes tables out of table.whitelist", name)
    if "timestamp" in check["mode"]:
        try:
            tracking_of(Settings(check.properties), None)
        except (ConfigException, ConnectException) as error:
            if not check["timestamp.columns.mapping"]:
                log.warning("%s: %s", name, error)
    if check["mode"] == "bulk" and check["poll.interval.ms"] < 60_000:
        log.warning("%s: mode bulk sends everything again every %d ms", name, check["poll.interval.ms"])
    if check["mode"] == "incrementing" and not check["safe.read.window.ms"]:
        log.warning(
            "%s: rows that are committed after others with a higher id are lost; safe.read.window.ms reads them", name
        )
    if not check["validate.non.null"] and check["mode"] != "bulk":
        log.warning("%s: with validate.non.null=false, rows without a value to track are never read", name)
