"""Checks across keys, and against the cluster, when a connector is created or changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from connect.api import ConfigException, ConfigValue, ConnectException
from connectors.elasticsearch.client import NO_KERBEROS, Door, HttpDoor, RequestFailed, Response
from connectors.elasticsearch.config import CONFIG
from connectors.elasticsearch.naming import IndexNamer
from connectors.elasticsearch.resources import MAPPING, resource_mapping
from connectors.elasticsearch.retries import describe_answer
from connectors.elasticsearch.server import detect
from connectors.elasticsearch.settings import ConnectionSettings, ResourceUsage, Settings
from connectors.elasticsearch.tls_keys import TLS_PREFIX

log = logging.getLogger(__name__)

OpenDoor = Callable[[ConnectionSettings], Door]
_ANSWERS_OF_LIVING_SERVERS = (403, 405)
"""To ``GET /``: it may be forbidden, and is a module that version 8 may come without."""
_KEY_CHANGERS = ("ValueToKey", "$Key")


def validate(properties: Mapping[str, str], open_door: OpenDoor = HttpDoor) -> list[ConfigValue]:
    """Every key with what is wrong about it. The cluster is only asked when nothing is wrong so far."""
    values = CONFIG.validate(properties)
    if any(value.errors for value in values):
        return values
    check = _Check(properties, values)
    for rule in _RULES:
        rule(check)
    if not check.failed:
        _warn_about_versions(check)
        _cluster(check, open_door)
    return values


class _Check:
    """The parsed values, and a place for errors."""

    def __init__(self, properties: Mapping[str, str], values: list[ConfigValue]) -> None:
        self.properties = properties
        self.config: dict[str, Any] = {value.name: value.value for value in values}
        self._values = {value.name: value for value in values}
        self.failed = False

    def __getitem__(self, name: str) -> Any:
        return self.config[name]

    def word(self, name: str) -> str:
        """An enumeration's value, in lower case."""
        return str(self.config[name]).lower()

    @property
    def is_data_stream(self) -> bool:
        """True where documents go into data streams, new or existing ones."""
        usage = ResourceUsage(self.word("external.resource.usage"))
        if usage is not ResourceUsage.DISABLED:
            return usage.is_data_stream
        return self.word("data.stream.type") != "none" and bool(self.config["data.stream.dataset"])

    def error(self, text: str, *names: str) -> None:
        """Say the same about several keys."""
        self.failed = True
        for name in names:
            self._values[name].errors.append(text)


def _credentials(check: _Check) -> None:
    names = ("connection.username", "connection.password")
    if (check[names[0]] is None) != (check[names[1]] is None):
        check.error("Both 'connection.username' and 'connection.password' must be set.", *names)


def _external_resources(check: _Check) -> None:
    usage = "external.resource.usage"
    if (check.word(usage) != "disabled") != bool(check[MAPPING]):
        check.error(
            f"Invalid configuration: {usage} and {MAPPING} must be configured together. Either both must be set, or"
            " both must be empty.",
            usage,
            MAPPING,
        )
        return
    if not check[MAPPING]:
        return
    if check.word("data.stream.type") != "none" or check["data.stream.dataset"]:
        check.error(
            f"Resource mapping mode and data stream configs are mutually exclusive. When using {MAPPING}, data stream"
            " configs (data.stream.type, data.stream.dataset) must not be set.",
            MAPPING,
            "data.stream.type",
            "data.stream.dataset",
        )
        return
    try:
        mapped = resource_mapping(check.config)
    except ConfigException as error:
        check.error(str(error), MAPPING)
        return
    _same_topics(check, mapped)


def _same_topics(check: _Check, mapped: Mapping[str, str]) -> None:
    """Topics by pattern can't be compared: one without a resource fails the task when it turns up."""
    if "topics" not in check.properties:
        return
    topics = [topic.strip() for topic in check.properties["topics"].split(",") if topic.strip()]
    for topic in topics:
        if topic not in mapped:
            text = f"Topic '{topic}' is not mapped to any resource. All configured topics must be mapped to a resource."
            check.error(text, MAPPING)
            return
    for topic in mapped:
        if topic not in topics:
            text = f"Topic '{topic}' is mapped but not configured. All mapped topics must be configured topics."
            check.error(text, MAPPING)
            return


