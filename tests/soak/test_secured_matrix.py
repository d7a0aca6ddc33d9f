"""Workers with keystores and truststores in every combination of formats, for Kafka; the cluster tests take a few."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from tests.integration.cluster.secured import FORMATS, SecuredBroker, expect_lines, secured_broker


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    with secured_broker(tmp_path_factory.mktemp("tls")) as broker:
        yield broker


@pytest.mark.parametrize(("keystore", "truststore"), product(FORMATS, FORMATS))
def test_mutual_tls(secured: SecuredBroker, tmp_path: Path, keystore: str, truststore: str) -> None:
    expect_lines(secured, tmp_path, secured.settings("MUTUAL", keystore=keystore, truststore=truststore))


@pytest.mark.parametrize(("login", "truststore"), product(("NONE", "PLAIN"), FORMATS))
def test_the_broker_alone_has_a_certificate(
    secured: SecuredBroker, tmp_path: Path, login: str, truststore: str
) -> None:
    expect_lines(secured, tmp_path, secured.settings(login, truststore=truststore))
