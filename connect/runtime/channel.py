"""How the worker and its child processes talk: small JSON messages over one Unix socket, both ways.

Three kinds of message: a *call* that wants an answer, the *answer*, and a *notice*. Plugin data other than
configurations and source offsets never travels here, and nothing is pickled.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import socket
import struct
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import orjson

from connect.api.errors import ConnectException, java_class_name
from connect.provided_secrets import hide
from connect.runtime.stacks import python_stacks

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
_LENGTH = struct.Struct(">I")
_READ_BYTES = 256 * 1024


class RemoteError(ConnectException):
    """What the other side raised: its class name, message and full trace."""

    def __init__(self, error_class: str, message: str, trace: str) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.trace = trace


class ChannelClosed(ConnectException):
    """The other side is gone."""


def describe_error(error: BaseException) -> dict[str, str]:
    """An exception as it travels over a channel."""
    return {
        "class": java_class_name(error),
        "message": str(error) or type(error).__name__,
        "trace": error.trace if isinstance(error, RemoteError) else format_trace(error),
    }


def format_trace(error: BaseException) -> str:
    """The full stack trace text that statuses show."""
    return hide("".join(traceback.format_exception(error)))


def encode(message: Mapping[str, Any]) -> bytes:
    """A message as it goes over the socket, with its length in front. Raises ConnectException when it is too large."""
    try:
        body = orjson.dumps(message)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        body = json.dumps(message).encode()
    if len(body) > MAX_MESSAGE_BYTES:
        raise ConnectException(f"A message of {len(body)} bytes is beyond the limit of {MAX_MESSAGE_BYTES}")
    return _LENGTH.pack(len(body)) + body


def decode(body: bytes) -> dict[str, Any]:
    """The message in a body."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        message = json.loads(body)
    if not isinstance(message, dict):
        raise ConnectException("A message must be an object")
    return message


class ChildChannel:
    """The child's end: blocking calls from any thread, incoming messages handled on one reader thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._write_lock = threading.Lock()
        self._ids = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}

    def call(self, method: str, timeout: float | None = None, **params: Any) -> Any:
        """Ask the worker and wait for its answer.

        Raises RemoteError with what the worker raised, TimeoutError after ``timeout`` seconds, ChannelClosed.
        """
        call_id = next(self._ids)
        answer: Future[Any] = Future()
        self._waiting[call_id] = answer
        try:
            self._write({"call": call_id, "method": method, "params": params})
            return answer.result(timeout)
        except FutureTimeout:
            raise TimeoutError(f"The worker did not answer '{method}' within {timeout} s") from None
        finally:
            self._waiting.pop(call_id, None)

    def notify(self, method: str, **params: Any) -> None:
        """Tell the worker something. A worker that is gone no longer cares."""
        try:
            self._write({"method": method, "params": params})
        except ChannelClosed:
            log.debug("Not told '%s': the worker is gone", method)

    def serve(self, handle: Callable[[str, dict[str, Any], Callable[[Any], None]], None]) -> None:
        """Read messages until the worker is gone. ``handle(method, params, answer)`` must not block.

        ``answer`` takes the result or an exception, now or later, from any thread; for notices it does nothing.
        """
        while (message := self._read()) is not None:
            if "answer" in message:
                self._resolve(message)
            elif message["method"] == "stacks":
                self._answering(message.get("call"))(python_stacks())
            else:
                handle(message["method"], message["params"], self._answering(message.get("call")))
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(ChannelClosed("The worker is gone"))

    def shut(self) -> None:
        """End the talk; :meth:`serve` returns."""
        with contextlib.suppress(OSError):  # the worker was quicker
            self._sock.shutdown(socket.SHUT_RDWR)

    def abandon(self) -> None:
        """Close this process's end: it was forked off the one that the channel belongs to."""
        self._sock.close()

    def _answering(self, call_id: int | None) -> Callable[[Any], None]:
        def answer(result: Any) -> None:
            if call_id is None:
                return
            outcome = {"error": describe_error(result)} if isinstance(result, BaseException) else {"result": result}
            try:
                self._write({"answer": call_id, **outcome})
            except ChannelClosed:
                log.debug("No one left to answer")

        return answer

    def _resolve(self, message: dict[str, Any]) -> None:
        waiting = self._waiting.get(message["answer"])
        if waiting is None or waiting.done():
            return
        if "error" in message:
            error = message["error"]
            waiting.set_exception(RemoteError(error["class"], error["message"], error["trace"]))
        else:
            waiting.set_result(message.get("result"))

    def _write(self, message: Mapping[str, Any]) -> None:
        data = encode(message)
        try:
            with self._write_lock:
                self._sock.sendall(data)
        except OSError as error:
            raise ChannelClosed("The worker is gone") from error

    def _read(self) -> dict[str, Any] | None:
        header = self._read_exactly(_LENGTH.size)
        body = None if header is None else self._read_exactly(_LENGTH.unpack(header)[0])
        return None if body is None else decode(body)

    def _read_exactly(self, size: int) -> bytes | None:
        data = bytearray()
        while len(data) < size:
            try:
                piece = self._sock.recv(size - len(data))
            except OSError:
                return None
            if not piece:
                return None
            data += piece
        return bytes(data)