def _data_stream(check: _Check) -> None:
    names = ("data.stream.type", "data.stream.dataset")
    has_type, has_dataset = check.word(names[0]) != "none", bool(check[names[1]])
    if has_type != has_dataset:
        check.error("Either both or neither 'data.stream.dataset' and 'data.stream.type' must be set.", *names)
    if not check.is_data_stream:
        if check["data.stream.timestamp.field"]:
            check.error(
                "Mapping a field to the '@timestamp' field is only necessary when working with data streams."
                " 'data.stream.timestamp.field' must not be set when not using data streams.",
                "data.stream.timestamp.field",
            )
    elif check.word("write.method") == "upsert":
        check.error(
            "Upserts are not supported with data streams. write.method must not be UPSERT when using data streams.",
            "write.method",
        )
    elif check.word("behavior.on.null.values") == "delete":
        check.error(
            "Deletes are not supported with data streams. behavior.on.null.values must not be DELETE when using data"
            " streams.",
            "behavior.on.null.values",
        )


def _ignored(check: _Check) -> None:
    for what in ("key", "schema"):
        every, some = f"{what}.ignore", f"topic.{what}.ignore"
        if check[every] and check[some]:
            check.error(f"'{some}' can not be set if '{every}' is true.", every, some)


def _kerberos(check: _Check) -> None:
    """Refused in the end, since it can't be done here, but wrong combinations are told first."""
    principal, keytab = "kerberos.user.principal", "kerberos.keytab.path"
    if check[principal] is None and check[keytab] is None:
        return
    failed_before, check.failed = check.failed, False
    if check[principal] is None or check[keytab] is None:
        check.error(f"Either both or neither '{principal}' and '{keytab}' must be set.", principal, keytab)
    user, password = "connection.username", "connection.password"
    if check[user] is not None and check[password] is not None:
        text = (
            f"Either only Kerberos ({principal}, {keytab}) or connection credentials ({user}, {password}) must be set."
        )
        check.error(text, principal, keytab, user, password)
    if check["proxy.host"]:
        text = f"Kerberos ({principal}, {keytab}) is not supported with proxy settings (proxy.host)."
        check.error(text, principal, keytab, "proxy.host")
    if not check.failed:
        check.error(NO_KERBEROS, principal)
    check.failed = check.failed or failed_before


def _timing(check: _Check) -> None:
    linger, flush = check["linger.ms"], check["flush.timeout.ms"]
    if linger > flush:
        text = f"'linger.ms' ({linger}) can not be larger than 'flush.timeout.ms' ({flush})."
        check.error(text, "linger.ms", "flush.timeout.ms")


def _proxy(check: _Check) -> None:
    user, password = "proxy.username", "proxy.password"
    given = [name for name in (user, password) if check[name]]
    if not check["proxy.host"]:
        for name in given:
            check.error(f"'proxy.host' must be set to use '{name}'.", name, "proxy.host")
    elif len(given) == 1:
        check.error(f"Either both or neither '{user}' and '{password}' can be set.", user, password)


def _tls(check: _Check) -> None:
    given = any(name.startswith(TLS_PREFIX) for name in check.properties)
    if check.word("elastic.security.protocol") == "ssl":
        if not given:
            check.error(
                "At least these SSL configs ('elastic.https.ssl.keystore.location',"
                " 'elastic.https.ssl.keystore.password', 'elastic.https.ssl.truststore.location', and"
                " 'elastic.https.ssl.truststore.password') must be present for SSL support. Otherwise set"
                " 'elastic.security.protocol' to 'PLAINTEXT'.",
                "elastic.security.protocol",
            )
    elif given:
        check.error("'elastic.security.protocol' must be set to 'SSL' to use SSL configs.", "elastic.security.protocol")


def _ours(check: _Check) -> None:
    if check["connection.api.key"] is not None and check["connection.username"] is not None:
        text = "Either an API key or user and password can be set."
        check.error(text, "connection.api.key", "connection.username")
    strategy = check.word("external.version.strategy")
    if strategy in ("header", "field") and not check[f"external.version.{strategy}"]:
        text = f"'external.version.{strategy}' must be set when 'external.version.strategy' is {strategy}."
        check.error(text, f"external.version.{strategy}", "external.version.strategy")
    if check["update.script"] and check.word("write.method") != "upsert":
        check.error("'update.script' needs 'write.method' to be upsert.", "update.script", "write.method")
    if not check.failed:
        try:
            IndexNamer(Settings.read(check.properties).target)
        except ConfigException as error:
            check.error(str(error), "index.name.format")


