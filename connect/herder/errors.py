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
