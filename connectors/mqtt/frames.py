"""MQTT's packets in a stream of bytes: published messages as columns, all other packets as they are.

A packet is a byte of type and flags, its length in one to four bytes of seven bits each, and that many bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PUBLISH, PUBREL = 3, 6
PINGREQ = b"\xc0\x00"
_TOPICS_KEPT = 50_000
_LENGTH_BYTES = 4
_PUBACK, _PUBREC, _PUBCOMP = 0x40, 0x50, 0x70


class MalformedPacket(ConnectionError):
    """The server sent what isn't MQTT: the connection can't be used any more."""


@dataclass(slots=True)
class Arrivals:
    """What was read: published messages as parallel lists in their order, and the message ids of PUBREL packets.

    ``flags`` is the first byte of each message's packet; ``ids`` its message id, 0 for QoS 0.
    """

    topics: list[str] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    releases: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.payloads)

    def take(self, indexes: list[int]) -> Arrivals:
        """The messages at those indexes."""
        return Arrivals(
            [self.topics[i] for i in indexes],
            [self.payloads[i] for i in indexes],
            [self.flags[i] for i in indexes],
            [self.ids[i] for i in indexes],
        )


def qos_of(flags: int) -> int:
    """0, 1 or 2."""
    return flags >> 1 & 3


def is_duplicate(flags: int) -> bool:
    """Whether the server says that it has sent the message before."""
    return flags & 8 != 0


def is_retained(flags: int) -> bool:
    """Whether the server had kept the message for new subscribers."""
    return flags & 1 != 0


def puback(message_id: int) -> bytes:
    """The answer to a message of QoS 1."""
    return bytes((_PUBACK, 2, message_id >> 8, message_id & 255))


def pubrec(message_id: int) -> bytes:
    """The first answer to a message of QoS 2."""
    return bytes((_PUBREC, 2, message_id >> 8, message_id & 255))


def pubcomp(message_id: int) -> bytes:
    """The last answer to a message of QoS 2."""
    return bytes((_PUBCOMP, 2, message_id >> 8, message_id & 255))


class FrameReader:
    """Cuts a stream of bytes into packets. ``has_properties`` for MQTT 5, whose messages carry some."""

    def __init__(self, *, has_properties: bool) -> None:
        self._has_properties = has_properties
        self._rest = bytearray()
        self._wanted = 2
        self._topics: dict[bytes, str] = {}

    def feed(self, data: bytes, arrivals: Arrivals, others: bytearray) -> None:
        """Add the messages in ``data`` to ``arrivals`` and all other packets, whole, to ``others``.

        A packet that isn't complete waits for the next call. Raises MalformedPacket.
        """
        if self._rest:
            self._rest += data
            if len(self._rest) < self._wanted:
                return
            data = bytes(self._rest)
        used = self._packets(data, arrivals, others)
        self._rest = bytearray(memoryview(data)[used:])
        self._wanted = _packet_size(self._rest)

    def _packets(self, data: bytes, arrivals: Arrivals, others: bytearray) -> int:
        """How many bytes were whole packets. Everything happens in one loop: this is run for every message."""
        topics, known, has_properties = arrivals.topics, self._topics, self._has_properties
        payloads, flags, ids = arrivals.payloads, arrivals.flags, arrivals.ids
        position, size = 0, len(data)
        while position + 1 < size:
            first, length, start = data[position], data[position + 1], position + 2
            if length > 127:
                length, start = _variable_length(data, position + 1)
            end = start + length
            if not start or end > size:
                break
            if first >> 4 == PUBLISH:
                name = start + 2
                body = name + (data[start] << 8 | data[start + 1]) if length > 1 else end + 1
                if first & 6:
                    body += 2
                if has_properties and body < end:
                    properties, body = _variable_length(data, body)
                    body += properties
                if body > end or first & 6 == 6:
                    raise MalformedPacket(f"a PUBLISH packet of {length} bytes makes no sense")
                name_end = name + (data[start] << 8 | data[start + 1])
                raw = data[name:name_end]
                topics.append(known.get(raw) or self._topic(raw))
                ids.append(data[name_end] << 8 | data[name_end + 1] if first & 6 else 0)
                flags.append(first)
                payloads.append(data[body:end])
            elif first >> 4 == PUBREL and length > 1:
                arrivals.releases.append(data[start] << 8 | data[start + 1])
            else:
                others += data[position:end]
            position = end
        return position

    def _topic(self, raw: bytes) -> str:
        if len(self._topics) >= _TOPICS_KEPT:
            self._topics.clear()
        try:
            topic = self._topics[raw] = raw.decode()
        except UnicodeDecodeError as error:
            raise MalformedPacket(f"the topic {raw!r} isn't UTF-8") from error
        return topic


def _variable_length(data: bytes | bytearray, position: int) -> tuple[int, int]:
    """A length and the position behind it; position 0 when it isn't complete. Raises MalformedPacket."""
    length = 0
    for index, byte in enumerate(data[position : position + _LENGTH_BYTES]):
        length |= (byte & 127) << 7 * index
        if byte < 128:
            return length, position + index + 1
    if len(data) - position >= _LENGTH_BYTES:
        raise MalformedPacket("a length has more than four bytes")
    return 0, 0


def _packet_size(start: bytearray) -> int:
    """The size of the packet that begins so, or what is needed at least to know it."""
    if len(start) < 2:
        return 2
    length, behind = _variable_length(start, 1)
    return behind + length if behind else len(start) + 1
