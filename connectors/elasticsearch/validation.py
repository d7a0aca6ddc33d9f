"""Checks across keys, and against the cluster, when a connector is created or changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from connect.api import ConfigException, ConfigValue, ConnectException
from connectors.elasticsearch.client import NO_KERBEROS, Door, HttpDoor, RequestFailed
from connectors.elasticsearch.config import CONFIG
from connectors.elasticsearch.naming import IndexNamer
from connectors.elasticsearch.server import detect
from connectors.elasticsearch.settings import ConnectionSettings, ResourceUsage, Settings, resource_mapping
from connectors.elasticsearch.tls_keys import TLS_PREFIX

log = logging.getLogger(__name__)

OpenDoor = Callable[[ConnectionSettings], Door]
_KEY_CHANGERS = ("ValueToKey", "$Key")


def validate(properties: Mapping[str, str], open_door: OpenDoor = HttpDoor) -> list[ConfigValue]:
    """Every key with what is wrong about it. The cluster is only asked when nothing is wrong so far."""
    values = CONFIG.validate(properties)
    if any(value.errors for value in values):
        return values
    check = _Check(properties, values)
    for rule in (_credentials, _data_stream, _external_resources, _ignored, _kerberos, _timing, _proxy, _tls, _ours):
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

    def error(self, text: str, *names: str) -> None:
        """Say the same about several keys."""
        self.failed = True
        for name in names:
            self._values[name].errors.append(text)


def _credentials(check: _Check) -> None:
    names = ("connection.username", "connection.password")
    if (check[names[0]] is None) != (check[names[1]] is None):
        check.error("Both 'connection.username' and 'connection.password' must be set.", *names)


def _data_stream(check: _Check) -> None:
    names = ("data.stream.type", "data.stream.dataset")
    is_stream = check.word("data.stream.type") != "none" and bool(check["data.stream.dataset"])
    if (check.word("data.stream.type") != "none") != bool(check["data.stream.dataset"]):
        check.error("Either both or neither 'data.stream.dataset' and 'data.stream.type' must be set.", *names)
        return
    is_stream = is_stream or ResourceUsage(check.word("external.resource.usage")).is_data_stream
    if not is_stream:
        if check["data.stream.timestamp.field"]:
            check.error(
                "Mapping a field to the '@timestamp' field is only necessary when working with data streams."
                " 'data.stream.timestamp.field' must not be set when not using data streams.",
                "data.stream.timestamp.field",
            )
        return
    if check.word("write.method") == "upsert":
        check.error(
            "Upserts are not supported with data streams. write.method must not be UPSERT when using data streams.",
            "write.method",
        )
    if check.word("behavior.on.null.values") == "delete":
        check.error(
            "Deletes are not supported with data streams. behavior.on.null.values must not be DELETE when using data"
            " streams.",
            "behavior.on.null.values",
        )


def _external_resources(check: _Check) -> None:
    usage, mapping = "external.resource.usage", "topic.to.external.resource.mapping"
    pairs = resource_mapping(check.config)
    if (check.word(usage) != "disabled") != bool(pairs):
        check.error(
            f"Invalid configuration: {usage} and {mapping} must be configured together. Either both must be set, or"
            " both must be empty.",
            usage,
            mapping,
        )
        return
    if not pairs:
        return
    if check["data.stream.dataset"]:
        check.error(
            f"Resource mapping mode and data stream configs are mutually exclusive. When using {mapping}, data stream"
            " configs (data.stream.type, data.stream.dataset) must not be set.",
            mapping,
            "data.stream.type",
            "data.stream.dataset",
        )
    most = check["max.external.resource.mappings"]
    if len(pairs) > most:
        check.error(f"There are {len(pairs)} mappings; max.external.resource.mappings allows {most}.", mapping)
    topics = [topic.strip() for topic in check.properties.get("topics", "").split(",") if topic.strip()]
    for topic in topics:
        if topic not in pairs:
            check.error(
                f"Topic '{topic}' is not mapped to any resource. All configured topics must be mapped to a resource.",
                mapping,
            )


def _ignored(check: _Check) -> None:
    for what in ("key", "schema"):
        every, some = f"{what}.ignore", f"topic.{what}.ignore"
        if check[every] and check[some]:
            check.error(f"'{some}' can not be set if '{every}' is true.", every, some)


def _kerberos(check: _Check) -> None:
    principal, keytab = "kerberos.user.principal", "kerberos.keytab.path"
    if (check[principal] is None) != (check[keytab] is None):
        check.error(f"Either both or neither '{principal}' and '{keytab}' must be set.", principal, keytab)
        return
    if check[principal] is None:
        return
    if check["connection.username"] is not None:
        names = (principal, keytab, "connection.username", "connection.password")
        check.error("Either only Kerberos or only basic authentication can be set.", *names)
    if check["proxy.host"]:
        check.error("Kerberos is not supported with a proxy.", principal, keytab, "proxy.host")
    check.error(NO_KERBEROS, principal)


def _timing(check: _Check) -> None:
    linger, flush = check["linger.ms"], check["flush.timeout.ms"]
    if linger > flush:
        text = f"'linger.ms' ({linger}) can not be larger than 'flush.timeout.ms' ({flush})."
        check.error(text, "linger.ms", "flush.timeout.ms")


def _proxy(check: _Check) -> None:
    if check["proxy.host"]:
        if bool(check["proxy.username"]) != (check["proxy.password"] is not None):
            text = "Both 'proxy.username' and 'proxy.password' must be set."
            check.error(text, "proxy.username", "proxy.password")
        return
    for name in ("proxy.username", "proxy.password"):
        if check[name]:
            check.error(f"'proxy.host' must be set to use '{name}'.", "proxy.host", name)


def _tls(check: _Check) -> None:
    given = [name for name in check.properties if name.startswith(f"{TLS_PREFIX}ssl.") and check.properties[name]]
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
        check.error(f"Could not connect to Elasticsearch. Error message: {error}", url)
        check.error(
            "Could not initialize the Elasticsearch client. This may indicate the cluster is unreachable or there is a"
            f" transient infrastructure issue: {error}",
            url,
        )
    finally:
        door.close()


def _server(check: _Check, door: Door) -> None:
    if door.request("GET", "/").status == 401:
        names = (
            ("connection.api.key",) if check["connection.api.key"] else ("connection.username", "connection.password")
        )
        check.error("Could not connect to Elasticsearch. Error message: HTTP status 401, who is asking?", *names)
        return
    server = detect(door)
    if not server.supported:
        check.error(f"Connector is not compatible with {server}; it needs version 6.8 or newer.", "connection.url")
    wants_streams = check["data.stream.dataset"] or ResourceUsage(check.word("external.resource.usage")).is_data_stream
    if wants_streams and not server.has_data_streams:
        check.error(f"{server} has no data streams; they need version 7.9 or newer.", "connection.url")


def _resources(check: _Check, door: Door, settings: Settings) -> None:
    paths = {
        ResourceUsage.INDEX: ("HEAD", "/"),
        ResourceUsage.DATASTREAM: ("GET", "/_data_stream/"),
        ResourceUsage.ALIAS_INDEX: ("HEAD", "/_alias/"),
        ResourceUsage.ALIAS_DATASTREAM: ("HEAD", "/_alias/"),
    }
    usage = settings.target.resource_usage
    for resource in settings.target.resources.values():
        method, path = paths[usage]
        if door.request(method, path + quote(resource, safe="")).status == 404:
            text = f"{usage.value} '{resource}' does not exist in Elasticsearch"
            check.error(text, "topic.to.external.resource.mapping")
