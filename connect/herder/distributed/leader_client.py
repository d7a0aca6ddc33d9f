"""What a follower asks of the leader on its own account: to store task configurations, to fence off former tasks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from urllib.parse import quote

import aiohttp
import orjson

from connect.api import ConnectException
from connect.herder.errors import Rejected
from connect.herder.internal_requests import sign
from connect.storage.cluster_state import Config, SessionKey

_TIMEOUT_SECONDS = 90.0
_KEY_ROTATION_SECONDS = 60.0
_FIRST_RETRY_SECONDS = 0.25


class LeaderClient:
    """Sends signed requests. ``session_key`` gives the present key, or None while requests aren't signed."""

    def __init__(self, algorithm: str, session_key: Callable[[], SessionKey | None]) -> None:
        self._algorithm = algorithm
        self._session_key = session_key
        self._session: aiohttp.ClientSession | None = None

    async def put_task_configs(self, leader_url: str, connector: str, configs: Sequence[Config]) -> None:
        """Hand over task configurations. Raises Rejected, ConnectException."""
        await self._send("POST", leader_url, connector, "tasks", orjson.dumps([dict(config) for config in configs]))

    async def fence_zombies(self, leader_url: str, connector: str) -> None:
        """Ask for a fencing round. Raises Rejected, ConnectException."""
        await self._send("PUT", leader_url, connector, "fence", b"")

    async def _send(self, method: str, leader_url: str, connector: str, what: str, body: bytes) -> None:
        """A key that the leader has just changed may not have arrived here: a refused signature is tried again for a
        minute.
        """
        url = f"{leader_url.rstrip('/')}/connectors/{quote(connector, safe='')}/{what}"
        began, pause = time.monotonic(), _FIRST_RETRY_SECONDS
        while True:
            try:
                await self._request(method, url, body)
                return
            except Rejected as error:
                if error.status != 403 or time.monotonic() - began + pause > _KEY_ROTATION_SECONDS:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    async def _request(self, method: str, url: str, body: bytes) -> None:
        if self._session is None:
            # Java refuses a request without a body that names a content type.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS), skip_auto_headers=["Content-Type"]
            )
        headers = {"Accept": "application/json", "User-Agent": "kafka-connect"}
        if body:
            headers["Content-Type"] = "application/json"
        key = self._session_key()
        if key is not None:
            headers |= sign(body, key, self._algorithm).headers()
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status >= 300:
                    raise Rejected(answer.status, (await answer.text())[:1000])
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConnectException(f"The leader at {url} can't be reached: {error!r}") from error

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
