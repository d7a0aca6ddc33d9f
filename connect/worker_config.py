"""The worker's own settings: what there is, what it defaults to, and what is wrong with a worker's properties."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Mapping
from typing import Any

from connect.api import ConfigException
from connect.api.config_def import NO_DEFAULT, ConfigDef, ConfigType, Importance, Key, Validator
from connect.api.validators import (
    CaseInsensitiveValidString,
    LambdaValidator,
    Range,
    ValidList,
    ValidString,
)
from connect.kafka.key_table import read_keys
from connect.kafka.security_keys import OAUTH, SASL, SECURITY_VALIDATORS, SSL

log = logging.getLogger(__name__)

_COMMON = """
bootstrap.servers LIST HIGH !  Brokers of the Kafka cluster to begin with.
client.dns.lookup STRING MEDIUM use_all_dns_ips  How several addresses of a broker are used.
key.converter CLASS HIGH !  Converter for keys, where a connector doesn't name its own.
key.converter.plugin.version STRING LOW -  Which version of it.
value.converter CLASS HIGH !  Converter for values, where a connector doesn't name its own.
value.converter.plugin.version STRING LOW -  Which version of it.
task.shutdown.graceful.timeout.ms LONG LOW 5000  How long tasks may take to stop before they are killed, in ms.
offset.flush.interval.ms LONG LOW 60000  How often offsets are committed, in ms.
offset.flush.timeout.ms LONG LOW 5000  How long a commit of source offsets may take, in ms.
plugin.path LIST LOW -  Folders with plugins, each with what it needs.
plugin.discovery STRING LOW hybrid_warn  Without effect: plugins are found by manifests and package metadata.
metrics.sample.window.ms LONG LOW 30000  The length of a metrics sample, in ms.
metrics.num.samples INT LOW 2  How many samples make a metric.
metrics.recording.level STRING LOW INFO  How many metrics are kept.
metric.reporters LIST LOW org.apache.kafka.common.metrics.JmxReporter  Classes that pass metrics on (see observability).
header.converter CLASS LOW org.apache.kafka.connect.storage.SimpleHeaderConverter  Converter for headers.
header.converter.plugin.version STRING LOW -  Which version of it.
config.providers LIST LOW ''  Names of the providers that ${...} in configurations refers to.
connector.client.config.override.policy STRING MEDIUM All  Which client settings connectors may change.
topic.creation.enable BOOLEAN LOW true  Whether source connectors may have their topics created.
"""

_REST = """
topic.tracking.enable BOOLEAN LOW true  Whether the topics that connectors use are kept.
topic.tracking.allow.reset BOOLEAN LOW true  Whether users may reset them.
listeners LIST LOW http://:8083  Where the REST API is served, as URLs.
rest.advertised.host.name STRING LOW -  The host under which other workers reach this one.
rest.advertised.port INT LOW -  The port under which other workers reach this one.
rest.advertised.listener STRING LOW -  http or https: how other workers reach this one.
access.control.allow.origin STRING LOW ''  Which web pages may use the REST API; none when empty.
access.control.allow.methods STRING LOW ''  With which methods.
response.http.headers.config STRING LOW ''  Headers for all answers, such as 'add X-Frame-Options:DENY'.
ssl.client.auth STRING LOW none  Whether clients of https listeners need a certificate.
rest.extension.classes LIST LOW ''  Classes that watch over requests.
admin.listeners LIST LOW -  Where /admin is served; with the rest when unset, nowhere when empty.
"""

_DISTRIBUTED = """
group.id STRING HIGH !  The name of the workers' group: the Connect cluster.
session.timeout.ms INT HIGH 10000  When a silent worker is given up, in ms.
rebalance.timeout.ms INT HIGH 60000  How long workers may take to join a rebalance, in ms.
heartbeat.interval.ms INT HIGH 3000  How often a worker reports to its group, in ms.
exactly.once.source.support STRING HIGH disabled  Whether sources may be exactly-once.
metadata.max.age.ms LONG LOW 300000  How often metadata is read anew, in ms.
client.id STRING LOW ''  The name by which brokers know the worker.
send.buffer.bytes INT MEDIUM 131072  The socket's send buffer.
receive.buffer.bytes INT MEDIUM 32768  The socket's receive buffer.
reconnect.backoff.ms LONG LOW 50  The first wait before connecting again, in ms.
reconnect.backoff.max.ms LONG LOW 1000  The longest wait before connecting again, in ms.
socket.connection.setup.timeout.ms LONG LOW 10000  How long a connection may take, in ms.
socket.connection.setup.timeout.max.ms LONG LOW 30000  How long a connection may take after failures, in ms.
retry.backoff.ms LONG LOW 100  The first wait before a request is sent again, in ms.
retry.backoff.max.ms LONG LOW 1000  The longest wait before a request is sent again, in ms.
request.timeout.ms INT MEDIUM 40000  How long to wait for a broker's answer, in ms.
connections.max.idle.ms LONG MEDIUM 540000  When an idle connection is closed, in ms.
security.protocol STRING MEDIUM PLAINTEXT  PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
"""

_CLUSTER = """
worker.sync.timeout.ms INT MEDIUM 3000  How long a worker that lags behind tries to catch up, in ms.
worker.unsync.backoff.ms INT MEDIUM 300000  How long it stays out of the group when that fails, in ms.
offset.storage.topic STRING HIGH !  The topic for source offsets.
offset.storage.partitions INT LOW 25  Its partitions when it is created.
offset.storage.replication.factor SHORT LOW 3  Its replicas when it is created.
config.storage.topic STRING HIGH !  The topic for connector and task configurations.
config.storage.replication.factor SHORT LOW 3  Its replicas when it is created.
status.storage.topic STRING HIGH !  The topic for states.
status.storage.partitions INT LOW 5  Its partitions when it is created.
status.storage.replication.factor SHORT LOW 3  Its replicas when it is created.
connect.protocol STRING LOW sessioned  How work is shared; sessioned also signs requests between workers.
scheduled.rebalance.max.delay.ms INT LOW 300000  How long work of a lost worker waits for its return, in ms.
inter.worker.key.ttl.ms INT LOW 3600000  How long a key for requests between workers is good, in ms.
inter.worker.key.generation.algorithm STRING LOW HmacSHA256  What that key is for.
inter.worker.key.size INT LOW -  The key's size in bits.
inter.worker.signature.algorithm STRING LOW HmacSHA256  How requests between workers are signed.
inter.worker.verification.algorithms LIST LOW HmacSHA256  Which signatures are accepted.
metadata.recovery.strategy STRING LOW rebootstrap  What to do when no known broker answers.
metadata.recovery.rebootstrap.trigger.ms LONG LOW 300000  How long none may answer before that, in ms.
"""

_OWN_KEYS = frozenset(
    {
        "audit.log.file",
        "connector.client.config.override.allowlist",
        "drain.on.shutdown",
        "drain.timeout.ms",
        "leave.on.crash",
        "offset.storage.file.filename",
        "rest.basic.auth.read.only.users",
        "rest.basic.auth.users.file",
        "task.isolation",
        "tasks.per.process",
    }
)
_PREFIXES = (
    "producer.", "consumer.", "admin.", "key.converter.", "value.converter.", "header.converter.", "config.providers.",
    "listeners.https.", "admin.listeners.https.", "config.storage.", "offset.storage.", "status.storage.",
    "metrics.context.", "librdkafka.",
)  # fmt: skip
_LISTENER = re.compile(r"(?i)https?://\[?[0-9a-z\-%._:]*\]?:-?\d+")
_MAC_ALGORITHMS = ("HmacMD5", "HmacSHA1", "HmacSHA224", "HmacSHA256", "HmacSHA384", "HmacSHA512")


def _count(what: str) -> LambdaValidator:
    def check(name: str, value: Any) -> None:
        if value is None or (value < 1 and value != -1):
            raise ConfigException(name, value, what)

    return LambdaValidator(check, what)


def _listeners(name: str, value: Any) -> None:
    if not value:
        raise ConfigException(f"Invalid value for {name}, at least one URL is expected, ex: http://localhost:8080.")
    for listener in value:
        if not listener:
            raise ConfigException("Empty URL found when parsing listeners list.")
        if not _LISTENER.match(listener):
            raise ConfigException(
                "Listener doesn't have the right format (http://hostname:port or https://hostname:port): " + listener
            )


def _protocol(name: str, value: Any) -> None:
    if str(value).lower() not in ("eager", "compatible", "sessioned"):
        raise ConfigException(name, value, "Invalid Connect protocol compatibility")


def _algorithm(name: str, value: Any) -> None:
    for each in value if isinstance(value, list) else [value]:
        if each not in _MAC_ALGORITHMS:
            raise ConfigException(
                name, each, f"the algorithm isn't known; expected one of {', '.join(_MAC_ALGORITHMS)}"
            )


def _algorithms(name: str, value: Any) -> None:
    if not value:
        raise ConfigException(name, value, "At least one signature verification algorithm must be provided")
    _algorithm(name, value)


_PARTITIONS = _count("Positive number, or -1 to use the broker's default")
_REPLICAS = _count(
    "Positive number not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"
)
_HEADER_RULES = (
    "Comma-separated header rules, where each header rule is of the form '[action] [header name]:[header value]' and "
    "optionally surrounded by double quotes if any part of a header rule contains a comma"
)
_LISTS = (
    "bootstrap.servers",
    "plugin.path",
    "metric.reporters",
    "config.providers",
    "ssl.cipher.suites",
    "ssl.enabled.protocols",
    "rest.extension.classes",
    "admin.listeners",
    "sasl.oauthbearer.expected.audience",
)
_VALIDATORS: dict[str, Validator] = {
    **SECURITY_VALIDATORS,
    **dict.fromkeys(_LISTS, ValidList(null_allowed=True)),
    "client.dns.lookup": ValidString("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
    "plugin.discovery": CaseInsensitiveValidString("only_scan", "service_load", "hybrid_warn", "hybrid_fail"),
    "metrics.sample.window.ms": Range(0),
    "metrics.num.samples": Range(1),
    "metrics.recording.level": ValidString("INFO", "DEBUG"),
    "listeners": LambdaValidator(
        _listeners, "List of comma-separated URLs, ex: http://localhost:8080,https://localhost:8443."
    ),
    "response.http.headers.config": LambdaValidator(lambda _name, _value: None, _HEADER_RULES),
    "ssl.client.auth": ValidString("required", "requested", "none"),
    "exactly.once.source.support": CaseInsensitiveValidString("disabled", "enabled", "preparing"),
    "security.protocol": CaseInsensitiveValidString("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"),
    "send.buffer.bytes": Range(-1),
    "receive.buffer.bytes": Range(-1),
    "offset.storage.partitions": _PARTITIONS,
    "status.storage.partitions": _PARTITIONS,
    "offset.storage.replication.factor": _REPLICAS,
    "config.storage.replication.factor": _REPLICAS,
    "status.storage.replication.factor": _REPLICAS,
    "connect.protocol": LambdaValidator(_protocol, "[eager, compatible, sessioned]"),
    "scheduled.rebalance.max.delay.ms": Range(0, 2**31 - 1),
    "inter.worker.key.ttl.ms": Range(0, 2**31 - 1),
    "inter.worker.key.generation.algorithm": LambdaValidator(
        _algorithm, "Any KeyGenerator algorithm supported by the worker JVM"
    ),
    "inter.worker.signature.algorithm": LambdaValidator(_algorithm, "Any MAC algorithm supported by the worker JVM"),
    "inter.worker.verification.algorithms": LambdaValidator(
        _algorithms, "A list of one or more MAC algorithms, each supported by the worker JVM"
    ),
    "metadata.recovery.strategy": CaseInsensitiveValidString("rebootstrap", "none"),
    **dict.fromkeys(
        (
            "metadata.max.age.ms",
            "reconnect.backoff.ms",
            "reconnect.backoff.max.ms",
            "socket.connection.setup.timeout.ms",
            "socket.connection.setup.timeout.max.ms",
            "retry.backoff.ms",
            "retry.backoff.max.ms",
            "request.timeout.ms",
            "metadata.recovery.rebootstrap.trigger.ms",
        ),
        Range(0),
    ),
}

_BASE_KEYS = tuple(read_keys(_COMMON + SSL + _REST, _VALIDATORS))
STANDALONE_CONFIG = ConfigDef(
    *_BASE_KEYS,
    Key(
        "offset.storage.file.filename",
        ConfigType.STRING,
        NO_DEFAULT,
        "The file in which source offsets are kept.",
        Importance.HIGH,
    ),
)
DISTRIBUTED_CONFIG = ConfigDef(*_BASE_KEYS, *read_keys(_DISTRIBUTED + SASL + OAUTH + _CLUSTER, _VALIDATORS))


def read_worker_config(properties: Mapping[str, str], *, standalone: bool) -> dict[str, Any]:
    """A worker's settings, parsed. Warns about keys that look like typing errors. Raises ConfigException."""
    definition = STANDALONE_CONFIG if standalone else DISTRIBUTED_CONFIG
    parsed = definition.parse(properties)
    if not standalone:
        _check_signatures(parsed)
    for key, known in misspelt(properties).items():
        log.warning("The worker setting '%s' is unknown. Did you mean '%s'?", key, known)
    return parsed


def misspelt(properties: Mapping[str, str]) -> dict[str, str]:
    """The keys that nobody knows but that look like ones that somebody does, with what they look like."""
    known = [*STANDALONE_CONFIG.keys, *DISTRIBUTED_CONFIG.keys, *_OWN_KEYS]
    unknown = [key for key in properties if key not in known and not key.startswith(_PREFIXES)]
    guesses = {key: difflib.get_close_matches(key, known, 1, 0.85) for key in unknown}
    return {key: guess[0] for key, guess in guesses.items() if guess}


def _check_signatures(parsed: Mapping[str, Any]) -> None:
    algorithm = parsed["inter.worker.signature.algorithm"]
    if algorithm not in parsed["inter.worker.verification.algorithms"]:
        raise ConfigException(
            "inter.worker.signature.algorithm",
            algorithm,
            "Signature algorithm must be present in inter.worker.verification.algorithms list",
        )
