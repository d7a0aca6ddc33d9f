import pytest

from connect.demo.broker.messages import APIS, BY_NAME
from connect.demo.broker.wire import MalformedMessage, parse

EVERY_TYPE = parse("a:i8 b:i16 c:i32 d:i64 e:bool f:str g:nstr h:bytes i:nbytes j:[i32] k:[x:str y:[i64]]")


def test_every_type_comes_back_as_it_went():
    """What is written by a description is read back by it."""
    message = {
        "a": -1, "b": 2**15 - 1, "c": -(2**31), "d": 2**63 - 1, "e": True, "f": "größe", "g": None, "h": b"\x00\xff",
        "i": None, "j": [1, 2], "k": [{"x": "", "y": None}, {"x": "z", "y": [7]}],
    }  # fmt: skip

    assert EVERY_TYPE.decode(bytes(EVERY_TYPE.encode(message, 0)), 0) == message


def test_a_field_is_only_part_of_the_versions_it_names():
    """A field with @ is left out of the versions before and after it."""
    format_ = parse("old:i8@0-1 always:i8 new:i8@2")
    message = {"old": 1, "always": 2, "new": 3}

    assert [bytes(format_.encode(message, version)) for version in (1, 2)] == [b"\x01\x02", b"\x02\x03"]
    assert format_.decode(b"\x02\x03", 2) == {"always": 2, "new": 3}


def test_a_message_that_ends_early_is_malformed():
    """A length that reaches beyond the end of the message is reported, with where it happened."""
    with pytest.raises(MalformedMessage, match="5 bytes expected at 2, the message has 4"):
        parse("name:str").decode(b"\x00\x05ab", 0)


@pytest.mark.parametrize("description", ["name", "name:", "list:[i32", "a:i8 !"])
def test_a_wrong_description_is_refused(description):
    """A description with a typing error never becomes a format."""
    with pytest.raises(ValueError):
        parse(description)


def test_known_bytes_of_a_join_group_request():
    """The bytes of a request that a Kafka client sends are understood field by field."""
    data = bytes.fromhex("000167000027100000753000000007636f6e6e65637400000001000a636f6d70617469626c65000000020001")

    assert BY_NAME["join_group"].request.decode(data, 1) == {
        "group_id": "g",
        "session_timeout_ms": 10000,
        "rebalance_timeout_ms": 30000,
        "member_id": "",
        "protocol_type": "connect",
        "protocols": [{"name": "compatible", "metadata": b"\x00\x01"}],
    }


def test_every_request_has_a_handler():
    """No request is offered to clients that nobody answers."""
    from connect.demo.broker.coordinator import Coordinator
    from connect.demo.broker.topics import Topics

    answered_by_the_server = {"api_versions", "delete_topics"}
    for api in APIS.values():
        assert api.name in answered_by_the_server or hasattr(Topics, api.name) or hasattr(Coordinator, api.name)
