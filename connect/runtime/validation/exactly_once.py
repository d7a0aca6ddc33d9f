"""What a source connector says about exactly-once support, asked before it is created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connect.api import ConnectorTransactionBoundaries, ExactlyOnceSupport, SourceConnector
from connect.api.config_def import ConfigValue

_NO_API = (
    "The connector does not implement the API required for preflight validation of exactly-once source support. "
    "Please consult the documentation for the connector to determine whether it supports exactly-once semantics, and "
    'then consider reconfiguring the connector to use the value "requested" for this property (which will disable this '
    "preflight check and allow the connector to be created)."
)
_NO_BOUNDARIES = (
    "The connector does not support connector-defined transaction boundaries with the given configuration. "
    "Please reconfigure it to use a different transaction boundary definition."
)
_NULL_BOUNDARIES = (
    "This connector has returned a null value from its canDefineTransactionBoundaries method, which is not permitted. "
    "The connector will be treated as if it cannot define its own transaction boundaries, and cannot be configured "
    "with 'transaction.boundary' set to 'connector'."
)


def check_exactly_once(
    connector: SourceConnector,
    config: Mapping[str, str],
    values: Mapping[str, ConfigValue],
    worker: Mapping[str, str],
) -> None:
    """Add errors to ``exactly.once.support`` and ``transaction.boundary`` where they ask for what can't be had."""
    support = values["exactly.once.support"]
    if _asks(support, "required"):
        if worker.get("exactly.once.source.support", "disabled").lower() != "enabled":
            support.errors.append("This worker does not have exactly-once source support enabled.")
        _ask(support, lambda: _support_error(connector.exactly_once_support(config)))
    boundary = values["transaction.boundary"]
    if _asks(boundary, "connector"):
        _ask(boundary, lambda: _boundary_error(connector.can_define_transaction_boundaries(config)))


def _asks(found: ConfigValue, wanted: str) -> bool:
    return not found.errors and str(found.value).lower() == wanted


def _ask(found: ConfigValue, question: Callable[[], str | None]) -> None:
    try:
        error = question()
    except Exception as failure:
        error = f"An unexpected error occurred during validation: {failure}"
    if error is not None:
        found.errors.append(error)


def _support_error(answer: Any) -> str | None:
    if answer is ExactlyOnceSupport.SUPPORTED:
        return None
    return (
        _NO_API
        if answer is None
        else "The connector does not support exactly-once semantics with the provided configuration."
    )


def _boundary_error(answer: Any) -> str | None:
    if answer is ConnectorTransactionBoundaries.SUPPORTED:
        return None
    return _NULL_BOUNDARIES if answer is None else _NO_BOUNDARIES
