"""``/connectors`` and below."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connect.api import ConnectException, NotFoundException
from connect.herder.errors import BadRequest
from connect.herder.herder import Herder
from connect.rest.answers import flag, json_object, json_response
from connect.runtime.ids import INITIAL_STATES, ConnectorTaskId, TargetState


class ConnectorRoutes:
    """Parses, asks the herder, answers."""

    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def routes(self) -> list[web.RouteDef]:
        """All routes below ``/connectors``."""
        one = "/connectors/{connector}"
        return [
            web.get("/connectors", self.list),
            web.post("/connectors", self.create),
            web.get(one, self.info),
            web.delete(one, self.delete),
            web.get(f"{one}/config", self.config),
            web.put(f"{one}/config", self.put_config),
            web.patch(f"{one}/config", self.patch_config),
            web.get(f"{one}/status", self.status),
            web.get(f"{one}/tasks", self.tasks),
            web.get(f"{one}/tasks/{{task}}/status", self.task_status),
            web.post(f"{one}/tasks/{{task}}/restart", self.restart_task),
            web.post(f"{one}/restart", self.restart),
            web.put(f"{one}/pause", self.pause),
            web.put(f"{one}/resume", self.resume),
            web.put(f"{one}/stop", self.stop),
            web.get(f"{one}/topics", self.topics),
            web.put(f"{one}/topics/reset", self.reset_topics),
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
        body = await json_object(request)
        unknown = body.keys() - {"name", "config", "initial_state"}
        if unknown:
            raise ConnectException(f'Unrecognized field "{sorted(unknown)[0]}"')
        name = (body.get("name") or "").strip()
        config = _named(dict(body.get("config") or {}), name)
        initial = body.get("initial_state")
        if initial is not None and str(initial).upper() not in INITIAL_STATES:
            raise ConnectException(f"Unknown initial state {initial}: expected RUNNING, PAUSED or STOPPED")
        target = None if initial is None else INITIAL_STATES[str(initial).upper()]
        info = await self._herder.create_connector(name, config, target)
        return json_response(info, 201, location=f"/connectors/{name}")

    async def info(self, request: web.Request) -> web.Response:
        """Configuration, tasks, type."""
        return json_response(self._herder.connector_info(_name(request)))

    async def delete(self, request: web.Request) -> web.Response:
        """Stop and forget."""
        await self._herder.delete_connector(_name(request))
        return web.Response(status=204)

    async def config(self, request: web.Request) -> web.Response:
        """The configuration as it was given."""
        return json_response(self._herder.connector_config(_name(request)))

    async def put_config(self, request: web.Request) -> web.Response:
        """Add or change."""
        name = _name(request)
        created, info = await self._herder.put_connector_config(name, _named(await json_object(request), name))
        if created:
            return json_response(info, 201, location=f"/connectors/{name}")
        return json_response(info)

    async def patch_config(self, request: web.Request) -> web.Response:
        """Change some keys."""
        return json_response(await self._herder.patch_connector_config(_name(request), await json_object(request)))

    async def status(self, request: web.Request) -> web.Response:
        """The states of connector and tasks."""
        return json_response(self._herder.connector_status(_name(request)))

    async def tasks(self, request: web.Request) -> web.Response:
        """The task configurations."""
        return json_response(self._herder.tasks(_name(request)))

    async def task_status(self, request: web.Request) -> web.Response:
        """The state of one task."""
        return json_response(self._herder.task_status(_task_id(request)))

    async def restart_task(self, request: web.Request) -> web.Response:
        """Restart one task."""
        await self._herder.restart_task(_task_id(request))
        return web.Response(status=204)

    async def restart(self, request: web.Request) -> web.Response:
        """Restart the instance, with flags also tasks."""
        status = await self._herder.restart_connector(
            _name(request), include_tasks=flag(request, "includeTasks"), only_failed=flag(request, "onlyFailed")
        )
        return web.Response(status=204) if status is None else json_response(status, 202)

    async def pause(self, request: web.Request) -> web.Response:
        """Pause."""
        await self._herder.set_target_state(_name(request), TargetState.PAUSED)
        return web.Response(status=202)

    async def resume(self, request: web.Request) -> web.Response:
        """Go on."""
        await self._herder.set_target_state(_name(request), TargetState.STARTED)
        return web.Response(status=202)

    async def stop(self, request: web.Request) -> web.Response:
        """Stop: no tasks are left."""
        await self._herder.set_target_state(_name(request), TargetState.STOPPED)
        return web.Response(status=204)

    async def topics(self, request: web.Request) -> web.Response:
        """The topics used so far."""
        return json_response(self._herder.connector_topics(_name(request)))

    async def reset_topics(self, request: web.Request) -> web.Response:
        """Forget the topics used so far."""
        self._herder.reset_topics(_name(request))
        return web.Response(status=202)


def _name(request: web.Request) -> str:
    return request.match_info["connector"]


def _task_id(request: web.Request) -> ConnectorTaskId:
    try:
        return ConnectorTaskId(_name(request), int(request.match_info["task"]))
    except ValueError:
        raise web.HTTPNotFound from None


def _named(config: dict[str, Any], name: str) -> dict[str, Any]:
    given = config.setdefault("name", name)
    if given != name:
        raise BadRequest(f"Connector name configuration ({given}) doesn't match connector name in the URL ({name})")
    return config
