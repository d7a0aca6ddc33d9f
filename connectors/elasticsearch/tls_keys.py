"""The keys for TLS: those of Kafka's clients under a prefix of their own."""

from __future__ import annotations

from connect.api import ConfigType, Importance, Key, Width
from connectors.elasticsearch.keys import HIGH, LOW, MEDIUM, one_of, suggest

TLS_PREFIX = "elastic.https."

_STRING, _PASSWORD, _LIST = ConfigType.STRING, ConfigType.PASSWORD, ConfigType.LIST


def _keys(*rows: tuple[str, ConfigType, Importance, object, str]) -> tuple[Key, ...]:
    return tuple(
        Key(
            TLS_PREFIX + name,
            kind,
            default,
            doc=doc,
            importance=importance,
            group="Security",
            order_in_group=41 + place,
            display_name=name,
        )
        for place, (name, kind, importance, default, doc) in enumerate(rows)
    )


TLS_KEYS = (
    Key(
        "elastic.security.protocol",
        _STRING,
        "PLAINTEXT",
        doc="SSL to use the elastic.https.ssl.* keys. An https address alone is TLS with the system's certificates.",
        importance=MEDIUM,
        validator=one_of("plaintext", "ssl"),
        recommender=suggest("PLAINTEXT", "SSL"),
        group="Security",
        order_in_group=1,
        width=Width.SHORT,
        display_name="Security protocol",
    ),
    *_keys(
        ("ssl.key.password", _PASSWORD, HIGH, None, "Password of the private key."),
        ("ssl.keystore.certificate.chain", _PASSWORD, HIGH, None, "Own certificate and its chain, as PEM text."),
        ("ssl.keystore.key", _PASSWORD, HIGH, None, "Own private key, as PEM text."),
        ("ssl.keystore.location", _STRING, HIGH, None, "File with own key and certificate (PEM, PKCS12 or JKS)."),
        ("ssl.keystore.password", _PASSWORD, HIGH, None, "Password of the keystore file."),
        ("ssl.truststore.certificates", _PASSWORD, HIGH, None, "Certificates to trust, as PEM text."),
        ("ssl.truststore.location", _STRING, HIGH, None, "File with certificates to trust (PEM, PKCS12 or JKS)."),
        ("ssl.truststore.password", _PASSWORD, HIGH, None, "Password of the truststore file."),
        ("ssl.enabled.protocols", _LIST, MEDIUM, ["TLSv1.2", "TLSv1.3"], "TLS versions that may be used."),
        ("ssl.keystore.type", _STRING, MEDIUM, "JKS", "PEM, PKCS12 or JKS."),
        ("ssl.protocol", _STRING, MEDIUM, "TLSv1.3", "The newest TLS version to offer."),
        ("ssl.provider", _STRING, MEDIUM, None, "Accepted for Java's sake; has no meaning here."),
        ("ssl.truststore.type", _STRING, MEDIUM, "JKS", "PEM, PKCS12 or JKS."),
        ("ssl.cipher.suites", _LIST, LOW, [], "Cipher suites that may be used; empty: the library's."),
        (
            "ssl.endpoint.identification.algorithm",
            _STRING,
            LOW,
            "https",
            "https checks that the certificate names the host; empty doesn't.",
        ),
        ("ssl.engine.factory.class", ConfigType.CLASS, LOW, None, "Accepted for Java's sake; has no meaning here."),
        ("ssl.keymanager.algorithm", _STRING, LOW, "SunX509", "Accepted for Java's sake; has no meaning here."),
        ("ssl.secure.random.implementation", _STRING, LOW, None, "Accepted for Java's sake; has no meaning here."),
        ("ssl.trustmanager.algorithm", _STRING, LOW, "PKIX", "Accepted for Java's sake; has no meaning here."),
    ),
)
