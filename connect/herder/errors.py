"""What the herder refuses, and why; REST turns each class into a status code."""

from __future__ import annotations

from connect.api import ConnectException


class BadRequest(ConnectException):
    """The request can't be carried out as it is (400)."""

    java_class = "org.apache.kafka.connect.runtime.rest.errors.BadRequestException"


class Forbidden(ConnectException):
    """The worker's configuration does not allow it (403)."""


class RebalanceNeeded(ConnectException):
    """Try again in a moment: the cluster is changing (409)."""

    java_class = "org.apache.kafka.connect.runtime.distributed.RebalanceNeededException"


class Unavailable(ConnectException):
    """The worker can't do that yet (503)."""


class Conflict(ConnectException):
    """Another operation is under way (409)."""


class HandledElsewhere(ConnectException):
    """Another worker has to do it: the leader, or the one that runs the connector or task.

    ``url`` is that worker's, or None when nobody is known to do it at the moment.
    """

    def __init__(self, message: str, url: str | None) -> None:
        super().__init__(message)
        self.url = url


class Rejected(ConnectException):
    """Another worker has refused a request with that status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
