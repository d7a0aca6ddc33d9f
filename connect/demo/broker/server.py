"""The broker's socket: one request after the other per connection, each answered by the method of its name."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Awaitable, Callable

from connect.demo.broker.coordinator import Coordinator
from connect.demo.broker.messages import APIS, BY_NAME, REQUEST_HEADER, RESPONSE_HEADER, Api, ErrorCode
from connect.demo.broker.topics import Topics
from connect.demo.broker.wire import MalformedMessage, Message, Reader

logger = logging.getLogger(__name__)

_SIZE = struct.Struct(">i")
_LARGEST_REQUEST = 100 * 1024 * 1024

Handler = Callable[[Message], Awaitable[Message | None]]


class Broker:
    """A whole cluster of one node. Port 0 takes a free one; the address is known after :meth:`start`."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._requested = (host, port)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._topics: Topics
        self._coordinator: Coordinator

    async def start(self) -> tuple[str, int]:
        """Listen; returns host and port. Raises OSError when the port is taken."""
        host, port = self._requested
        self._server = await asyncio.start_server(self._serve, host, port, start_serving=False)
        address = (host, self._server.sockets[0].getsockname()[1])
        self._topics = Topics(address)
        self._coordinator = Coordinator(address)
        await self._server.start_serving()
        return address

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        peer = str(writer.get_extra_info("peername")[0])
        try:
            while True:
                (size,) = _SIZE.unpack(await reader.readexactly(_SIZE.size))
                if not 0 <= size <= _LARGEST_REQUEST:
                    raise MalformedMessage(f"a request of {size} bytes")
                answer = await self._answer(await reader.readexactly(size), peer)
                if answer is not None:
                    writer.write(_SIZE.pack(len(answer)) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            logger.debug("%s has gone", peer)
        except MalformedMessage as error:
            logger.warning("Closing the connection of %s, which sent what isn't Kafka's protocol: %s", peer, error)
        finally:
            self._connections.discard(connection)
            writer.close()

    async def _answer(self, frame: bytes, peer: str) -> bytes | None:
        reader = Reader(frame)
        header = REQUEST_HEADER.read(reader, 0)
        version = header["api_version"]
        api = APIS.get(header["api_key"])
        if api is None or not api.first <= version <= api.last:
            if api is not BY_NAME["api_versions"]:
                raise MalformedMessage(f"request {header['api_key']} in version {version} isn't spoken here")
            # A newer client asks in its own version first; told which ones there are, it asks again.
            api, version, response = BY_NAME["api_versions"], 0, self._versions(ErrorCode.UNSUPPORTED_VERSION)
        else:
            request = api.request.read(reader, version)
            logger.debug("%s %s v%d: %s", header["client_id"], api.name, version, api.name != "produce" and request)
            answer = await self._dispatch(api, request, header["client_id"] or "", peer)
            if answer is None:
                return None
            response = answer
        out = RESPONSE_HEADER.encode({"correlation_id": header["correlation_id"]}, 0)
        api.response.write(out, response, version)
        return bytes(out)

    async def _dispatch(self, api: Api, request: Message, client_id: str, peer: str) -> Message | None:
        match api.name:
            case "api_versions":
                return self._versions(ErrorCode.NONE)
            case "list_groups":
                return await self._coordinator.list_groups()
            case "join_group":
                return await self._coordinator.join_group(request, client_id, peer)
            case "delete_topics":
                return self._delete_topics(request)
        owner = self._topics if hasattr(self._topics, api.name) else self._coordinator
        handler: Handler = getattr(owner, api.name)
        return await handler(request)

    def _delete_topics(self, request: Message) -> Message:
        results = []
        for name in request["topic_names"]:
            results.append({"name": name, "error_code": self._topics.delete(name)})
            self._coordinator.groups.forget_topic(name)
        return {"throttle_time_ms": 0, "topics": results}

    def _versions(self, code: ErrorCode) -> Message:
        keys = [{"api_key": a.key, "min_version": a.first, "max_version": a.last} for a in APIS.values()]
        return {"error_code": code, "api_keys": keys, "throttle_time_ms": 0}
