"""``/openapi.json``: the description of the REST API, for tools that make clients, forms and tests of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
from aiohttp import web

from connect import KAFKA_VERSION, __version__
from connect.rest.answers import json_response
from connect.rest.openapi_schemas import SCHEMAS, reference
from connect.rest.routing import Route

Json = dict[str, Any]
PATH = "/openapi.json"

_REFERENCE = re.compile(r'"\$ref":"([^"]+)"')
_VARIABLE = re.compile(r"\{(\w+)\}")
_VARIABLES = {
    "connector": "The connector's name.",
    "task": "The task's number.",
    "plugin": "The plugin's class, or its short name.",
    "logger": "The logger's name; root for all.",
}
_FLAG = {"type": "string", "enum": ["true", "false"]}
_METRIC_NAMES: Json = {"type": "string", "enum": ["full", "short"]}
_TEXT = {"type": "string"}


def _query(name: str, description: str, schema: Json, *, repeated: bool = False) -> Json:
    shown = {"type": "array", "items": schema} if repeated else schema
    return {"name": name, "in": "query", "required": False, "description": description, "schema": shown}


def _operation(summary: str, answers: dict[int, Json | None], *query: Json, body: Json | None = None, id: str) -> Json:
    responses: Json = {}
    for status, schema in answers.items():
        responses[str(status)] = {"description": summary}
        if schema is not None:
            responses[str(status)]["content"] = {"application/json": {"schema": schema}}
    responses["default"] = {
        "description": "What went wrong.",
        "content": {"application/json": {"schema": reference("Error")}},
    }
    operation: Json = {"operationId": id, "summary": summary, "parameters": list(query), "responses": responses}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


Operations = dict[tuple[str, str], Json]
_ONE = "/connectors/{connector}"
_NAMES: Json = {"type": "array", "items": _TEXT}


def _worker_operations() -> Operations:
    return {
        ("GET", "/"): _operation("Version and Kafka cluster.", {200: reference("ServerInfo")}, id="serverInfo"),
        ("GET", "/health"): _operation(
            "Whether the worker does its work.",
            {200: reference("Health"), 500: reference("Health"), 503: reference("Health")},
            id="health",
        ),
        ("GET", "/health/connectors"): _operation(
            "Whether no connector and no task has failed.",
            {200: reference("ConnectorsHealth"), 503: reference("ConnectorsHealth")},
            id="connectorsHealth",
        ),
        ("POST", f"{_ONE}/tasks"): _operation(
            "New task configurations; for workers alone.",
            {204: None},
            body={"type": "array", "items": reference("Config")},
            id="putTaskConfigs",
        ),
        ("PUT", f"{_ONE}/fence"): _operation(
            "Fence off former tasks; for workers alone.", {204: None}, id="fenceConnector"
        ),
        ("GET", "/metrics"): _operation(
            "This worker's metrics, for Prometheus.",
            {200: _TEXT},
            _query("names", "Java's names, or those of the JMX exporter's example rules.", _METRIC_NAMES),
            id="metrics",
        ),
        ("GET", PATH): _operation("This description.", {200: {"type": "object"}}, id="openApi"),
    }


def _connector_operations() -> Operations:
    info, config = reference("ConnectorInfo"), reference("Config")
    listed = {"anyOf": [_NAMES, reference("ExpandedConnectors")]}
    shown: Json = {"type": "string", "enum": ["status", "info"]}
    expand = _query("expand", "What to show besides names.", shown, repeated=True)
    tasks = {"type": "array", "items": reference("Task")}
    return {
        ("GET", "/connectors"): _operation("All connectors.", {200: listed}, expand, id="listConnectors"),
        ("POST", "/connectors"): _operation(
            "Add a connector.", {201: info}, body=reference("CreateConnector"), id="createConnector"
        ),
        ("GET", _ONE): _operation("A connector.", {200: info}, id="connector"),
        ("DELETE", _ONE): _operation("Stop and forget a connector.", {204: None}, id="deleteConnector"),
        ("GET", f"{_ONE}/config"): _operation("Its configuration.", {200: config}, id="connectorConfig"),
        ("PUT", f"{_ONE}/config"): _operation(
            "Add or change a connector.", {200: info, 201: info}, body=config, id="putConnectorConfig"
        ),
        ("PATCH", f"{_ONE}/config"): _operation(
            "Change some keys; null removes one.", {200: info}, body=config, id="patchConnectorConfig"
        ),
        ("GET", f"{_ONE}/tasks"): _operation("Its tasks.", {200: tasks}, id="connectorTasks"),
    }


def _state_operations() -> Operations:
    status = reference("ConnectorStatus")
    include = _query("includeTasks", "Whether tasks are restarted too.", _FLAG)
    failed = _query("onlyFailed", "Whether only what has failed is restarted.", _FLAG)
    return {
        ("GET", f"{_ONE}/status"): _operation("Its state and that of its tasks.", {200: status}, id="connectorStatus"),
        ("GET", f"{_ONE}/tasks/{{task}}/status"): _operation(
            "The state of a task.", {200: reference("TaskState")}, id="taskStatus"
        ),
        ("POST", f"{_ONE}/tasks/{{task}}/restart"): _operation("Restart a task.", {204: None}, id="restartTask"),
        ("POST", f"{_ONE}/restart"): _operation(
            "Restart a connector.", {202: status, 204: None}, include, failed, id="restartConnector"
        ),
        ("PUT", f"{_ONE}/pause"): _operation("Pause a connector.", {202: None}, id="pauseConnector"),
        ("PUT", f"{_ONE}/resume"): _operation("Resume a connector.", {202: None}, id="resumeConnector"),
        ("PUT", f"{_ONE}/stop"): _operation("Stop a connector.", {204: None}, id="stopConnector"),
    }


def _offset_operations() -> Operations:
    offsets, message = reference("ConnectorOffsets"), reference("Message")
    return {
        ("GET", f"{_ONE}/topics"): _operation(
            "The topics that it has used.", {200: reference("ConnectorTopics")}, id="connectorTopics"
        ),
        ("PUT", f"{_ONE}/topics/reset"): _operation("Forget them.", {202: None}, id="resetConnectorTopics"),
        ("GET", f"{_ONE}/offsets"): _operation("Its offsets.", {200: offsets}, id="connectorOffsets"),
        ("PATCH", f"{_ONE}/offsets"): _operation(
            "Change some, while it is stopped.", {200: message}, body=offsets, id="alterConnectorOffsets"
        ),
        ("DELETE", f"{_ONE}/offsets"): _operation(
            "Forget all, while it is stopped.", {200: message}, id="resetConnectorOffsets"
        ),
    }


def _plugin_operations() -> Operations:
    only = _query("connectorsOnly", "Whether only connectors are listed.", _FLAG)
    version = _query("version", "A version or range of versions.", _TEXT)
    lint = _query("lint", "Whether to report what is likely not meant, too.", _FLAG)
    keys = {"type": "array", "items": reference("ConfigKey")}
    plugins = {"type": "array", "items": reference("Plugin")}
    return {
        ("GET", "/connector-plugins"): _operation("What is installed.", {200: plugins}, only, id="listPlugins"),
        ("GET", "/connector-plugins/{plugin}/config"): _operation(
            "The keys of a plugin.", {200: keys}, version, id="pluginConfig"
        ),
        ("PUT", "/connector-plugins/{plugin}/config/validate"): _operation(
            "Judge a configuration.",
            {200: reference("ConfigInfos")},
            lint,
            body=reference("Config"),
            id="validateConfig",
        ),
    }


def _admin_operations() -> Operations:
    scope = _query("scope", "This worker, or all.", {"type": "string", "enum": ["worker", "cluster"]})
    levels = {"type": "object", "additionalProperties": reference("LoggerLevel")}
    return {
        ("GET", "/admin/loggers"): _operation("All log levels.", {200: levels}, id="listLoggers"),
        ("GET", "/admin/loggers/{logger}"): _operation(
            "A logger's level.", {200: reference("LoggerLevel")}, id="loggerLevel"
        ),
        ("PUT", "/admin/loggers/{logger}"): _operation(
            "Set a level.", {200: _NAMES, 204: None}, scope, body=reference("SetLoggerLevel"), id="setLoggerLevel"
        ),
        ("GET", "/admin/placement"): _operation(
            "Which worker runs what, and why.", {200: reference("Placement")}, id="placement"
        ),
        ("POST", "/admin/drain"): _operation(
            "Hand this worker's work over and leave the group.", {204: None}, id="drain"
        ),
    }


OPERATIONS: Operations = {
    **_worker_operations(),
    **_connector_operations(),
    **_state_operations(),
    **_offset_operations(),
    **_plugin_operations(),
    **_admin_operations(),
}


def openapi_document(routes: Sequence[Route]) -> Json:
    """The description of those routes."""
    paths: Json = {}
    for route in routes:
        operation = OPERATIONS.get((route.method, route.path))
        if operation is not None:
            paths.setdefault(route.path, _path_item(route.path))[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kafka Connect REST API",
            "version": KAFKA_VERSION,
            "description": f"As Kafka Connect {KAFKA_VERSION} has it, served by kafka-connect-worker {__version__}.",
        },
        "paths": paths,
        "components": {"schemas": _used_schemas(paths)},
    }


def _used_schemas(paths: Json) -> Json:
    """The schemas that the paths refer to, also by way of others."""
    used: Json = {}
    waiting = _references(paths)
    while waiting:
        name = waiting.pop()
        used[name] = SCHEMAS[name]
        waiting |= _references(SCHEMAS[name]) - used.keys()
    return {name: used[name] for name in SCHEMAS if name in used}


def _references(value: Any) -> set[str]:
    return {name.removeprefix(reference("")["$ref"]) for name in _REFERENCE.findall(orjson.dumps(value).decode())}


def _path_item(path: str) -> Json:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _VARIABLES[name],
            "schema": {"type": "integer"} if name == "task" else {"type": "string", "minLength": 1},
        }
        for name in _VARIABLE.findall(path)
    ]
    return {"parameters": parameters} if parameters else {}


class OpenApiRoutes:
    """Serves the description of the other routes and of itself."""

    def __init__(self, routes: Sequence[Route]) -> None:
        own = Route("GET", PATH, self.document, consumes_json=False)
        self._routes = [own]
        self._document = openapi_document([*routes, own])

    def routes(self) -> list[Route]:
        """The one route."""
        return self._routes

    async def document(self, _: web.Request) -> web.Response:
        """The description."""
        return json_response(self._document)
