"""The messages of one poll as columns: texts, senders and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.syslog.blocks import Block


class Arrivals:
    """``texts``, ``received`` (ms since the epoch) and ``names`` (address or host name), one item per message."""

    def __init__(self, blocks: Sequence[Block], charset: str, names: Mapping[str, str] | None = None) -> None:
        self._blocks = blocks
        self.texts: list[str] = []
        self.received: list[int] = []
        self.names: list[str] = []
        for block in blocks:
            size = len(block.messages)
            self.texts += [message.decode(charset, "replace") for message in block.messages]
            self.received += [block.received] * size
            address = block.peer.address
            self.names += [address if names is None else names.get(address, address)] * size

    def remotes(self) -> list[str]:
        """Addresses with ports, as Java writes them."""
        return [
            remote
            for block in self._blocks
            for remote in [f"/{_bracketed(block.peer.address)}:{block.peer.port}"] * len(block.messages)
        ]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
