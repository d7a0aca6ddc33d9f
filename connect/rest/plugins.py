"""``/connector-plugins`` and below."""

from __future__ import annotations

from aiohttp import web

from connect.api.errors import java_class_name
from connect.herder.errors import BadRequest
from connect.herder.plugin_listing import PluginListing
from connect.herder.validation import ConnectorValidation
from connect.rest.answers import flag, json_response
from connect.rest.bodies import config_of, parse_texts
from connect.rest.errors import error_response
from connect.rest.routing import Route
from connect.runtime.channel import RemoteError

_CONNECTOR = "Connector"


class PluginRoutes:
    """Lists plugins, shows their keys, judges configurations."""

    def __init__(self, plugins: PluginListing, validation: ConnectorValidation) -> None:
        self._plugins = plugins
        self._validation = validation

    def routes(self) -> list[Route]:
        """All routes below ``/connector-plugins``."""
        return [
            Route("GET", "/connector-plugins", self.list),
            Route("GET", "/connector-plugins/{plugin}/config", self.config),
            Route("PUT", "/connector-plugins/{plugin}/config/validate", self.validate, reads_body=True),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """What is installed."""
        connectors_only = not request.query.get("connectorsOnly") or flag(request, "connectorsOnly")
        return json_response(self._plugins.plugins(connectors_only=connectors_only))

    async def config(self, request: web.Request) -> web.Response:
        """The definitions of a plugin's keys."""
        keys = await self._plugins.config_keys(request.match_info["plugin"], request.query.get("version"))
        return json_response(keys)

    async def validate(self, request: web.Request) -> web.Response:
        """The judgement on a configuration; ``lint`` adds our own findings."""
        config = config_of(parse_texts(await request.read()))
        plugin, given = request.match_info["plugin"], config.get("connector.class")
        if given is not None and not given.removesuffix(_CONNECTOR).endswith(plugin.removesuffix(_CONNECTOR)):
            raise BadRequest(f"Included connector type {given} does not match request type {plugin}")
        try:
            return json_response(await self._validation.infos(config, lint=flag(request, "lint")))
        except BadRequest as error:
            return error_response(500, f"{java_class_name(error)}: {error}")
        except RemoteError as error:
            return error_response(500, f"{error.error_class}: {error}")
