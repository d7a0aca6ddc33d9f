"""``/connectors`` and below."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connect.api import NotFoundException
from connect.herder.errors import BadRequest
from connect.herder.herder import Herder
from connect.rest.answers import connector_url, flag, json_response, no_content
from connect.rest.bodies import BadBody, config_of, mismatch, object_of, parse_texts, text_of
from connect.rest.routing import Route
from connect.runtime.ids import INITIAL_STATES, ConnectorTaskId, TargetState

_CREATE_REQUEST = "org.apache.kafka.connect.runtime.rest.entities.CreateConnectorRequest"
_INT32 = range(-(2**31), 2**31)
Config = dict[str, str | None]


class ConnectorRoutes:
    """Parses, asks the herder, answers."""

    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """All routes below ``/connectors`` but those of offsets."""
        one = "/connectors/{connector}"
        return [
            Route("GET", "/connectors", self.list),
            Route("POST", "/connectors", self.create, reads_body=True),
            Route("GET", one, self.info),
            Route("DELETE", one, self.delete),
            Route("GET", f"{one}/config", self.config),
            Route("PUT", f"{one}/config", self.put_config, reads_body=True),
            Route("PATCH", f"{one}/config", self.patch_config, reads_body=True),
            Route("GET", f"{one}/status", self.status),
            Route("GET", f"{one}/tasks", self.tasks),
            Route("GET", f"{one}/tasks/{{task}}/status", self.task_status),
            Route("POST", f"{one}/tasks/{{task}}/restart", self.restart_task),
            Route("POST", f"{one}/restart", self.restart),
            Route("PUT", f"{one}/pause", self.pause),
            Route("PUT", f"{one}/resume", self.resume),
            Route("PUT", f"{one}/stop", self.stop),
            Route("GET", f"{one}/topics", self.topics),
            Route("PUT", f"{one}/topics/reset", self.reset_topics),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """The names, or with ``expand`` their statuses and infos."""
        names = self._herder.connectors()
        if "expand" not in request.query:
            return json_response(names)
        wanted = request.query.getall("expand")
        expanded: dict[str, Any] = {}
        for name in names:
            try:
                shown = {}
                if "status" in wanted:
                    shown["status"] = self._herder.connector_status(name)
                if "info" in wanted:
                    shown["info"] = self._herder.connector_info(name)
            except NotFoundException:
                continue  # deleted, or without a status so far
            expanded[name] = shown
        return json_response(expanded)

    async def create(self, request: web.Request) -> web.Response:
        """Add a connector."""
        body = parse_texts(await request.read(), _CREATE_REQUEST)
        body = object_of(body, _CREATE_REQUEST, "config", "name", "initial_state")
        target = _initial_state(body.get("initial_state"))
        name = (text_of(body.get("name")) or "").strip()
        config = _named(config_of(body.get("config")), name)
        info = await self._herder.create_connector(name, config, target)
        return json_response(info, 201, location=connector_url(request, name))

    async def info(self, request: web.Request) -> web.Response:
        """Configuration, tasks, type."""
        return json_response(self._herder.connector_info(connector_name(request)))

    async def delete(self, request: web.Request) -> web.Response:
        """Stop and forget."""
        await self._herder.delete_connector(connector_name(request))
        return no_content(204)

    async def config(self, request: web.Request) -> web.Response:
        """The configuration as it was given."""
        return json_response(self._herder.connector_config(connector_name(request)))

    async def put_config(self, request: web.Request) -> web.Response:
        """Add or change."""
        name = connector_name(request)
        config = _named(config_of(parse_texts(await request.read())), name)
        created, info = await self._herder.put_connector_config(name, config)
        if created:
            return json_response(info, 201, location=connector_url(request, name))
        return json_response(info)

    async def patch_config(self, request: web.Request) -> web.Response:
        """Change some keys."""
        given, name = parse_texts(await request.read()), connector_name(request)
        if given is None:
            self._herder.connector_config(name)  # an unknown connector is told first
        return json_response(await self._herder.patch_connector_config(name, config_of(given)))

    async def status(self, request: web.Request) -> web.Response:
        """The states of connector and tasks."""
        return json_response(self._herder.connector_status(connector_name(request)))

    async def tasks(self, request: web.Request) -> web.Response:
        """The task configurations."""
        return json_response(self._herder.tasks(connector_name(request)))

    async def task_status(self, request: web.Request) -> web.Response:
        """The state of one task."""
        return json_response(self._herder.task_status(_task_id(request)))

    async def restart_task(self, request: web.Request) -> web.Response:
        """Restart one task."""
        await self._herder.restart_task(_task_id(request))
        return no_content(204)

    async def restart(self, request: web.Request) -> web.Response:
        """Restart the instance, with flags also tasks."""
        status = await self._herder.restart_connector(
            connector_name(request),
            include_tasks=flag(request, "includeTasks"),
            only_failed=flag(request, "onlyFailed"),
        )
        return no_content(204) if status is None else json_response(status, 202)

    async def pause(self, request: web.Request) -> web.Response:
        """Pause."""
        await self._herder.set_target_state(connector_name(request), TargetState.PAUSED)
        return no_content(202)

    async def resume(self, request: web.Request) -> web.Response:
        """Go on."""
        await self._herder.set_target_state(connector_name(request), TargetState.STARTED)
        return no_content(202)

    async def stop(self, request: web.Request) -> web.Response:
        """Stop: no tasks are left."""
        await self._herder.set_target_state(connector_name(request), TargetState.STOPPED)
        return no_content(204)

    async def topics(self, request: web.Request) -> web.Response:
        """The topics used so far."""
        return json_response(self._herder.topics.of(connector_name(request)))

    async def reset_topics(self, request: web.Request) -> web.Response:
        """Forget the topics used so far."""
        self._herder.topics.reset(connector_name(request))
        return no_content(202)


def connector_name(request: web.Request) -> str:
    """The connector that the path names."""
    return request.match_info["connector"]


def _task_id(request: web.Request) -> ConnectorTaskId:
    text = request.match_info["task"]
    digits = text.removeprefix("-") if text.startswith("-") else text.removeprefix("+")
    number = int(text) if digits.isascii() and digits.isdigit() else None
    if number is None or number not in _INT32:
        raise web.HTTPNotFound
    return ConnectorTaskId(connector_name(request), number)


def _named(config: Config, name: str) -> Config:
    given = config.get("name")
    if given is None:
        return {**config, "name": name}
    if given != name:
        raise BadRequest(f"Connector name configuration ({given}) doesn't match connector name in the URL ({name})")
    return config


def _initial_state(value: Any) -> TargetState | None:
    if isinstance(value, list):
        raise BadBody(f"Input mismatch reading Enum `{_CREATE_REQUEST}$InitialState`: it takes a text")
    if isinstance(value, dict):
        raise mismatch(f"{_CREATE_REQUEST}$InitialState", value)
    text = text_of(value)
    if text is None:
        return None
    if text.upper() not in INITIAL_STATES:
        raise BadBody(
            f"Cannot construct instance of `{_CREATE_REQUEST}$InitialState`, problem: "
            f"No enum constant {_CREATE_REQUEST}.InitialState.{text.upper()}"
        )
    return INITIAL_STATES[text.upper()]
