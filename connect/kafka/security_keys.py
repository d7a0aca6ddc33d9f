"""The keys with which any Kafka client is told how to be trusted and whom to trust: ``ssl.*`` and ``sasl.*``."""

from __future__ import annotations

from connect.api.config_def import Validator
from connect.api.validators import CaseInsensitiveValidString, Range

SSL = """
ssl.protocol STRING MEDIUM TLSv1.3  The newest TLS version to use.
ssl.provider STRING MEDIUM -  A JVM security provider; without effect here.
ssl.cipher.suites LIST LOW ''  The cipher suites that may be used; all that are safe when empty.
ssl.enabled.protocols LIST MEDIUM TLSv1.2,TLSv1.3  The TLS versions that may be used.
ssl.keystore.type STRING MEDIUM JKS  The format of the keystore: PEM, PKCS12 or JKS.
ssl.keystore.location STRING HIGH -  The file with the own key and certificate.
ssl.keystore.password PASSWORD HIGH -  The password of the keystore.
ssl.key.password PASSWORD HIGH -  The password of the own key.
ssl.keystore.key PASSWORD HIGH -  The own key, as PEM text.
ssl.keystore.certificate.chain PASSWORD HIGH -  The own certificates, as PEM text.
ssl.truststore.certificates PASSWORD HIGH -  The certificates to trust, as PEM text.
ssl.truststore.type STRING MEDIUM JKS  The format of the truststore: PEM, PKCS12 or JKS.
ssl.truststore.location STRING HIGH -  The file with the certificates to trust.
ssl.truststore.password PASSWORD HIGH -  The password of the truststore.
ssl.keymanager.algorithm STRING LOW SunX509  A JVM key manager; without effect here.
ssl.trustmanager.algorithm STRING LOW PKIX  A JVM trust manager; without effect here.
ssl.endpoint.identification.algorithm STRING LOW https  How host names are checked; empty for not at all.
ssl.secure.random.implementation STRING LOW -  A JVM random generator; without effect here.
ssl.engine.factory.class CLASS LOW -  A JVM class; without effect here.
"""

SASL = """
sasl.kerberos.service.name STRING MEDIUM -  The Kerberos name of the brokers.
sasl.kerberos.kinit.cmd STRING LOW /usr/bin/kinit  Where kinit is.
sasl.kerberos.ticket.renew.window.factor DOUBLE LOW 0.8  When in a ticket's life it is renewed.
sasl.kerberos.ticket.renew.jitter DOUBLE LOW 0.05  How much that moment varies.
sasl.kerberos.min.time.before.relogin LONG LOW 60000  The shortest time between two renewals, in ms.
sasl.login.refresh.window.factor DOUBLE LOW 0.8  When in a token's life it is renewed.
sasl.login.refresh.window.jitter DOUBLE LOW 0.05  How much that moment varies.
sasl.login.refresh.min.period.seconds SHORT LOW 60  The shortest time between two renewals, in s.
sasl.login.refresh.buffer.seconds SHORT LOW 300  How long before a token's end it is renewed at the latest, in s.
sasl.mechanism STRING MEDIUM GSSAPI  PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or GSSAPI.
sasl.jaas.config PASSWORD MEDIUM -  User and password, as Java's login modules take them.
sasl.client.callback.handler.class CLASS MEDIUM -  A JVM class; without effect here.
sasl.login.callback.handler.class CLASS MEDIUM -  A JVM class; without effect here.
sasl.login.class CLASS MEDIUM -  A JVM class; without effect here.
sasl.login.connect.timeout.ms INT LOW -  How long to wait for a connection to the token server, in ms.
sasl.login.read.timeout.ms INT LOW -  How long to wait for the token server's answer, in ms.
sasl.login.retry.backoff.max.ms LONG LOW 10000  The longest wait between two attempts to get a token, in ms.
sasl.login.retry.backoff.ms LONG LOW 100  The first wait between two attempts to get a token, in ms.
"""

OAUTH = """
sasl.oauthbearer.jwt.retriever.class CLASS MEDIUM org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever  \
What gets tokens.
sasl.oauthbearer.jwt.validator.class CLASS MEDIUM org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator  \
What checks tokens.
sasl.oauthbearer.scope STRING MEDIUM -  What the token is to be good for.
sasl.oauthbearer.client.credentials.client.id STRING MEDIUM -  The client's name at the token server.
sasl.oauthbearer.client.credentials.client.secret PASSWORD MEDIUM -  The client's password at the token server.
sasl.oauthbearer.assertion.algorithm STRING MEDIUM RS256  How assertions are signed.
sasl.oauthbearer.assertion.claim.aud STRING MEDIUM -  The audience that assertions name.
sasl.oauthbearer.assertion.claim.exp.seconds INT LOW 300  How long assertions are good, in s.
sasl.oauthbearer.assertion.claim.iss STRING MEDIUM -  The issuer that assertions name.
sasl.oauthbearer.assertion.claim.jti.include BOOLEAN MEDIUM false  Whether assertions have an id.
sasl.oauthbearer.assertion.claim.nbf.seconds INT LOW 60  How long before now assertions begin to be good, in s.
sasl.oauthbearer.assertion.claim.sub STRING MEDIUM -  The subject that assertions name.
sasl.oauthbearer.assertion.file STRING MEDIUM -  A file with an assertion made elsewhere.
sasl.oauthbearer.assertion.private.key.file STRING MEDIUM -  The key to sign assertions with, as PEM file.
sasl.oauthbearer.assertion.private.key.passphrase PASSWORD MEDIUM -  The password of that key.
sasl.oauthbearer.assertion.template.file STRING MEDIUM -  A file with further headers and claims for assertions.
sasl.oauthbearer.scope.claim.name STRING LOW scope  The claim that holds the scope.
sasl.oauthbearer.sub.claim.name STRING LOW sub  The claim that holds the subject.
sasl.oauthbearer.token.endpoint.url STRING MEDIUM -  Where tokens come from.
sasl.oauthbearer.jwks.endpoint.url STRING MEDIUM -  Where the keys to check tokens come from.
sasl.oauthbearer.jwks.endpoint.refresh.ms LONG LOW 3600000  How often those keys are read anew, in ms.
sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms LONG LOW 10000  The longest wait between two attempts, in ms.
sasl.oauthbearer.jwks.endpoint.retry.backoff.ms LONG LOW 100  The first wait between two attempts, in ms.
sasl.oauthbearer.clock.skew.seconds INT LOW 30  How far clocks may be apart, in s.
sasl.oauthbearer.expected.audience LIST HIGH ''  The audiences that a token may name.
sasl.oauthbearer.expected.issuer STRING HIGH -  The issuer that a token must name.
sasl.oauthbearer.header.urlencode BOOLEAN LOW false  Whether the credentials are URL-encoded in the request's header.
"""

SECURITY_VALIDATORS: dict[str, Validator] = {
    "sasl.login.refresh.window.factor": Range(0.5, 1.0),
    "sasl.login.refresh.window.jitter": Range(0.0, 0.25),
    "sasl.login.refresh.min.period.seconds": Range(0, 900),
    "sasl.login.refresh.buffer.seconds": Range(0, 3600),
    "sasl.oauthbearer.assertion.algorithm": CaseInsensitiveValidString("ES256", "RS256"),
    "sasl.oauthbearer.assertion.claim.exp.seconds": Range(0, 86400),
    "sasl.oauthbearer.assertion.claim.nbf.seconds": Range(0, 3600),
}
