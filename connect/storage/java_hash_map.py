"""Java's serialisation of one kind of object: a ``java.util.HashMap`` from ``byte[]`` to ``byte[]``.

Only what such a stream may hold is understood; whatever else it names is refused without being looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

MAGIC = b"\xac\xed\x00\x05"
TC_NULL, TC_REFERENCE, TC_CLASSDESC, TC_OBJECT, TC_ARRAY, TC_BLOCKDATA, TC_ENDBLOCKDATA = (
    0x70,
    0x71,
    0x72,
    0x73,
    0x75,
    0x77,
    0x78,
)
FIRST_HANDLE = 0x7E0000
LOAD_FACTOR = 0.75
HASH_MAP = "java.util.HashMap"
BYTES = "[B"
# Name, serial version, flags, and fields: loadFactor (float) and threshold (int) for the map.
HASH_MAP_CLASS = (
    b"r\x00\x11java.util.HashMap\x05\x07\xda\xc1\xc3\x16\x60\xd1\x03\x00\x02F\x00\x0aloadFactorI\x00\x09thresholdxp"
)
BYTES_CLASS = b"r\x00\x02[B\xac\xf3\x17\xf8\x06\x08\x54\xe0\x02\x00\x00xp"
BYTES_CLASS_HANDLE = FIRST_HANDLE + 2


def dumps(entries: Mapping[bytes, bytes | None]) -> bytes:
    """The stream of a map with those entries."""
    capacity = 16
    while capacity * LOAD_FACTOR < len(entries):
        capacity *= 2
    out = [MAGIC, bytes([TC_OBJECT]), HASH_MAP_CLASS, struct.pack(">fi", LOAD_FACTOR, int(capacity * LOAD_FACTOR))]
    out.append(struct.pack(">BBii", TC_BLOCKDATA, 8, capacity, len(entries)))
    array_class = BYTES_CLASS
    for key, value in entries.items():
        for item in (key, value):
            if item is None:
                out.append(bytes([TC_NULL]))
                continue
            out += [bytes([TC_ARRAY]), array_class, struct.pack(">i", len(item)), item]
            array_class = struct.pack(">BI", TC_REFERENCE, BYTES_CLASS_HANDLE)
    out.append(bytes([TC_ENDBLOCKDATA]))
    return b"".join(out)


def loads(content: bytes) -> dict[bytes, bytes | None]:
    """The entries of a stream. Raises ValueError for anything but a whole ``HashMap`` of byte arrays."""
    return _Reader(content).read_map()


class _Reader:
    """Reads from front to back. ``handles`` holds what the stream may refer back to: class names and arrays."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0
        self._handles: list[str | bytes | None] = []

    def read_map(self) -> dict[bytes, bytes | None]:
        if self._take(4) != MAGIC:
            raise ValueError("not a Java object stream")
        kind = self._byte()
        if kind != TC_OBJECT:
            raise ValueError(f"Expected HashMap but found {'an array' if kind == TC_ARRAY else 'something else'}")
        name = self._class()
        if name != HASH_MAP:
            raise ValueError(f"Expected HashMap but found {name}")
        self._handles.append(None)
        self._take(8)  # load factor and threshold
        if self._byte() != TC_BLOCKDATA or self._byte() != 8:
            raise ValueError("damaged: the map's size is missing")
        _capacity, size = struct.unpack(">ii", self._take(8))
        entries: dict[bytes, bytes | None] = {}
        for _ in range(size):
            key, value = self._bytes(), self._bytes()
            if key is None:
                raise ValueError("damaged: a key is null")
            entries[key] = value
        if self._byte() != TC_ENDBLOCKDATA:
            raise ValueError("damaged: the map doesn't end")
        return entries

    def _bytes(self) -> bytes | None:
        kind = self._byte()
        if kind == TC_NULL:
            return None
        if kind == TC_REFERENCE:
            known = self._reference()
            if not isinstance(known, bytes):
                raise ValueError("damaged: a reference to something that is not a byte array")
            return known
        if kind != TC_ARRAY:
            raise ValueError("a key or value is not a byte array")
        name = self._class()
        if name != BYTES:
            raise ValueError(f"a key or value is not a byte array but {name}")
        at = len(self._handles)
        self._handles.append(None)
        array = self._take(self._int())
        self._handles[at] = array
        return array

    def _class(self) -> str:
        """The name of the class described here or referred to; its description must have no unknown parts."""
        kind = self._byte()
        if kind == TC_REFERENCE:
            known = self._reference()
            if not isinstance(known, str):
                raise ValueError("damaged: a reference to something that is not a class")
            return known
        if kind != TC_CLASSDESC:
            raise ValueError("damaged: a class is missing")
        name = self._take(self._short()).decode(errors="replace")
        self._handles.append(name)
        if name in (HASH_MAP, BYTES):
            start = self._at
            expected = HASH_MAP_CLASS if name == HASH_MAP else BYTES_CLASS
            rest = expected[3 + len(name) :]
            if self._take(len(rest)) != rest:
                raise ValueError(f"{name} is described in an unknown way at byte {start}")
        return name

    def _reference(self) -> str | bytes | None:
        at = int.from_bytes(self._take(4)) - FIRST_HANDLE
        if not 0 <= at < len(self._handles):
            raise ValueError("damaged: a reference to nothing")
        return self._handles[at]

    def _byte(self) -> int:
        return self._take(1)[0]

    def _short(self) -> int:
        return int.from_bytes(self._take(2))

    def _int(self) -> int:
        return int.from_bytes(self._take(4), signed=True)

    def _take(self, count: int) -> bytes:
        part = self._content[self._at : self._at + count]
        if count < 0 or len(part) < count:
            raise ValueError("damaged: the file ends too early")
        self._at += count
        return part
