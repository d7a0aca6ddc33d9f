"""Errors of the Kafka client as ours."""

from __future__ import annotations

import pytest

from connect.api.errors import ConnectException, RetriableException
from connect.kafka.door import KafkaError, KafkaException
from connect.kafka.errors import is_fenced, is_retriable, to_connect_exception


@pytest.mark.parametrize(
    "code", [KafkaError._TIMED_OUT, KafkaError.NOT_ENOUGH_REPLICAS, KafkaError._TRANSPORT, KafkaError._NOENT]
)
def test_what_may_go_away_is_retriable(code: int) -> None:
    error = to_connect_exception(KafkaException(KafkaError(code)), "Writing")
    assert isinstance(error, RetriableException)
    assert str(error).startswith("Writing: ")


@pytest.mark.parametrize("code", [KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.MSG_SIZE_TOO_LARGE])
def test_what_stays_is_not(code: int) -> None:
    error = to_connect_exception(KafkaError(code), "Writing")
    assert type(error) is ConnectException


def test_a_fatal_error_stays() -> None:
    assert not is_retriable(KafkaError(KafkaError._TIMED_OUT, fatal=True))


def test_a_fenced_producer_is_told_from_others() -> None:
    assert is_fenced(KafkaException(KafkaError(KafkaError._FENCED, fatal=True)))
    assert not is_fenced(KafkaError(KafkaError._STATE))
