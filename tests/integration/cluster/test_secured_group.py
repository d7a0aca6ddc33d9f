"""A worker joins its group over TLS and with each kind of login, on a broker that asks for them."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.integration.cluster.group_of_workers import WorkerGroup, states
from tests.services import KafkaBroker
from tests.waiting import wait_until

MODULES = "org.apache.kafka.common.security"
PLAIN = f"{MODULES}.plain.PlainLoginModule required"
SCRAM = f"{MODULES}.scram.ScramLoginModule required"
OAUTH = f"{MODULES}.oauthbearer.OAuthBearerLoginModule required"
USER = 'username="connect" password="secret"'
LISTENERS = {"TLS": "SSL", "PLAIN": "SASL_SSL", "SCRAM": "SASL_PLAINTEXT", "OAUTH": "SASL_PLAINTEXT"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of 127.0.0.1 in one PEM file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pkcs8 = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "broker.pem"
    file.write_bytes(pkcs8 + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def broker(certificate: Path) -> Iterator[KafkaBroker]:
    properties = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate),
        "listener.name.plain.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.plain.plain.sasl.jaas.config": f'{PLAIN} user_connect="secret";',
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": f"{SCRAM};",
        "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.oauth.oauthbearer.sasl.jaas.config": f'{OAUTH} unsecuredLoginStringClaim_sub="broker";',
    }
    with KafkaBroker(properties, listeners=LISTENERS) as broker:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
        secret = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        user = UserScramCredentialUpsertion("connect", secret, b"secret")
        admin.alter_user_scram_credentials([user])["connect"].result()
        yield broker


LOGINS = {
    "TLS": {},
    "PLAIN": {"sasl.mechanism": "PLAIN", "sasl.jaas.config": f"{PLAIN} {USER};"},
    "SCRAM": {"sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": f"{SCRAM} {USER};"},
    "OAUTH": {"sasl.mechanism": "OAUTHBEARER", "sasl.jaas.config": f'{OAUTH} unsecuredLoginStringClaim_sub="connect";'},
}


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_worker_joins_and_works(broker: KafkaBroker, certificate: Path, tmp_path: Path, listener: str) -> None:
    secured = {"security.protocol": LISTENERS[listener], **LOGINS[listener]}
    if "SSL" in LISTENERS[listener]:
        secured |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(certificate)}
    for_tasks = {f"producer.{key}": value for key, value in secured.items()}
    with WorkerGroup(broker.listener_address(listener), tmp_path, {**secured, **for_tasks}) as group:
        worker = group.add()
        lines = group.source("lines")
        lines.write(1)
        wait_until(lambda: states(worker, "lines") == ["RUNNING", "RUNNING"])
        group.bootstrap_servers = broker.bootstrap_servers
        wait_until(lambda: group.numbers(lines) == lines.once)
