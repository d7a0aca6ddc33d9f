"""Requests between workers: who may ask, and how that is proved."""

from __future__ import annotations

import base64

import pytest

from connect.herder.errors import BadRequest, Forbidden, Unavailable
from connect.herder.internal_requests import InternalRequests, Signature, sign
from connect.storage.cluster_state import SessionKey

KEY = SessionKey(b"k" * 32, "HmacSHA256", 0)
BODY = b'[{"a":"b"}]'


def headers(signature: Signature) -> dict[str, str]:
    code = base64.b64encode(signature.code).decode()
    return {"X-Connect-Authorization": code, "X-Connect-Request-Signature-Algorithm": signature.algorithm}


def test_a_signed_body_is_taken() -> None:
    signature = Signature.of(headers(sign(BODY, KEY, "HmacSHA256")))
    InternalRequests({}).check(BODY, signature, KEY)


def test_a_changed_body_is_not() -> None:
    with pytest.raises(Forbidden, match="Internal request contained invalid signature"):
        InternalRequests({}).check(BODY + b" ", sign(BODY, KEY, "HmacSHA256"), KEY)


def test_an_unsigned_request_is_refused_unless_the_protocol_knows_no_signatures() -> None:
    with pytest.raises(BadRequest, match="Internal request missing required signature"):
        InternalRequests({}).check(BODY, None, KEY)
    InternalRequests({"connect.protocol": "compatible"}).check(BODY, None, None)


def test_only_the_listed_algorithms_will_do() -> None:
    signature = sign(BODY, KEY, "HmacSHA512")
    with pytest.raises(BadRequest, match=r"'HmacSHA512' key signing algorithm .* to use: \[HmacSHA256\]"):
        InternalRequests({}).check(BODY, signature, KEY)
    InternalRequests({"inter.worker.verification.algorithms": "HmacSHA256, HmacSHA512"}).check(BODY, signature, KEY)


def test_without_a_key_the_worker_is_still_starting() -> None:
    with pytest.raises(Unavailable, match="has not been able to read a session key"):
        InternalRequests({}).check(BODY, sign(BODY, KEY, "HmacSHA256"), None)


@pytest.mark.parametrize(
    ("code", "algorithm", "message"),
    [
        ("aGVsbG8=", "nope", "Algorithm nope not available"),
        ("***", "HmacSHA256", "Illegal base64 character 2a"),
        ("aGVsbG8", "HmacSHA256", "wrong 4-byte ending unit"),
    ],
)
def test_an_unreadable_signature_is_a_bad_request(code: str, algorithm: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        Signature.of({"X-Connect-Authorization": code, "X-Connect-Request-Signature-Algorithm": algorithm})
