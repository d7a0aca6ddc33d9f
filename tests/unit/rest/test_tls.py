"""https listeners with certificates as Java's settings name them."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiohttp
import pytest

from connect.api import ConfigException
from connect.api.keystores import identify, read_identity, trusting
from connect.rest.tls import server_context, ssl_settings
from tests.certificates import make_party
from tests.unit.rest.parts import serve

KEYSTORES = Path(__file__).parents[1] / "api" / "keystores"
WORKER = make_party("worker")
CERTIFICATE_PEM = WORKER.certificate_pem.decode()


def key_pem(password: str = "") -> str:
    return WORKER.encrypted_key_pem(password.encode()).decode()


def inline(_: Path) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.key": key_pem("pw"),
        "ssl.key.password": "pw",
        "ssl.keystore.certificate.chain": CERTIFICATE_PEM,
    }


def pem_file(folder: Path) -> dict[str, str]:
    (folder / "store.pem").write_text(key_pem() + CERTIFICATE_PEM)
    return {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(folder / "store.pem")}


def pkcs12_file(folder: Path) -> dict[str, str]:
    (folder / "store.p12").write_bytes(WORKER.p12(b"pw"))
    return {"ssl.keystore.location": str(folder / "store.p12"), "ssl.keystore.password": "pw"}


async def get(url: str, context: ssl.SSLContext) -> int:
    async with aiohttp.ClientSession() as client, client.get(url, ssl=context) as answer:
        return answer.status


@pytest.mark.parametrize("settings", [inline, pem_file, pkcs12_file])
async def test_a_certificate_may_come_as_text_or_file(settings: object, tmp_path: Path) -> None:
    """PEM in the property itself, PEM in a file, or PKCS12; the https prefix keeps it apart from the clients' own."""
    assert callable(settings)
    own = {f"listeners.https.{key}": value for key, value in settings(tmp_path).items()}
    async with serve({"listeners": "https://127.0.0.1:0", "ssl.keystore.location": "/none", **own}) as served:
        assert await get(f"{served.url}/connectors", ssl.create_default_context(cadata=CERTIFICATE_PEM)) == 200


async def test_clients_may_need_a_certificate(tmp_path: Path) -> None:
    required = {"ssl.client.auth": "required", "ssl.truststore.certificates": CERTIFICATE_PEM}
    async with serve({"listeners": "https://127.0.0.1:0", **pem_file(tmp_path), **required}) as served:
        context = ssl.create_default_context(cadata=CERTIFICATE_PEM)
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await get(served.url, context)
        context = ssl.create_default_context(cadata=CERTIFICATE_PEM)
        context.load_cert_chain(tmp_path / "store.pem")
        assert await get(served.url, context) == 200


async def test_keystores_in_the_format_of_old_javas(tmp_path: Path) -> None:
    """Key and certificate, and whom to trust, as keytool stores them with -storetype JKS."""
    settings = {
        "ssl.keystore.location": str(KEYSTORES / "client.jks"),
        "ssl.keystore.password": "store-secret",
        "ssl.key.password": "key-secret",
        "ssl.truststore.location": str(KEYSTORES / "trust.jks"),
        "ssl.truststore.password": "trust-secret",
        "ssl.client.auth": "required",
    }
    async with serve({"listeners": "https://127.0.0.1:0", **settings}) as served:
        context = trusting("ssl.truststore.location", "", (KEYSTORES / "client.pem").read_text())
        context.check_hostname = False  # it is a client's
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await get(served.url, context)
        key = "ssl.keystore.location"
        own = read_identity(key, settings[key], "store-secret", "key-secret")
        identify(context, key, settings[key], own, None)
        assert await get(served.url, context) == 200


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "An https listener needs a certificate"),
        ({"ssl.keystore.location": "/no/such"}, "can't be read"),
        ({"ssl.keystore.key": "x", "ssl.keystore.certificate.chain": "y"}, "can't be used"),
        ({"ssl.enabled.protocols": "SSLv3"}, "expected some of TLSv1"),
        ({"ssl.cipher.suites": "TLS_RSA_WITH_ROT13"}, "TLS_RSA_WITH_ROT13 is not known here"),
        (
            {"ssl.cipher.suites": "TLS_AES_128_GCM_SHA256", "ssl.enabled.protocols": "TLSv1.2"},
            "no version in ssl.enabled.protocols",
        ),
        (
            {"ssl.cipher.suites": "TLS_RSA_WITH_AES_128_CBC_SHA", "ssl.enabled.protocols": "TLSv1.3"},
            "no version in ssl.enabled.protocols",
        ),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigException, match=message):
        server_context(settings)


def test_prefixed_settings_replace_all_others() -> None:
    properties = {"ssl.protocol": "a", "ssl.cipher.suites": "b", "listeners.https.ssl.protocol": "c"}
    assert ssl_settings(properties, "listeners.https.") == {"ssl.protocol": "c"}
    assert ssl_settings(properties, "admin.listeners.https.") == {"ssl.protocol": "a", "ssl.cipher.suites": "b"}


@pytest.mark.parametrize(
    ("java", "openssl"),
    [
        ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
        ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
        ("TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256"),
        ("TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA"),
    ],
)
async def test_cipher_suites_go_by_their_names_in_java(java: str, openssl: str, tmp_path: Path) -> None:
    """Without a suite of TLS 1.3 that version isn't spoken."""
    context = server_context({**pem_file(tmp_path), "ssl.cipher.suites": java})
    before = [cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    assert (before, context.maximum_version) == ([openssl], ssl.TLSVersion.TLSv1_2)


async def test_suites_of_tls_1_3_alone_leave_that_version_alone(tmp_path: Path) -> None:
    suites = {"ssl.cipher.suites": "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384"}
    async with serve({"listeners": "https://127.0.0.1:0", **pem_file(tmp_path), **suites}) as served:
        context = ssl.create_default_context(cadata=CERTIFICATE_PEM)
        assert await get(f"{served.url}/connectors", context) == 200
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
            await get(f"{served.url}/connectors", context)
