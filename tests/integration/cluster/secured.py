"""A broker that asks for every kind of login, and the settings with which a worker passes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from tests.certificates import make_party
from tests.integration.cluster.group_of_workers import WorkerGroup, states
from tests.services import KafkaBroker, java
from tests.waiting import wait_until

_MODULES = "org.apache.kafka.common.security"
_PLAIN = f"{_MODULES}.plain.PlainLoginModule required"
_SCRAM = f"{_MODULES}.scram.ScramLoginModule required"
_OAUTH = f"{_MODULES}.oauthbearer.OAuthBearerLoginModule required"
_LISTENERS = {
    "TLS": "SSL",
    "MUTUAL": "SSL",
    "PLAIN": "SASL_SSL",
    "SCRAM": "SASL_PLAINTEXT",
    "OAUTH": "SASL_PLAINTEXT",
}
_USERS = ("connect", "producer", "consumer", "admin", "other")
_STORE, _KEY = "store-secret", "key-secret"

FORMATS = ("PEM", "PKCS12", "JKS")
NEW_TOPIC = {"topic.creation.default.replication.factor": "1", "topic.creation.default.partitions": "1"}


class SecuredBroker:
    """The broker with its users and keystores. *folder* holds keystores in all formats, JKS as keytool writes it."""

    def __init__(self, broker: KafkaBroker, folder: Path) -> None:
        self.plain_address = broker.bootstrap_servers
        self._broker = broker
        self._folder = folder

    def settings(
        self, login: str, *, user: str = "connect", keystore: str = "PEM", truststore: str = "PEM"
    ) -> dict[str, str]:
        """The properties of a client, ``bootstrap.servers`` included."""
        listener = {"NONE": "TLS", "OAUTHBEARER": "OAUTH"}.get(login, login.partition("-")[0])
        found = {
            "bootstrap.servers": self._broker.listener_address(listener),
            "security.protocol": _LISTENERS[listener],
        }
        if "SSL" in _LISTENERS[listener]:
            found |= self._truststore(truststore)
        if login == "MUTUAL":
            found |= self._keystore(keystore)
        if "SASL" in _LISTENERS[listener]:
            found |= {"sasl.mechanism": login, "sasl.jaas.config": jaas(login, user)}
        return found

    def allow(self, user: str, kind: ResourceType, name: str, *operations: AclOperation) -> None:
        """Let a user do that with all resources whose names begin so; everybody but ``connect`` may do nothing else."""
        pattern = ResourcePatternType.LITERAL if kind is ResourceType.BROKER else ResourcePatternType.PREFIXED
        bindings = [
            AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)
            for operation in operations
        ]
        admin = AdminClient({"bootstrap.servers": self.plain_address})
        for made in admin.create_acls(bindings).values():
            made.result()

    def _truststore(self, kind: str) -> dict[str, str]:
        found = {"ssl.truststore.type": kind, "ssl.truststore.location": str(self._folder / f"trust.{kind.lower()}")}
        return found if kind == "PEM" else {**found, "ssl.truststore.password": _STORE}

    def _keystore(self, kind: str) -> dict[str, str]:
        found = {"ssl.keystore.type": kind, "ssl.keystore.location": str(self._folder / f"worker.{kind.lower()}")}
        if kind != "PEM":
            found["ssl.keystore.password"] = _STORE
        return found if kind == "PKCS12" else {**found, "ssl.key.password": _KEY}


def jaas(mechanism: str, user: str) -> str:
    """The login line of a user."""
    if mechanism == "OAUTHBEARER":
        return f'{_OAUTH} unsecuredLoginStringClaim_sub="{user}";'
    return f'{_PLAIN if mechanism == "PLAIN" else _SCRAM} username="{user}" password="{user}-secret";'


def prefixed(prefix: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The settings for one of the worker's roles, such as ``producer.``."""
    return {f"{prefix}{key}": value for key, value in settings.items()}


def expect_lines(secured: SecuredBroker, folder: Path, settings: dict[str, str]) -> None:
    """A worker with these settings moves lines to their topic."""
    for_tasks = prefixed("producer.", settings) | prefixed("admin.", settings)
    with WorkerGroup(settings["bootstrap.servers"], folder, {**settings, **for_tasks}) as group:
        worker = group.add()
        lines = group.source("lines", **NEW_TOPIC)
        lines.write(1)
        wait_until(lambda: states(worker, "lines") == ["RUNNING", "RUNNING"])
        group.bootstrap_servers = secured.plain_address
        wait_until(lambda: group.numbers(lines) == lines.once)


@contextmanager
def secured_broker(folder: Path) -> Iterator[SecuredBroker]:
    """Start one."""
    _write_stores(folder)
    passwords = " ".join(f'user_{user}="{user}-secret"' for user in _USERS)
    properties = {
        "auto.create.topics.enable": "false",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:connect;User:CN=worker",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "trust.pem"),
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.plain.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.plain.plain.sasl.jaas.config": f"{_PLAIN} {passwords};",
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.scram.scram-sha-256.sasl.jaas.config": f"{_SCRAM};",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": f"{_SCRAM};",
        "listener.name.oauth.sasl.enabled.mechanisms": "OAUTHBEARER",
        "listener.name.oauth.oauthbearer.sasl.jaas.config": f'{_OAUTH} unsecuredLoginStringClaim_sub="broker";',
    }
    with KafkaBroker(properties, listeners=_LISTENERS) as broker:
        _add_scram_users(broker)
        yield SecuredBroker(broker, folder)


def _add_scram_users(broker: KafkaBroker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        kind = ScramCredentialInfo(mechanism, 4096)
        users: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, kind, f"{user}-secret".encode()) for user in _USERS
        ]
        for made in admin.alter_user_scram_credentials(users).values():
            made.result()


def _write_stores(folder: Path) -> None:
    """The worker's certificate comes from an authority below the one that broker and worker trust."""
    root = make_party("root")
    authority, broker = make_party("authority", root), make_party("broker", root)
    worker = make_party("worker", authority)
    (folder / "broker.pem").write_bytes(broker.key_pem + broker.certificate_pem)
    (folder / "trust.pem").write_bytes(root.certificate_pem)
    chain = worker.certificate_pem + authority.certificate_pem
    (folder / "worker.pem").write_bytes(worker.encrypted_key_pem(_KEY.encode()) + chain)
    (folder / "worker.pkcs12").write_bytes(worker.p12(_STORE.encode(), authority))
    for kind in ("PKCS12", "JKS"):
        target = ["-keystore", str(folder / f"trust.{kind.lower()}"), "-storetype", kind, "-storepass", _STORE]
        _keytool("-importcert", "-noprompt", "-alias", "root", "-file", str(folder / "trust.pem"), *target)
    source = ["-srckeystore", str(folder / "worker.pkcs12"), "-srcstoretype", "PKCS12", "-srcstorepass", _STORE]
    target = ["-destkeystore", str(folder / "worker.jks"), "-deststoretype", "JKS", "-deststorepass", _STORE]
    _keytool("-importkeystore", "-noprompt", "-srcalias", "me", *source, *target, "-destkeypass", _KEY)


def _keytool(*arguments: str) -> None:
    done = subprocess.run([java.home() / "bin" / "keytool", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
