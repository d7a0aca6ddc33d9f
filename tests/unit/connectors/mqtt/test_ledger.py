from __future__ import annotations

from connectors.mqtt.frames import Arrivals, puback, pubcomp, pubrec
from connectors.mqtt.ledger import NO_NUMBER, Ledger


def messages(*pairs: tuple[int, int], releases: tuple[int, ...] = ()) -> Arrivals:
    """Pairs of QoS and message id."""
    payloads = [b"%d" % message_id for _, message_id in pairs]
    flags = [0x30 | qos << 1 for qos, _ in pairs]
    return Arrivals(["t"] * len(pairs), payloads, flags, [message_id for _, message_id in pairs], list(releases))


def test_answers_keep_the_order_of_the_messages() -> None:
    ledger = Ledger()
    _, numbers = ledger.take(messages((1, 5), (0, 0), (1, 6), (1, 7)))
    assert list(numbers) == [0, NO_NUMBER, 1, 2]
    ledger.done(1)
    assert ledger.answers() == b""
    ledger.done(0)
    assert ledger.answers() == puback(5) + puback(6)
    assert ledger.outstanding == 1
    ledger.done(2)
    assert ledger.answers() == puback(7)
    assert ledger.answers() == b""


def test_messages_of_qos_0_need_no_number() -> None:
    arrivals, numbers = Ledger().take(messages((0, 0), (0, 0)))
    assert (len(arrivals), numbers) == (2, ())


def test_qos_2_is_answered_in_two_steps() -> None:
    ledger = Ledger()
    ledger.take(messages((2, 9)))
    ledger.done(0)
    assert ledger.answers() == pubrec(9)
    again, _ = ledger.take(messages((2, 9)))
    assert len(again) == 0
    assert ledger.answers() == pubrec(9)
    ledger.take(messages(releases=(9,)))
    assert ledger.answers() == pubcomp(9)
    new, numbers = ledger.take(messages((2, 9)))
    assert (len(new), list(numbers)) == (1, [1])


def test_a_new_connection_forgets_qos_1_and_remembers_qos_2() -> None:
    ledger = Ledger()
    ledger.take(messages((1, 1), (2, 2), (2, 3)))
    ledger.done(1)
    ledger.reconnected(session_present=True)
    ledger.done(0)  # of the old connection: the message comes again
    again, numbers = ledger.take(messages((1, 1), (2, 2), (2, 3), (2, 4)))
    assert again.ids == [1, 4]
    assert list(numbers) == [3, 4]
    ledger.done(2)  # message 3: Kafka has it only now
    ledger.done(3)
    ledger.done(4)
    assert sorted(ledger.answers()) == sorted(puback(1) + pubrec(2) + pubrec(3) + pubrec(4))
    assert ledger.outstanding == 0


def test_a_session_that_the_server_forgot_begins_anew() -> None:
    ledger = Ledger()
    ledger.take(messages((2, 2), (2, 3)))
    ledger.done(0)
    ledger.answers()
    ledger.reconnected(session_present=False)
    new, _ = ledger.take(messages((2, 2), (2, 3)))
    assert new.ids == [2, 3]
