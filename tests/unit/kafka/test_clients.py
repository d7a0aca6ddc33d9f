"""What the real clients log."""

from __future__ import annotations

import logging

import pytest

from connect.api.errors import ConfigException
from connect.kafka import clients
from connect.kafka.clients import RepeatFilter


def line(text: str, created: float) -> logging.LogRecord:
    record = logging.LogRecord("librdkafka", logging.ERROR, "", 0, text, None, None)
    record.created = created
    return record


def test_a_client_without_broker_says_so_once_a_minute() -> None:
    keep = RepeatFilter().filter
    lines = [("refused", 100.0), ("refused", 101.0), ("timed out", 101.0), ("refused", 159.0), ("refused", 160.0)]
    assert [keep(line(*each)) for each in lines] == [True, False, True, False, True]


def test_kerberos_is_not_in_the_library_that_pip_installs() -> None:
    with pytest.raises(ConfigException, match=r"GSSAPI for configuration sasl.mechanism: .* built without Kerberos"):
        clients.admin({"bootstrap.servers": "127.0.0.1:1", "security.protocol": "SASL_PLAINTEXT"})
