"""The worker's membership in its group, as the herder sees it."""

from __future__ import annotations

from typing import Protocol


class GroupMembership(Protocol):
    """What the herder asks of the worker's membership; see ``connect.kafka.membership``."""

    def start(self) -> None:
        """Begin to join."""

    def leave(self) -> None:
        """Join no more, and leave; returns at once."""

    def stop(self) -> None:
        """Leave the group, and wait for that."""

    def request_rejoin(self) -> None:
        """Join again now."""

    def rejoin_at(self, when: float) -> None:
        """Join again at a time of ``time.monotonic``."""

    def leave_for(self, seconds: float) -> None:
        """Leave the group for a while."""

    @property
    def rejoin_pending(self) -> bool:
        """The present assignment is about to change."""
