"""When this worker has read less of the config topic than the leader: how long it tries, and how long it stays away."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from connect.api import ConnectException
from connect.herder.distributed.group import GroupView

log = logging.getLogger(__name__)

_RETRIES = 5

Refresh = Callable[[float], Awaitable[None]]


class CatchUp:
    """Counts failures to read to the end of the config topic. ``max_delay`` in ms, as the group waits for lost work."""

    def __init__(self, properties: Mapping[str, str], max_delay: int) -> None:
        self.sync_seconds = int(properties.get("worker.sync.timeout.ms", "3000")) / 1000
        self._unsync_seconds = int(properties.get("worker.unsync.backoff.ms", "300000")) / 1000
        self._max_delay = max_delay
        self._retries_left = _RETRIES
        self._is_behind = False

    async def before_join(self, refresh: Refresh) -> bool:
        """After a failure a worker reads first, then joins. False when that fails again."""
        return not self._is_behind or await self._try(refresh)

    async def with_leader(self, refresh: Refresh) -> bool:
        """Read what the leader has read. False when that takes too long."""
        return await self._try(refresh)

    def succeeded(self) -> None:
        """The worker knows what the leader knows."""
        self._retries_left = _RETRIES
        self._is_behind = False

    def back_off(self, view: GroupView | None) -> tuple[float, bool]:
        """How many seconds to stay away, and whether to stop all work because it has failed too often."""
        self._is_behind = True
        if view is not None and not view.protocol.is_incremental:
            return self._unsync_seconds, False
        if self._retries_left == 0:
            self._retries_left = _RETRIES
            return 0.0, True
        seconds = self._max_delay // 10 // self._retries_left / 1000
        self._retries_left -= 1
        return seconds, False

    async def _try(self, refresh: Refresh) -> bool:
        try:
            await refresh(self.sync_seconds)
        except (TimeoutError, ConnectException) as error:
            log.warning("The config topic could not be read to its end within %s s: %s", self.sync_seconds, error)
            return False
        self._is_behind = False
        return True
