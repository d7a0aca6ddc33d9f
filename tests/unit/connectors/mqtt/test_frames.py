from __future__ import annotations

import pytest

from connectors.mqtt.frames import Arrivals, FrameReader, MalformedPacket
from tests.mqtt_sender import packet, publish

CONNACK, PINGRESP, SUBACK = b"\x20\x02\x01\x00", b"\xd0\x00", b"\x90\x04\x00\x01\x01\x80"
PUBREL = b"\x62\x02\x12\x34"


def read(data: bytes, step: int, *, has_properties: bool = False) -> tuple[Arrivals, bytes]:
    reader, arrivals, others = FrameReader(has_properties=has_properties), Arrivals(), bytearray()
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step], arrivals, others)
    return arrivals, bytes(others)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100, 1_000_000])
def test_packets_are_the_same_however_they_are_cut(step: int) -> None:
    large = bytes(range(256)) * 80
    stream = CONNACK + publish("a/b", b"one") + PUBREL + SUBACK + publish("ü", large, 1, 7, duplicate=True)
    stream += PINGRESP + publish("a/b", b"", 2, 65535, retained=True)
    arrivals, others = read(stream, step)
    assert others == CONNACK + SUBACK + PINGRESP
    assert arrivals.topics == ["a/b", "ü", "a/b"]
    assert arrivals.payloads == [b"one", large, b""]
    assert arrivals.flags == [0x30, 0x3A, 0x35]
    assert arrivals.ids == [0, 7, 65535]
    assert arrivals.releases == [0x1234]


def test_properties_of_mqtt_5_are_passed_over() -> None:
    properties = b"\x23\x00\x01" + b"\x26\x00\x01k" + (200).to_bytes(2, "big") + b"v" * 200
    length = len(properties)
    body = b"\x00\x01t" + b"\x00\x09" + bytes((length & 127 | 128, length >> 7)) + properties + b"payload"
    arrivals, _ = read(packet(0x32, body) + publish("t", b"x", properties=True), 50, has_properties=True)
    assert (arrivals.payloads, arrivals.ids) == ([b"payload", b"x"], [9, 0])


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff\x01",  # a length of five bytes
        packet(0x30, b"\x00\x09t"),  # a topic longer than its packet
        packet(0x30, b"\x00"),
        packet(0x36, b"\x00\x01t\x00\x01"),  # QoS 3
        packet(0x32, b"\x00\x01t"),  # no message id
        packet(0x30, b"\x00\x01\xfft"),  # no UTF-8
    ],
)
def test_what_is_no_mqtt_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        read(data, 1000)
