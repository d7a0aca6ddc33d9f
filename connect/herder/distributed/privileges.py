"""The leader's right to write to the config topic, where workers support exactly-once sources."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from connect.api import ConnectException
from connect.herder.errors import RebalanceNeeded
from connect.storage.config_store import ConfigBackingStore

log = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.25


class WritePrivileges:
    """Claimed when this worker becomes the leader, and again after a write has failed.

    ``leads`` says whether this worker is the leader as far as it knows.
    """

    def __init__(self, configs: ConfigBackingStore, leads: Callable[[], bool]) -> None:
        self._configs = configs
        self._leads = leads
        self._lock = asyncio.Lock()
        self._claimed = False

    def lose(self) -> None:
        """Another worker leads, or may have led meanwhile."""
        self._claimed = False

    async def claim(self) -> None:
        """As a new leader, keep a former one from writing; a failure is logged, and the next write tries again."""
        try:
            await self.ensure()
        except ConnectException as error:
            log.error("The right to write to the config topic could not be claimed: %s", error)

    async def ensure(self) -> None:
        """Before the leader writes. Raises ConnectException; RebalanceNeeded when another worker leads by now."""
        async with self._lock:
            if self._claimed and self._configs.may_write:
                return
            if self._claimed:
                # Perhaps somebody else has become the leader and claimed them: this worker will soon hear of that.
                await asyncio.sleep(_PAUSE_SECONDS)
            if not self._leads():
                raise RebalanceNeeded("Cannot complete request because of a conflicting operation (e.g. rebalance)")
            await asyncio.to_thread(self._configs.claim_write_privileges)
            self._claimed = True
