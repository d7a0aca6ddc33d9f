"""Java's ``ssl.*`` and ``sasl.*`` client properties in librdkafka's terms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connect.api.errors import ConfigException
from connect.api.keystores import read_certificates, read_identity


def key_set(names: str) -> frozenset[str]:
    """Keys from a text with blanks between them."""
    return frozenset(names.split())


PLAIN_KEYS = {
    "sasl.kerberos.service.name": "sasl.kerberos.service.name",
    "sasl.oauthbearer.token.endpoint.url": "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.client.credentials.client.id": "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.credentials.client.secret": "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.scope": "sasl.oauthbearer.scope",
}
HANDLED = key_set(
    """
    security.protocol sasl.mechanism sasl.jaas.config ssl.key.password ssl.endpoint.identification.algorithm
    ssl.truststore.type ssl.truststore.location ssl.truststore.password ssl.truststore.certificates ssl.keystore.type
    ssl.keystore.location ssl.keystore.password ssl.keystore.key ssl.keystore.certificate.chain
    """
)
NO_MEANING = key_set(
    """
    ssl.protocol ssl.provider ssl.enabled.protocols ssl.keymanager.algorithm ssl.trustmanager.algorithm
    ssl.secure.random.implementation sasl.kerberos.kinit.cmd sasl.kerberos.ticket.renew.jitter
    sasl.kerberos.ticket.renew.window.factor sasl.kerberos.min.time.before.relogin sasl.login.connect.timeout.ms
    sasl.login.read.timeout.ms sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds
    sasl.login.refresh.window.factor sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms
    sasl.login.retry.backoff.ms sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.header.urlencode
    sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
    sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.scope.claim.name
    sasl.oauthbearer.sub.claim.name
    """
)
"""Timing and providers of Java's own security code: librdkafka and OpenSSL have theirs."""

OAUTH_HANDLER = "OAuthBearerLoginCallbackHandler"
_OPTION = re.compile(r"""([\w.\-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;"']+))""")


def knows(key: str) -> bool:
    """True for keys that ``translate`` obeys, and those that need no counterpart."""
    return key in HANDLED or key in PLAIN_KEYS or key in NO_MEANING or key == "sasl.login.callback.handler.class"


def translate(properties: Mapping[str, str], config: dict[str, Any], ignored: list[str]) -> None:
    """Add librdkafka's security settings to ``config``, and keys it can't obey to ``ignored``.

    Raises ConfigException for a keystore that can't be read or a login module that isn't supported.
    """
    protocol = properties.get("security.protocol", "PLAINTEXT").strip().upper()
    config["security.protocol"] = protocol.lower()
    if "SSL" in protocol:
        _trust(properties, config)
        _identity(properties, config)
        algorithm = properties.get("ssl.endpoint.identification.algorithm", "https").strip().lower()
        config["ssl.endpoint.identification.algorithm"] = algorithm or "none"
    if protocol.startswith("SASL"):
        config.update(
            {ours: properties[key] for key, ours in PLAIN_KEYS.items() if key in properties and "sasl" in ours}
        )
        _login(properties, config)
    handler = properties.get("sasl.login.callback.handler.class", "")
    if handler and not handler.endswith(OAUTH_HANDLER):
        ignored.append("sasl.login.callback.handler.class")


def _trust(properties: Mapping[str, str], config: dict[str, Any]) -> None:
    location = properties.get("ssl.truststore.location")
    if properties.get("ssl.truststore.certificates"):
        config["ssl.ca.pem"] = _pem(properties["ssl.truststore.certificates"])
    elif location:
        password = properties.get("ssl.truststore.password")
        config["ssl.ca.pem"] = read_certificates("ssl.truststore.location", location, password)


