"""What goes wrong with a service, for whoever asked for it."""

from __future__ import annotations


class ServiceError(Exception):
    """A server can't be fetched, started or stopped; the message says why and, where there is one, what to do."""
