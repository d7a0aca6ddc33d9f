"""This worker's membership in the group of all workers.

A thread of its own joins the group, joins again when that is needed, and notices when the worker has fallen out of it.
What it says and hears are bytes to it; a :class:`GroupListener` knows their meaning. kafka-python does the talking, on
another thread; it is imported when the membership starts, since that takes longer than all the rest of a worker.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from connect.kafka import python_client

if TYPE_CHECKING:
    from connect.kafka.group_member import GroupMember

log = logging.getLogger(__name__)

_TURN_SECONDS = 1.0
_JOIN_MS = 250
_RETRY_SECONDS = 1.0
_BOOTSTRAP_MS = 10_000
_LEAVE_MS = 3_000


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """How to be a member; times in ms, as the worker's properties name them."""

    group_id: str
    session_timeout: int = 10_000
    heartbeat_interval: int = 3_000
    rebalance_timeout: int = 60_000

    @staticmethod
    def of(properties: Mapping[str, str]) -> GroupSettings:
        """From the worker's properties."""
        return GroupSettings(
            properties["group.id"],
            int(properties.get("session.timeout.ms", "10000")),
            int(properties.get("heartbeat.interval.ms", "3000")),
            int(properties.get("rebalance.timeout.ms", "60000")),
        )


@dataclass(frozen=True, slots=True)
class Joined:
    """The group has formed: what the coordinator chose, and what the leader has for this member."""

    generation: int
    member_id: str
    protocol: str
    assignment: bytes


class GroupListener(Protocol):
    """Speaks for the worker. ``protocols`` and ``assign`` are called on the library's thread and must be quick; the
    others on the membership's, which doesn't join again before they return."""

    def protocols(self) -> list[tuple[str, bytes]]:
        """What this member offers, the preferred protocol first, with its metadata."""

    def assign(self, leader: str, protocol: str, members: Mapping[str, bytes], generation: int) -> dict[str, bytes]:
        """As the leader: what each member is to do, from the metadata of all."""

    def before_join(self) -> bool:
        """The worker is about to join: what the protocol demands to be stopped has stopped when this returns.

        False when it must not join now; ``leave_for`` says for how long.
        """

    def joined(self, joined: Joined) -> None:
        """The group has formed."""

    def took(self, step: str, seconds: float) -> None:
        """The coordinator has answered a ``join``, ``sync`` or ``heartbeat`` after so long; on the library's thread."""

    def lost(self, silent_seconds: float) -> None:
        """The worker is no member any more, or can't know: what it runs has stopped when this returns.

        The coordinator last heard this member ``silent_seconds`` ago.
        """


class Membership:
    """Keeps the worker in its group from ``start`` to ``stop``. All methods may be called from any thread."""

    def __init__(
        self,
        properties: Mapping[str, str],
        settings: GroupSettings,
        listener: GroupListener,
        on_member: Callable[[str | None], None] = lambda member_id: None,
    ) -> None:
        """``properties`` are those of a Java client; ``on_member`` is told the member's id, None when it has left.

        Raises ConfigException for a login that isn't supported.
        """
        self._on_member = on_member
        self._connection = python_client.settings(properties)
        self._settings = settings
        self._listener = listener
        self._member: GroupMember | None = None
        self._client: Any = None
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._rejoin = threading.Event()
        self._rejoin_at = float("inf")
        self._absent_until = 0.0
        self._prepared = False
        self._is_member = False
        self._thread = threading.Thread(target=self._run, name="group-membership", daemon=True)

    def start(self) -> None:
        """Begin to join; returns at once."""
        self._thread.start()

    def leave(self) -> None:
        """Begin to leave the group for good; returns at once."""
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """Leave the group and end."""
        self.leave()
        if self._thread.is_alive():
            self._thread.join()

    def request_rejoin(self) -> None:
        """Join again now: this member has news, or has let go of what it was to give away."""
        self._rejoin.set()
        self._wake.set()

    def rejoin_at(self, when: float) -> None:
        """Join again at a time of ``time.monotonic``, unless the group forms anew before."""
        self._rejoin_at = when
        self._wake.set()

    def leave_for(self, seconds: float) -> None:
        """Leave the group, and come back after a while."""
        self._absent_until = time.monotonic() + seconds
        self._wake.set()

    @property
    def rejoin_pending(self) -> bool:
        """The present assignment is about to change."""
        return self._rejoin.is_set()

    # The thread

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("Group %s: the membership has failed and will be tried again", self._settings.group_id)
                self._pause(_RETRY_SECONDS)
        self._close()

    def _turn(self) -> None:
        if self._member is None:
            self._connect()
            return
        member = self._member
        if self._absent_until > time.monotonic():
            self._be_absent(member)
            return
        self._notice_loss(member)
        self._notice_requests(member)
        if member.need_rejoin():
            self._join(member)
            return
        member.look_after_heartbeat()
        member.relax()
        self._pause(min(_TURN_SECONDS, max(self._rejoin_at - time.monotonic(), 0.0)))

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _connect(self) -> None:
        from kafka.net.compat import KafkaNetClient

        from connect.kafka.group_member import GroupMember

        client = self._client = self._client or KafkaNetClient(**self._connection)
        client._manager._net.start()
        if client._manager.broker_version_data is None:
            client._manager.bootstrap(_BOOTSTRAP_MS)
        self._member = GroupMember(
            client,
            self._listener,
            self._wake.set,
            group_id=self._settings.group_id,
            session_timeout_ms=self._settings.session_timeout,
            heartbeat_interval_ms=self._settings.heartbeat_interval,
            max_poll_interval_ms=self._settings.rebalance_timeout,
            api_version=client._manager.broker_version,
        )

    def _be_absent(self, member: GroupMember) -> None:
        if self._is_member:
            self._is_member = False
            member.maybe_leave_group("taking too long to read the log", timeout_ms=_LEAVE_MS)
        self._pause(self._absent_until - time.monotonic())

    def _notice_requests(self, member: GroupMember) -> None:
        if self._rejoin_at <= time.monotonic():
            self._rejoin.set()
        if self._rejoin.is_set():
            member.request_rejoin()

    def _notice_loss(self, member: GroupMember) -> None:
        """Find out that the group goes on without this worker, if possible before the group does."""
        silent = member.silent_seconds()
        limit = self._settings.session_timeout / 1000
        if self._is_member and (member.take_eviction() or silent > limit):
            self._is_member = False
            log.warning("Group %s: this worker is out of the group; silent for %.1f s", member.group_id, silent)
            self._listener.lost(silent)
            member.request_rejoin()

    def _join(self, member: GroupMember) -> None:
        if not self._prepared:
            self._prepared = self._listener.before_join()
        if not self._prepared:
            return
        self._notice_loss(member)
        # What is asked for from now on may come too late for this round.
        self._rejoin.clear()
        self._rejoin_at = float("inf")
        member.ensure_active_group(timeout_ms=_JOIN_MS)
        joined = member.take_joined()
        if joined is None:
            if member.coordinator_unknown():
                self._pause(_JOIN_MS / 1000)
            return
        self._prepared = False
        self._is_member = True
        self._on_member(joined.member_id)
        self._listener.joined(joined)

    def _close(self) -> None:
        try:
            if self._member is not None:
                self._member.close(timeout_ms=_LEAVE_MS)
                self._on_member(None)
            if self._client is not None:
                self._client.close()
        except Exception:
            log.exception("Group %s could not be left in order", self._settings.group_id)
