"""Keystores that Java's keytool made: ``-storetype JKS``, passwords store-secret, key-secret and trust-secret."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from connect.api.jks import pem, read_jks

KEYSTORES = Path(__file__).parent / "keystores"
CLIENT = (KEYSTORES / "client.jks").read_bytes()
TRUST = (KEYSTORES / "trust.jks").read_bytes()
CERTIFICATE = (KEYSTORES / "client.pem").read_text()


def test_a_key_and_its_certificate() -> None:
    store = read_jks(CLIENT, "store-secret")
    [key] = store.keys
    assert (key.alias, store.trusted) == ("client", [])
    assert [pem("CERTIFICATE", der) for der in key.chain] == [CERTIFICATE]
    private = load_pem_private_key(pem("PRIVATE KEY", key.decrypt("key-secret")).encode(), None)
    assert private.public_key() == load_pem_x509_certificate(CERTIFICATE.encode()).public_key()


@pytest.mark.parametrize("password", ["trust-secret", None])
def test_trusted_certificates(password: str | None) -> None:
    store = read_jks(TRUST, password)
    assert store.keys == []
    assert [pem("CERTIFICATE", der) for der in store.trusted] == [CERTIFICATE]


def test_wrong_passwords_are_told() -> None:
    with pytest.raises(ValueError, match="wrong password, or the file is damaged"):
        read_jks(TRUST, "other")
    with pytest.raises(ValueError, match="wrong password for key client"):
        read_jks(CLIENT, None).keys[0].decrypt("store-secret")


@given(st.integers(0, len(CLIENT) - 1), st.integers(0, 255))
def test_damage_is_nothing_but_a_value_error(position: int, byte: int) -> None:
    damaged = CLIENT[:position] + bytes([byte]) + CLIENT[position + 1 :]
    for data in (damaged, CLIENT[:position]):
        with suppress(ValueError):  # damage of a name or a time isn't seen without a password
            for key in read_jks(data, None).keys:
                key.decrypt("key-secret")
