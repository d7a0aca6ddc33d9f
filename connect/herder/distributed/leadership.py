"""What the leader of the group does when members have joined: read what they say, decide, tell each of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connect.herder.distributed.assignor import IncrementalAssignor, Round, assign_eagerly
from connect.herder.distributed.protocol import (
    CONFIG_MISMATCH,
    NOTHING,
    Assignment,
    Metadata,
    Protocol,
    Work,
    decode_metadata,
    encode_assignment,
)
from connect.runtime.ids import ConnectorTaskId
from connect.storage.cluster_state import ClusterConfigState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placement:
    """What runs where in a generation, by member, and why. ``delay`` in ms; ``waiting`` has no worker for so long."""

    generation: int
    protocol: Protocol
    urls: Mapping[str, str]
    running: Mapping[str, Work]
    revoked: Mapping[str, Work] = field(default_factory=dict)
    waiting: Work = NOTHING
    delay: int = 0
    reasons: tuple[str, ...] = ()


class Leadership:
    """Decides who runs what. ``assign`` is called on the group's thread, the others on any thread.

    ``max_delay`` is ``scheduled.rebalance.max.delay.ms``; ``snapshot`` gives the present configs; ``now`` is in ms.
    """

    def __init__(
        self,
        max_delay: int,
        snapshot: Callable[[], ClusterConfigState],
        now: Callable[[], int] = lambda: int(time.monotonic() * 1000),
    ) -> None:
        self._assignor = IncrementalAssignor(max_delay)
        self._snapshot = snapshot
        self._now = now
        self._lock = threading.Lock()
        self._placement: Placement | None = None

    def assign(
        self, leader: str, protocol: Protocol, members: Mapping[str, bytes], *, generation: int, last_completed: int
    ) -> dict[str, bytes]:
        """The assignments by member id. ``members`` have sent those metadata. Raises ConnectException."""
        told = {member: decode_metadata(data) for member, data in members.items()}
        configs = self._snapshot()
        highest = max(metadata.offset for metadata in told.values())
        url = told[leader].url
        if configs.offset < highest:
            log.warning("The leader has read the config topic up to %d, a member up to %d", configs.offset, highest)
            mismatch = Assignment(leader, url, highest, error=CONFIG_MISMATCH)
            return dict.fromkeys(members, encode_assignment(protocol, mismatch))
        decided = self._decide(protocol, told, configs, generation, last_completed)
        urls = {member: metadata.url for member, metadata in told.items()}
        with self._lock:
            self._placement = Placement(
                generation,
                protocol,
                urls,
                decided.running,
                decided.revoked,
                decided.lost,
                decided.delay,
                tuple(decided.reasons),
            )
        return {
            member: encode_assignment(
                protocol,
                Assignment(
                    leader, url, configs.offset, decided.assigned[member], decided.revoked[member], decided.delay
                ),
            )
            for member in members
        }

    def _decide(
        self,
        protocol: Protocol,
        told: Mapping[str, Metadata],
        configs: ClusterConfigState,
        generation: int,
        last_completed: int,
    ) -> Round:
        configured = _configured(configs)
        if not protocol.is_incremental:
            dealt = assign_eagerly(told, configured)
            return Round(dealt, dict.fromkeys(told, NOTHING), dealt, 0)
        return self._assignor.assign(
            {member: metadata.held for member, metadata in told.items()},
            configured,
            last_completed=last_completed,
            generation=generation,
            now=self._now(),
            draining={member for member, metadata in told.items() if metadata.draining},
        )

    def forget(self) -> None:
        """Another worker leads."""
        with self._lock:
            self._placement = None

    @property
    def placement(self) -> Placement | None:
        """What was decided last; None when another worker leads."""
        with self._lock:
            return self._placement

    @property
    def is_alone(self) -> bool:
        """This worker leads a group without other members."""
        placement = self.placement
        return placement is not None and len(placement.urls) == 1

    def owner_url(self, owned: str | ConnectorTaskId) -> str | None:
        """The URL of the worker that runs a connector instance or a task, or None."""
        placement = self.placement
        if placement is None:
            return None
        for member, work in placement.running.items():
            if owned in (work.connectors if isinstance(owned, str) else work.tasks):
                return placement.urls[member]
        return None


def _configured(configs: ClusterConfigState) -> Work:
    connectors = sorted(configs.connectors())
    return Work(tuple(connectors), tuple(task for connector in connectors for task in configs.tasks(connector)))