def _identity(properties: Mapping[str, str], config: dict[str, Any]) -> None:
    location, key_password = properties.get("ssl.keystore.location"), properties.get("ssl.key.password")
    encrypted = True
    if properties.get("ssl.keystore.key"):
        config["ssl.key.pem"] = _pem(properties["ssl.keystore.key"])
        config["ssl.certificate.pem"] = _pem(properties.get("ssl.keystore.certificate.chain", ""))
    elif location:
        store_password = properties.get("ssl.keystore.password")
        found, encrypted = read_identity("ssl.keystore.location", location, store_password, key_password)
        config["ssl.key.pem"] = config["ssl.certificate.pem"] = found
    if key_password and encrypted:
        config["ssl.key.password"] = key_password


def _pem(text: str) -> str:
    """PEM as a properties file may hold it: on one line with literal ``\\n``, or with blanks for line ends."""
    text = text.replace("\\n", "\n").strip()
    if "\n" in text:
        return text + "\n"
    blocks = re.findall(r"(-----BEGIN [A-Z0-9 ]+-----)\s*(.*?)\s*(-----END [A-Z0-9 ]+-----)", text)
    return "".join(f"{begin}\n{body.replace(' ', chr(10))}\n{end}\n" for begin, body, end in blocks)


def _login(properties: Mapping[str, str], config: dict[str, Any]) -> None:
    mechanism = properties.get("sasl.mechanism", "GSSAPI").strip()
    config["sasl.mechanism"] = mechanism
    module, options = parse_jaas(properties.get("sasl.jaas.config", ""))
    if mechanism == "OAUTHBEARER":
        _oauthbearer(options, config)
    elif mechanism == "GSSAPI":
        _kerberos(options, config)
    elif mechanism == "PLAIN" or mechanism.startswith("SCRAM-"):
        if "username" not in options or "password" not in options:
            reason = f"mechanism {mechanism} needs a login module with username and password"
            raise ConfigException(f"sasl.jaas.config: {reason}, found {module or 'nothing'}")
        config["sasl.username"] = options["username"]
        config["sasl.password"] = options["password"]
    else:
        raise ConfigException("sasl.mechanism", mechanism, "PLAIN, SCRAM, OAUTHBEARER and GSSAPI are supported")


def parse_jaas(text: str) -> tuple[str, dict[str, str]]:
    """Login module and options of ``sasl.jaas.config``: ``Module required a="b" c='d' e=f;``."""
    module, _, rest = text.strip().partition(" ")
    options = {}
    for name, double, single, bare in _OPTION.findall(rest):
        options[name] = bare or re.sub(r"\\(.)", r"\1", double or single)
    return module, options


def _oauthbearer(options: Mapping[str, str], config: dict[str, Any]) -> None:
    if "sasl.oauthbearer.token.endpoint.url" in config:
        config["sasl.oauthbearer.method"] = "oidc"
        for option, ours in (("clientId", "client.id"), ("clientSecret", "client.secret"), ("scope", "scope")):
            if option in options:
                config[f"sasl.oauthbearer.{ours}"] = options[option]
        extensions = [f"{name[10:]}={value}" for name, value in options.items() if name.startswith("extension_")]
        if extensions:
            config["sasl.oauthbearer.extensions"] = ",".join(extensions)
        return
    principal = options.get("unsecuredLoginPrincipalClaimName", "sub")
    claims = {name[26:]: value for name, value in options.items() if name.startswith("unsecuredLoginStringClaim_")}
    if principal not in claims:
        raise ConfigException(
            "sasl.oauthbearer.token.endpoint.url: mechanism OAUTHBEARER needs this address, or a login module with"
            f" unsecuredLoginStringClaim_{principal} for tests"
        )
    config["enable.sasl.oauthbearer.unsecure.jwt"] = "true"
    config["sasl.oauthbearer.config"] = f"principalClaimName={principal} principal={claims[principal]}"


def _kerberos(options: Mapping[str, str], config: dict[str, Any]) -> None:
    for option, ours in (("keyTab", "sasl.kerberos.keytab"), ("principal", "sasl.kerberos.principal")):
        if option in options:
            config[ours] = options[option]
    if "serviceName" in options:
        config.setdefault("sasl.kerberos.service.name", options["serviceName"])
