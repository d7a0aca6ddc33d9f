"""Java client properties in kafka-python's terms: the library that speaks for the worker in its group."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from connect.api.keystores import Identity, identify, trusting
from connect.kafka import security

_NUMBERS = {
    "request.timeout.ms": ("request_timeout_ms", 40_000),
    "reconnect.backoff.ms": ("reconnect_backoff_ms", 50),
    "reconnect.backoff.max.ms": ("reconnect_backoff_max_ms", 1_000),
    "metadata.max.age.ms": ("metadata_max_age_ms", 300_000),
}


def settings(properties: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a connection. Raises ConfigException for a login that kafka-python can't perform."""
    found: dict[str, Any] = {
        "bootstrap_servers": [part.strip() for part in properties["bootstrap.servers"].split(",") if part.strip()],
        "client_id": properties["client.id"],
    }
    for key, (ours, default) in _NUMBERS.items():
        found[ours] = int(properties.get(key, default))
    config: dict[str, Any] = {}
    security.translate(properties, config, [])
    protocol = str(config["security.protocol"]).upper()
    found["security_protocol"] = protocol
    if "SSL" in protocol:
        found["ssl_context"] = _context(config)
    if protocol.startswith("SASL"):
        found |= _login(config)
    return found


def _login(config: Mapping[str, Any]) -> dict[str, Any]:
    mechanism = config["sasl.mechanism"]
    if mechanism == "GSSAPI":
        service = config.get("sasl.kerberos.service.name", "kafka")
        return {"sasl_mechanism": mechanism, "sasl_kerberos_service_name": service}
    if "sasl.username" in config:
        return {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": config["sasl.username"],
            "sasl_plain_password": config["sasl.password"],
        }
    from connect.kafka.oauth import TokenProvider  # only here: the library takes long to load

    return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": TokenProvider(config)}


def _context(config: Mapping[str, Any]) -> ssl.SSLContext:
    context = trusting("ssl.truststore.location", "", config.get("ssl.ca.pem"))
    context.check_hostname = config["ssl.endpoint.identification.algorithm"] != "none"
    if "ssl.certificate.pem" in config:
        texts = dict.fromkeys((config["ssl.key.pem"], config["ssl.certificate.pem"]))  # one text may hold both
        identity = Identity("\n".join(texts), encrypted=True)
        identify(context, "ssl.keystore.location", "", identity, config.get("ssl.key.password"))
    return context
