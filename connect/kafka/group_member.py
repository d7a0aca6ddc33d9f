"""kafka-python's group coordinator client, taught the group of Connect workers.

The library calls methods with a leading underscore; they are its extension points, and its minor version is pinned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kafka.coordinator.base import BaseCoordinator
from kafka.errors import RebalanceInProgressError
from kafka.structs import MemberState

from connect.kafka.membership import GroupListener, Joined

PROTOCOL_TYPE = "connect"
ATTENTIVE_MS, ATTENTIVE_SECONDS = 250, 5.0
"""How often, and for how long, a member asks the coordinator for news right after a round."""


class GroupMember(BaseCoordinator):  # type: ignore[misc]  # the library has no types
    """Answers the library's questions, and notes what happens for the membership's thread.

    ``wake`` is called whenever that thread should look.
    """

    def __init__(self, client: Any, listener: GroupListener, wake: Callable[[], None], **settings: Any) -> None:
        self._listener = listener
        self._wake_membership = wake
        self._joined: Joined | None = None
        self._joined_at = self._known_at = time.monotonic()
        self._evicted = False
        self._was_stable = False
        self._heartbeat_ms = settings["heartbeat_interval_ms"]
        super().__init__(client, **settings)

    # What the library asks, on its thread

    def protocol_type(self) -> str:
        """The kind of group."""
        return PROTOCOL_TYPE

    def group_protocols(self) -> list[tuple[str, bytes]]:
        """What to offer."""
        return self._listener.protocols()

    def _perform_assignment(self, leader_id: str, protocol: str, members: Any) -> dict[str, bytes]:
        told = {member.member_id: bytes(member.metadata) for member in members}
        return self._listener.assign(leader_id, protocol, told, self._generation.generation_id)

    async def _on_join_complete_async(self, generation: int, member_id: str, protocol: str, assignment: bytes) -> None:
        self._joined = Joined(generation, member_id, protocol, bytes(assignment))
        self._joined_at = self._known_at = time.monotonic()
        self._was_stable = True
        self._evicted = False
        self.heartbeat.config["heartbeat_interval_ms"] = min(self._heartbeat_ms, ATTENTIVE_MS)
        self._wake_membership()

    # What happens by itself, on its thread

    def _process_join_group_response(self, response: Any, send_time: float) -> Any:
        self._listener.took("join", time.monotonic() - send_time)
        return super()._process_join_group_response(response, send_time)

    def _process_sync_group_response(self, response: Any, send_time: float) -> Any:
        self._listener.took("sync", time.monotonic() - send_time)
        return super()._process_sync_group_response(response, send_time)

    async def _send_heartbeat_request(self) -> None:
        # The coordinator counts from when it has heard the member, not from when the member has heard it.
        sent = time.monotonic()
        try:
            await super()._send_heartbeat_request()
        except RebalanceInProgressError:
            self._known_at = sent
            raise
        self._known_at = sent
        self._listener.took("heartbeat", time.monotonic() - sent)

    def request_rejoin(self) -> None:
        """The group forms anew."""
        super().request_rejoin()
        self._wake_membership()

    def reset_generation(self, *args: Any, **kwargs: Any) -> None:
        """The coordinator doesn't know this member, or no more."""
        super().reset_generation(*args, **kwargs)
        self._evicted = self._was_stable
        self._was_stable = False
        self._wake_membership()

    def coordinator_dead(self, error: Any) -> None:
        """The coordinator must be looked for."""
        super().coordinator_dead(error)
        self._wake_membership()

    def relax(self) -> None:
        """Back to the usual heartbeat: one round is often followed by another at once, but that time is over."""
        if time.monotonic() - self._joined_at > ATTENTIVE_SECONDS:
            self.heartbeat.config["heartbeat_interval_ms"] = self._heartbeat_ms

    # What the membership's thread wants to know, and asks for

    def look_after_heartbeat(self) -> None:
        """Keep the heartbeat going; joins nothing, unlike ``ensure_active_group``. Raises what it has died of."""
        self.poll_heartbeat()
        self._maybe_start_heartbeat_loop()

    def take_joined(self) -> Joined | None:
        """What the last round brought; once."""
        joined, self._joined = self._joined, None
        return joined

    def take_eviction(self) -> bool:
        """True, once, when the coordinator has said that this member is none."""
        evicted, self._evicted = self._evicted, False
        return evicted

    def silent_seconds(self) -> float:
        """How long ago the coordinator heard this member last, as far as it knows; a join under way counts as now."""
        joining = self.state is MemberState.REBALANCING and self._join_task is not None and not self._join_task.is_done
        if joining and not self.coordinator_unknown():
            return 0.0
        return time.monotonic() - self._known_at
