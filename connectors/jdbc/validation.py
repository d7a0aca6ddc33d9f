"""Checks across keys, and against the database, when a connector is created or changed."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import ConfigException, ConfigValue, ConnectException
from connectors.jdbc.config import CONFIG
from connectors.jdbc.database import Session, SqlError
from connectors.jdbc.jdbc_url import SQLSERVER, parse_jdbc_url
from connectors.jdbc.settings import Settings, connect
from connectors.jdbc.tracking import tracking_of

log = logging.getLogger(__name__)

_OLD_FILTERS, _NEW_FILTERS = ("table.whitelist", "table.blacklist"), ("table.include.list", "table.exclude.list")
_FILTERS = (*_OLD_FILTERS, *_NEW_FILTERS)
_OLD_KEYS = (*_OLD_FILTERS, "timestamp.column.name", "incrementing.column.name")
_NEW_KEYS = (*_NEW_FILTERS, "timestamp.columns.mapping", "incrementing.column.mapping")
_QUERIES = ("query", "query.masked")
_SELECT = re.compile(r"\s*SELECT\b", re.IGNORECASE)


def validate(properties: Mapping[str, str]) -> list[ConfigValue]:
    """Every key with what is wrong about it: as in Java, the first check that finds something is the last one."""
    check = _Check(properties, CONFIG.validate(properties))
    for step in (*_CHECKS, _warn):
        if check.has_errors:
            break
        step(check)
    return check.values


class _Check:
    """The parsed values, and a place for errors."""

    def __init__(self, properties: Mapping[str, str], values: list[ConfigValue]) -> None:
        self.properties = properties
        self.values = values
        self._by_name = {value.name: value for value in values}

    def __getitem__(self, name: str) -> Any:
        return self._by_name[name].value

    @property
    def has_errors(self) -> bool:
        return any(value.errors for value in self.values)

    def given(self, names: Sequence[str]) -> list[str]:
        """Those of the keys that have a value."""
        return [name for name in names if self[name]]

    def error(self, text: str, *names: str) -> None:
        """Say the same about several keys."""
        for name in names:
            self._by_name[name].errors.append(text)

    @property
    def queries(self) -> dict[str, str]:
        """The queries that are given, by their keys."""
        masked = self["query.masked"]
        both = {"query": self["query"], "query.masked": masked.value if masked else ""}
        return {name: query for name, query in both.items() if query}

    @property
    def query(self) -> str:
        return next(iter(self.queries.values()), "")


def _isolation(check: _Check) -> None:
    mode = "SQL_SERVER_SNAPSHOT"
    if check["transaction.isolation.mode"] != mode:
        return
    try:
        dialect = parse_jdbc_url(check["connection.url"] or "", {}, check["dialect.name"]).dialect
    except ConfigException:
        return  # the check of the connection says what is wrong
    if dialect != SQLSERVER:
        check.error(
            f"Isolation mode of `{mode}` can only be configured with a Sql Server Dialect", "transaction.isolation.mode"
        )


def _old_and_new_keys(check: _Check) -> None:
    if check.query:
        return
    old, new = check.given(_OLD_KEYS), check.given(_NEW_KEYS)
    if old and new:
        check.error(
            "Cannot mix legacy and new configuration approaches. Legacy configurations (table.whitelist, "
            "table.blacklist, timestamp.column.name, incrementing.column.name) cannot be used together with new "
            "configurations (table.include.list, table.exclude.list, timestamp.columns.mapping, "
            "incrementing.column.mapping). Please choose one approach: either use all legacy configurations or all "
            "new configurations.",
            *old,
            *new,
        )
    if not old and not new:
        check.error(
            "At least one table filtering configuration is required. Provide one of: table.whitelist, "
            "table.blacklist, table.include.list, or table.exclude.list.",
            *_FILTERS,
        )


def _one_query(check: _Check) -> None:
    if len(check.queries) > 1:
        check.error(
            "Both 'query' and 'query.masked' configs cannot be set at the same time. Please use only one of them.",
            *_QUERIES,
        )


def _query_or_tables(check: _Check) -> None:
    if check.query and check.given(_FILTERS):
        check.error(
            "Do not specify table filtering configs with 'query'. Remove table.whitelist / table.blacklist / "
            "table.include.list / table.exclude.list when using query mode or 'query' when using table filtering mode.",
            *check.given(_FILTERS),
            *_QUERIES,
        )


def _select(check: _Check) -> None:
    for name, query in check.queries.items():
        if not _SELECT.match(query):
            check.error(
                f"Only SELECT statements are supported for '{name}'. Please provide a statement that starts with "
                "SELECT.",
                name,
            )


def _exclude_list(check: _Check) -> None:
    if check["table.exclude.list"] and not check["table.include.list"]:
        check.error(
            "table.exclude.list cannot be used without table.include.list. Exclude list only applies to tables that "
            "match the include list.",
            "table.exclude.list",
        )


def _mappings(check: _Check) -> None:
    """With one of the new keys, columns are to be given by the mappings that the mode needs, and by no other."""
    if not check.given(_NEW_KEYS):
        return
    for key, word in (("timestamp.columns.mapping", "timestamp"), ("incrementing.column.mapping", "incrementing")):
        needed = word in check["mode"].split("+")
        if needed == bool(check[key]):
            continue
        modes = f"'{word}' or 'timestamp+incrementing'"
        check.error(
            f"{word.capitalize()} column configuration must be provided when using mode {modes}. Provide '{key}'."
            if needed
            else f"{word.capitalize()} column configurations should not be provided if mode is not {modes}. "
            f"Remove '{key}'.",
            "mode",
        )
        return


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
    more = {name: check.properties[name] for name in ("driver.name", "dialect.name") if name in check.properties}
    settings = Settings({**needed, **more})
    try:
        session = connect(settings, settings.database(), lambda _seconds: False)
    except (SqlError, ConfigException) as error:
        check.error(f"Could not connect to database. {error}", "connection.url")
        return
    if session is None:
        return
    try:
        if check.query:
            _query(check, session)
    finally:
        session.close()


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


_CHECKS = (
    _isolation,
    _old_and_new_keys,
    _one_query,
    _query_or_tables,
    _select,
    _tracking_of_query,
    _connection,
    _exclude_list,
    _mappings,
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
        log.warning("%s: table.blacklist has no say beside table.whitelist", name)
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
