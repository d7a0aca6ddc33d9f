"""Which messages of QoS 1 and 2 may be acknowledged, in the order in which they came.

A message gets a number when it arrives and is acknowledged once it is marked done and all before it are, since MQTT
wants acknowledgements in the order of the messages. No I/O here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from connectors.mqtt.frames import Arrivals, puback, pubcomp, pubrec, qos_of

NO_NUMBER = -1
_QOS_2 = 0x10000


class Ledger:
    """The messages that are on their way to Kafka; not for several threads."""

    def __init__(self) -> None:
        self._next = 0
        self._since = 0  # the first number given out on this connection
        self._open: deque[tuple[int, int]] = deque()  # number, message id (and a bit for QoS 2)
        self._done: set[int] = set()
        # QoS 2: what an earlier connection brought and this one will bring again, by message id; and their numbers.
        self._carried: dict[int, int] = {}
        self._kept: set[int] = set()
        self._received: set[int] = set()  # answered with PUBREC: the server forgets them after PUBREL and PUBCOMP
        self._answers = bytearray()

    @property
    def outstanding(self) -> int:
        """How many messages wait for Kafka."""
        return len(self._open)

    def reconnected(self, *, session_present: bool) -> None:
        """A new connection begins: what wasn't acknowledged comes again, with QoS 2 under the same message id."""
        if session_present:
            self._carried |= {mark & 0xFFFF: number for number, mark in self._open if mark & _QOS_2}
        else:
            self._carried.clear()
            self._received.clear()
        self._kept = set(self._carried.values())
        self._done &= self._kept
        self._open.clear()
        self._answers.clear()
        self._since = self._next

    def take(self, arrivals: Arrivals) -> tuple[Arrivals, Sequence[int]]:
        """Number the messages: those that are new, and their numbers (``NO_NUMBER`` for QoS 0)."""
        for message_id in arrivals.releases:
            self._received.discard(message_id)
            self._answers += pubcomp(message_id)
        highest = max(arrivals.flags, key=qos_of, default=0)
        if qos_of(highest) == 0:
            return arrivals, ()
        if qos_of(highest) == 2:
            arrivals = self._without_known(arrivals)
        numbers = []
        for flags, message_id in zip(arrivals.flags, arrivals.ids, strict=True):
            if not flags & 6:
                numbers.append(NO_NUMBER)
                continue
            self._open.append((self._next, message_id | _QOS_2 if flags & 4 else message_id))
            numbers.append(self._next)
            self._next += 1
        return arrivals, numbers

    def _without_known(self, arrivals: Arrivals) -> Arrivals:
        """Without the messages of QoS 2 that came before: these are only answered (again)."""
        new = []
        for index, (flags, message_id) in enumerate(zip(arrivals.flags, arrivals.ids, strict=True)):
            if qos_of(flags) != 2:
                new.append(index)
            elif message_id in self._received:
                self._answers += pubrec(message_id)
            elif message_id in self._carried:
                self._open.append((self._carried.pop(message_id), message_id | _QOS_2))
            else:
                new.append(index)
        return arrivals if len(new) == len(arrivals) else arrivals.take(new)

    def done(self, number: int) -> None:
        """Kafka has that message (or it was dropped)."""
        if number >= self._since or number in self._kept:
            self._done.add(number)

    def answers(self) -> bytes:
        """The packets to send now."""
        answers, done = self._answers, self._done
        while self._open and self._open[0][0] in done:
            number, mark = self._open.popleft()
            done.discard(number)
            message_id = mark & 0xFFFF
            if mark & _QOS_2:
                self._kept.discard(number)
                self._received.add(message_id)
                answers += pubrec(message_id)
            else:
                answers += puback(message_id)
        self._answers = bytearray()
        return bytes(answers)