Handler = Callable[[str, dict[str, Any]], Awaitable[Any]]


class _Messages(asyncio.Protocol):
    """Cuts what comes into messages, to the last one.

    A child that has just ended breaks the connection for a worker that writes to it, and then nothing more would be
    read: but what the child had said last is why it ended.
    """

    def __init__(self, sock: socket.socket, receive: Callable[[dict[str, Any]], None]) -> None:
        self._sock = sock
        self._receive = receive
        self._data = bytearray()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        self._data += data
        while len(self._data) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._data)[0]
            if len(self._data) < end:
                return
            body = bytes(self._data[_LENGTH.size : end])
            del self._data[:end]
            self._receive(decode(body))

    def connection_lost(self, exc: Exception | None) -> None:
        """No more will come than is here already. The socket is closed after this."""
        try:
            while data := self._sock.recv(_READ_BYTES):
                self.data_received(data)
        except OSError:
            log.debug("Nothing is left to be read")
        if not self.ended.done():
            self.ended.set_result(None)


class WorkerChannel:
    """The worker's end, on its event loop."""

    def __init__(self, handle: Handler) -> None:
        """``handle(method, params)`` answers the child's calls; what it returns for notices is ignored."""
        self._handle = handle
        self._ids = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._serving: set[asyncio.Task[None]] = set()
        self._transport: asyncio.Transport | None = None
        self._messages: _Messages | None = None
        self._is_closed = False

    async def open(self, sock: socket.socket) -> None:
        """Start reading from the socket."""
        loop = asyncio.get_running_loop()
        self._transport, self._messages = await loop.create_connection(
            lambda: _Messages(sock, self._receive), sock=sock
        )
        self._messages.ended.add_done_callback(lambda _: self._fail_waiting())

    async def call(self, method: str, timeout: float | None = None, **params: Any) -> Any:
        """Ask the child and wait for its answer. Raises RemoteError, ChannelClosed, TimeoutError."""
        call_id = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[call_id] = answer
        try:
            self._write({"call": call_id, "method": method, "params": params})
            async with asyncio.timeout(timeout):
                return await answer
        finally:
            self._waiting.pop(call_id, None)

    def notify(self, method: str, **params: Any) -> None:
        """Tell the child something. A child that is gone no longer cares."""
        try:
            self._write({"method": method, "params": params})
        except ChannelClosed:
            log.debug("Not told '%s': the process has ended", method)

    async def drained(self, timeout: float) -> None:
        """Wait until all that the child has sent is handled; ``timeout`` seconds at most."""
        if self._messages is not None:
            await asyncio.wait([self._messages.ended], timeout=timeout)
        if self._serving:
            await asyncio.wait(list(self._serving), timeout=timeout)

    async def close(self) -> None:
        """Stop reading and fail whatever waits for an answer."""
        self._is_closed = True
        self._fail_waiting()
        if self._transport is not None:
            self._transport.close()

    def _write(self, message: Mapping[str, Any]) -> None:
        if self._transport is None or self._transport.is_closing():
            raise ChannelClosed("The process has ended")
        self._transport.write(encode(message))

    def _receive(self, message: dict[str, Any]) -> None:
        if self._is_closed:
            return
        if "answer" not in message:
            task = asyncio.create_task(self._serve(message))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
            return
        waiting = self._waiting.get(message["answer"])
        if waiting is None or waiting.done():
            return
        if "error" in message:
            error = message["error"]
            waiting.set_exception(RemoteError(error["class"], error["message"], error["trace"]))
        else:
            waiting.set_result(message.get("result"))

    async def _serve(self, message: dict[str, Any]) -> None:
        answer: dict[str, Any] = {"answer": message.get("call")}
        try:
            answer["result"] = await self._handle(message["method"], message["params"])
        except Exception as error:  # whatever it is, the child gets to know
            if answer["answer"] is None:
                log.exception("Failed to handle '%s' from a child process", message["method"])
            answer["error"] = describe_error(error)
        if answer["answer"] is not None:
            try:
                self._write(answer)
            except ChannelClosed:
                log.debug("No one left to answer '%s'", message["method"])

    def _fail_waiting(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ChannelClosed("The process has ended"))
