"""Host names of addresses, looked up beside the record path and remembered."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable

_PATIENCE_SECONDS = 0.5
_MOST_LOOKUPS = 16
_MOST_NAMES = 10_000


def _look_up(address: str) -> str:
    try:
        return socket.gethostbyaddr(address)[0]
    except OSError:
        return address  # that it has no name is an answer too


class HostNames:
    """Names that stay known for ``seconds``. An address whose name can't be found is its own name."""

    def __init__(self, seconds: float, look_up: Callable[[str], str] = _look_up) -> None:
        self._seconds = seconds
        self._look_up = look_up
        self._known: dict[str, tuple[str, float]] = {}
        self._asked: set[str] = set()
        self._answered = threading.Condition()

    def resolve(self, addresses: Iterable[str]) -> dict[str, str]:
        """The name of each address. One that isn't known within half a second keeps its address for now.

        A name that has become too old is still given while it is looked up again.
        """
        wanted = set(addresses)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        with self._answered:
            if len(self._known) > _MOST_NAMES:
                self._known.clear()
            self._ask(wanted)
            while not self._known.keys() >= wanted and (left := deadline - time.monotonic()) > 0:
                self._answered.wait(left)
                self._ask(wanted)
            return {address: self._known.get(address, (address,))[0] for address in wanted}

    def _ask(self, wanted: set[str]) -> None:
        now = time.monotonic()
        for address in wanted:
            known = self._known.get(address)
            fresh = known is not None and known[1] > now
            if not fresh and address not in self._asked and len(self._asked) < _MOST_LOOKUPS:
                self._asked.add(address)
                threading.Thread(target=self._answer, args=(address,), daemon=True).start()

    def _answer(self, address: str) -> None:
        name = self._look_up(address)
        with self._answered:
            self._known[address] = name, time.monotonic() + self._seconds
            self._asked.discard(address)
            self._answered.notify_all()
