"""Where messages end in a stream."""

from __future__ import annotations

import random

import pytest

from connectors.syslog.framing import Framer, Framing, FramingError

MESSAGES = [b"<13>one", b"<13>two with \xc3\xa9", b"<14>" + b"x" * 300, b"<13>four"]
STREAMS = {
    Framing.LF: b"".join(message + b"\n" for message in MESSAGES),
    Framing.NUL: b"".join(message + b"\0" for message in MESSAGES),
    Framing.OCTET_COUNT: b"".join(b"%d %b" % (len(message), message) for message in MESSAGES),
}


def read(stream: bytes, cuts: list[int], framing: Framing = Framing.AUTO, longest: int = 1000) -> list[bytes]:
    """The messages of a stream that arrives in pieces."""
    framer = Framer(framing, longest)
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += framer.feed(stream[start:end]).messages
    return found + framer.finish().messages


@pytest.mark.parametrize("framing", STREAMS)
def test_the_framing_is_detected_whatever_the_pieces(framing: Framing) -> None:
    stream, chance = STREAMS[framing], random.Random(1)
    assert read(stream, list(range(1, len(stream)))) == MESSAGES
    for _ in range(50):
        cuts = sorted(chance.sample(range(1, len(stream)), 5))
        assert read(stream, cuts) == MESSAGES
        assert read(stream, cuts, framing) == MESSAGES


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"<13>a\r\n\r\n\n<13>b\r\n", [b"<13>a", b"<13>b"]),
        (b"<13>a\n<13>b without an end", [b"<13>a", b"<13>b without an end"]),
        (b"6 <13>a\n6 <13>b\n\n5 <13>c", [b"<13>a", b"<13>b", b"<13>c"]),
        (b"12 monkeys\n13 more\n", [b"12 monkeys", b"13 more"]),
        (b"5 <13>a9 <13>a", [b"<13>a"]),
        (b"", []),
    ],
)
def test_streams_of_careless_senders(stream: bytes, expected: list[bytes]) -> None:
    assert read(stream, []) == expected
    assert read(stream, list(range(1, len(stream)))) == expected


def test_a_first_piece_with_lines_and_nul_is_told_by_what_follows_the_line() -> None:
    assert read(b"<13>two\nlines\0<13>b\0", []) == [b"<13>two\nlines", b"<13>b"]
    assert read(b"<13>a\n<13>b\0\n<13>c\n", []) == [b"<13>a", b"<13>b", b"<13>c"]


@pytest.mark.parametrize("framing", STREAMS)
@pytest.mark.parametrize("step", [1, 7, 64, 1000])
def test_long_messages_are_cut_and_their_rest_is_skipped(framing: Framing, step: int) -> None:
    framer = Framer(Framing.AUTO, 50)
    stream, found, cut = STREAMS[framing], [], []
    for start in range(0, len(stream), step):
        frames = framer.feed(stream[start : start + step])
        cut += [frames.messages[index] for index in frames.cut]
        found += frames.messages
    assert found == [message[:50] for message in MESSAGES]
    assert cut == [MESSAGES[2][:50]]


@pytest.mark.parametrize("stream", [b"5 <13>aX", b"6 <13>a\n<13>b", b"5 <13>a12345678901", b"5 <13>a0 "])
def test_what_is_no_length_ends_the_connection(stream: bytes) -> None:
    with pytest.raises(FramingError, match="expected the length of a message but found"):
        read(stream, [])


def test_memory_is_bounded_by_the_longest_message() -> None:
    framer = Framer(Framing.AUTO, 100)
    for _ in range(200):
        framer.feed(b"<13>" + b"x" * 1000)
    assert len(framer._rest) <= 4096 + 1004
