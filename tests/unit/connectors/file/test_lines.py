import itertools

from hypothesis import given
from hypothesis import strategies as st

from connectors.file.lines import LineSplitter

TEXTS = st.lists(st.sampled_from(["a", "bc", "é", "日本", "\n", "\r", "\r\n", "\x0b", "\x85", "\u2028", ""])).map(
    "".join
)
BYTES = st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\r\n", b"\xff", "é".encode(), b"\xc3"])).map(b"".join)


def reference(data: bytes) -> list[tuple[bytes, int]]:
    """Lines and ends, found byte by byte; a line that waits for its terminator is left out."""
    found, line, position = [], b"", 0
    while position < len(data):
        byte = data[position : position + 1]
        position += 1
        if byte == b"\r":
            if position == len(data):
                break
            position += data[position : position + 1] == b"\n"
        if byte in (b"\n", b"\r"):
            found.append((line, position))
            line = b""
        else:
            line += byte
    return found


def fed(data: bytes, cuts: list[int]) -> tuple[list[tuple[str, int]], LineSplitter]:
    splitter = LineSplitter()
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    found = []
    for start, stop in itertools.pairwise(places):
        lines = splitter.feed(data[start:stop])
        found += zip(lines.texts, lines.ends, strict=True)
    return found, splitter


@given(TEXTS, st.lists(st.integers(0, 200)))
def test_portions_of_any_size_give_the_same_lines_and_positions(text: str, cuts: list[int]) -> None:
    data = text.encode()
    found, splitter = fed(data, cuts)
    expected = reference(data)
    assert found == [(line.decode(), end) for line, end in expected]
    assert splitter.position == (expected[-1][1] if expected else 0)
    assert splitter.read_position == len(data)


@given(BYTES, st.lists(st.integers(0, 200)))
def test_malformed_bytes_are_replaced_and_do_not_shift_positions(data: bytes, cuts: list[int]) -> None:
    found, _ = fed(data, cuts)
    assert found == [(line.decode(errors="replace"), end) for line, end in reference(data)]


def test_finish_gives_the_line_that_waited() -> None:
    splitter = LineSplitter(10)
    assert splitter.feed(b"a\nbc").texts == ["a"]
    assert splitter.finish() == (["bc"], [14])
    assert splitter.finish() == ([], [])


def test_finish_completes_a_line_that_ends_in_a_carriage_return() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"a\r").texts == []
    assert splitter.finish() == (["a"], [2])