_RULES = (
    _credentials,
    _external_resources,
    _data_stream,
    _ignored,
    _kerberos,
    _timing,
    _proxy,
    _tls,
    _ours,
)


def _warn_about_versions(check: _Check) -> None:
    """Offsets order the records of one partition only: say so where the partitions may not follow the keys."""
    strategy, name = check.word("external.version.strategy"), check.properties.get("name", "")
    by_offset = strategy == "offset" or (strategy == "auto" and not check["external.version.header"])
    if check["key.ignore"] or not by_offset:
        return
    aliases = [alias.strip() for alias in check.properties.get("transforms", "").split(",")]
    types = [check.properties.get(f"transforms.{alias}.type", "") for alias in aliases]
    if any(each.endswith(_KEY_CHANGERS) for each in types):
        log.warning(
            "%s: transformations make the key, so records of one key may come from several partitions, and their"
            " offsets don't tell which is newer; consider external.version.strategy=header, field or none",
            name,
        )
    if check.word("write.method") == "upsert" and check.word("behavior.on.null.values") == "delete":
        log.warning(
            "%s: updates carry no version, deletes the offset: the server ignores a delete whose offset is not above"
            " the document's version; external.version.strategy=none makes all deletes count",
            name,
        )


def _cluster(check: _Check, open_door: OpenDoor) -> None:
    url = "connection.url"
    if not check[url]:
        check.error("Malformed Elasticsearch connection URL: hosts must not be null nor empty", url)
        return
    settings = Settings.read(check.properties)
    try:
        door = open_door(settings.connection)
    except (ConfigException, ConnectException) as error:
        check.error(f"Could not initialize the Elasticsearch client: {error}", url)
        return
    try:
        _server(check, door)
        if not check.failed:
            _resources(check, door, settings)
    except RequestFailed as error:
        _not_connected(check, f"Error message: {error}")
        check.error(
            "Could not initialize the Elasticsearch client. This may indicate the cluster is unreachable or there is a"
            f" transient infrastructure issue: {error}",
            url,
        )
    finally:
        door.close()


def _not_connected(check: _Check, reason: str) -> None:
    """Say it at each key that may be to blame."""
    check.error(f"Could not connect to Elasticsearch. {reason}", "connection.url")
    names = ("connection.username", "connection.password")
    if check[names[0]] is not None:
        text = f"Could not authenticate the user. Check the '{names[0]}' and '{names[1]}'. {reason}"
        check.error(text, *names)
    if check["connection.api.key"] is not None:
        text = f"Could not authenticate the user. Check the 'connection.api.key'. {reason}"
        check.error(text, "connection.api.key")
    if check.word("elastic.security.protocol") == "ssl":
        text = f"Could not connect to Elasticsearch. Check your SSL settings.{reason}"
        check.error(text, "elastic.security.protocol")
    if check["proxy.host"]:
        text = f"Could not connect to Elasticsearch. Check your proxy settings. {reason}"
        with_user = ("proxy.username", "proxy.password") if check["proxy.username"] else ()
        check.error(text, "proxy.host", "proxy.port", *with_user)


def _server(check: _Check, door: Door) -> None:
    root = door.request("GET", "/")
    if not root.ok and root.status not in _ANSWERS_OF_LIVING_SERVERS:
        _not_connected(check, f"Error message: {describe_answer(root)}")
        return
    server = detect(door)
    if not server.supported:
        check.error(f"Connector is not compatible with {server}; it needs version 6.8 or newer.", "connection.url")
    if check.is_data_stream and not server.has_data_streams:
        text = (
            f"Elasticsearch version {server.version_text} is not compatible with data streams. Elasticsearchversion"
            " must be at least 7.9.0."
        )
        check.error(text, "connection.url", "data.stream.type", "data.stream.dataset")


def _resources(check: _Check, door: Door, settings: Settings) -> None:
    usage = settings.target.resource_usage
    folder = "/_alias/" if usage.is_alias else "/"
    for resource in settings.target.resources.values():
        answer = door.request("HEAD", folder + quote(resource, safe=""))
        if not answer.ok:
            check.error(_missing(usage, resource, answer), MAPPING)
            return


def _missing(usage: ResourceUsage, resource: str, answer: Response) -> str:
    if answer.status == 404:
        return f"{usage.value} '{resource}' does not exist in Elasticsearch"
    return f"Failed to check if {usage.value} '{resource}' exists: {describe_answer(answer)}"
