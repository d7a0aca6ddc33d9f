"""Judges connector configurations before anything is written. The plugins that they name are asked elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set

from connect.api import NotFoundException
from connect.api.validators import java_hash_order
from connect.herder.entities import Json
from connect.herder.errors import BadRequest
from connect.plugins.secrets import ConfigTransformer
from connect.provided_secrets import hide
from connect.runtime.channel import RemoteError
from connect.runtime.plugin_calls import PluginCalls
from connect.storage.cluster_state import Config

_HINT = (
    "You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`"
)


class ConnectorValidation:
    """Asks a plugin process; answers come within the time limit of ``PluginCalls``, whatever a plugin does."""

    def __init__(
        self, calls: PluginCalls, worker: Mapping[str, str], transformer: ConfigTransformer, group_id: str | None
    ) -> None:
        """``group_id`` is None in standalone mode."""
        self._calls = calls
        self._worker = dict(worker)
        self._transformer = transformer
        self._group_id = group_id

    async def infos(self, config: Config, *, lint: bool = False) -> Json:
        """The answer of ``/validate``, with ``lint`` also our own findings.

        Raises BadRequest when the configuration names no usable connector, RemoteError with what else went wrong,
        RequestTimedOut.
        """
        if config.get("connector.class") is None:
            raise BadRequest(f"Connector config {java_map(config)} contains no connector type")
        resolved = await asyncio.to_thread(self._transformer.transform, config)
        try:
            answer: Json = await self._calls.call(
                "validate", config=resolved, worker=self._worker, group_id=self._group_id, lint=lint
            )
        except RemoteError as error:
            raise known_error(error) from error
        changed = {key for key, value in config.items() if resolved.get(key) != value}
        return _without_secrets(answer, changed) if changed else answer

    async def require_valid(self, config: Config) -> None:
        """Raises BadRequest with all that is wrong with a configuration."""
        infos = await self.infos(config)
        if infos["error_count"]:
            errors = [error for each in infos["configs"] for error in each["value"]["errors"]]
            head = f"Connector configuration is invalid and contains the following {infos['error_count']} error(s):"
            raise BadRequest("\n".join([head, *errors, _HINT]))


def _without_secrets(answer: Json, provided: Set[str]) -> Json:
    """What providers gave is not shown; Kafka Connect shows it."""
    for each in answer["configs"]:
        value = each["value"]
        value["errors"] = [hide(error) for error in value["errors"]]
        if value["name"] in provided and isinstance(value["value"], str):
            value["value"] = hide(value["value"])
    return answer


def known_error(error: RemoteError) -> Exception:
    """An error from another process as the herder's own, where it has one like it."""
    for kind in (BadRequest, NotFoundException):
        if error.error_class == kind.java_class:
            return kind(hide(str(error)))
    return error


def java_map(config: Config) -> str:
    """A configuration as Java prints a HashMap."""
    buckets = 1 << int(len(config) / 0.75 + 1).bit_length()
    values = ((key, config[key]) for key in java_hash_order(config, buckets))
    entries = [f"{key}={'null' if value is None else value}" for key, value in values]
    return f"{{{', '.join(entries)}}}"


def patched(config: Config, patch: Config) -> Config:
    """A configuration with some keys changed, None removing one; in the order of the HashMap that Java makes of it."""
    merged = {**config, **patch}
    buckets = 1 << int(len(config) / 0.75 + 1).bit_length()
    return {key: merged[key] for key in java_hash_order(merged, buckets) if merged[key] is not None}
