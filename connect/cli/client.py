"""The REST API from the command line's side, with exit codes that scripts can trust."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import quote

import click
import requests

EXIT_REFUSED, EXIT_UNREACHABLE, EXIT_NOT_FOUND, EXIT_CONFLICT, EXIT_WAITED, EXIT_FAILED = 1, 3, 4, 5, 6, 7
"""Refused by the worker; not reachable; unknown name; rebalancing or existing; waited in vain; something is FAILED."""

_REQUEST_SECONDS = 95.0  # the worker itself gives up after 90
_MOMENTARY_SECONDS = 30.0
_RETRY_SECONDS = 0.5
_LOOK_EVERY_SECONDS = 0.2


class CommandFailed(click.ClickException):
    """An error for the user, with its exit code."""

    exit_code: int  # type: ignore[misc]  # of the error; click has it per class

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class ConnectClient:
    """Talks to one worker. All methods raise CommandFailed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def get(self, path: str, **query: Any) -> Any:
        """The answer to GET."""
        return self.call("GET", path, query=query)

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """The answer; a cluster that is rebalancing is asked again for a while."""
        deadline = time.monotonic() + _MOMENTARY_SECONDS
        while True:
            answer = self._send(method, path, body, query)
            if answer.ok:
                return answer.json() if answer.content else None
            message = _message_of(answer)
            if not _is_momentary(answer.status_code, message) or time.monotonic() > deadline:
                _refused(answer.status_code, message)
            time.sleep(_RETRY_SECONDS)

    def _send(self, method: str, path: str, body: Any, query: Mapping[str, Any] | None) -> requests.Response:
        try:
            return self._session.request(
                method, f"{self.url}{path}", json=body, params=dict(query or {}), timeout=_REQUEST_SECONDS
            )
        except requests.RequestException as error:
            reason = type(error).__name__
            raise CommandFailed(
                f"No worker answers at {self.url} ({reason}). Is it running? Choose another with --url or --context.",
                EXIT_UNREACHABLE,
            ) from None

    def text(self, path: str) -> str:
        """The answer to GET as it stands."""
        answer = self._send("GET", path, None, None)
        if not answer.ok:
            _refused(answer.status_code, _message_of(answer))
        return answer.text

    def status(self, connector: str) -> dict[str, Any]:
        """The states of a connector and its tasks."""
        found: dict[str, Any] = self.get(f"{connector_path(connector)}/status")
        return found

    def wait_for(self, connector: str, wanted: str, timeout: float) -> dict[str, Any]:
        """Wait until connector and tasks are in that state; RUNNING wants at least one task."""
        deadline = time.monotonic() + timeout
        while True:
            status = self._status_or_none(connector)
            seen = [] if status is None else states(status)
            if status is not None and _reached(seen, wanted):
                return status
            if "FAILED" in seen and wanted == "RUNNING" and status is not None:
                raise CommandFailed(f"{connector} has failed:\n{first_trace(status)}", EXIT_FAILED)
            if time.monotonic() > deadline:
                shown = ", ".join(seen) or "no status"
                raise CommandFailed(f"{connector} is not {wanted} after {timeout:g} s: {shown}", EXIT_WAITED)
            time.sleep(_LOOK_EVERY_SECONDS)

    def _status_or_none(self, connector: str) -> dict[str, Any] | None:
        try:
            return self.status(connector)
        except CommandFailed as error:
            if error.exit_code != EXIT_NOT_FOUND:
                raise
            return None


def connector_path(connector: str) -> str:
    """The path of a connector, whatever its name."""
    return f"/connectors/{quote(connector, safe='')}"


def states(status: Mapping[str, Any]) -> list[str]:
    """The connector's state and those of its tasks."""
    return [status["connector"]["state"], *(task["state"] for task in status["tasks"])]


def first_trace(status: Mapping[str, Any]) -> str:
    """The last line of the first trace: what went wrong, in one sentence."""
    traces = [part["trace"] for part in (status["connector"], *status["tasks"]) if part.get("trace")]
    lines = traces[0].strip().splitlines() if traces else ["no trace"]
    return str(lines[-1])


def _reached(seen: list[str], wanted: str) -> bool:
    if wanted == "RUNNING" and len(seen) < 2:
        return False
    return all(state == wanted for state in seen)


def _is_momentary(status: int, message: str) -> bool:
    return status == 409 and "already exists" not in message


def _message_of(answer: requests.Response) -> str:
    try:
        body = answer.json()
        return str(body.get("message") or body)
    except (ValueError, AttributeError):
        return answer.text.strip() or f"HTTP {answer.status_code}"


def _refused(status: int, message: str) -> NoReturn:
    code = {404: EXIT_NOT_FOUND, 409: EXIT_CONFLICT}.get(status, EXIT_REFUSED)
    raise CommandFailed(message, code)


Action = Callable[[ConnectClient], Any]
