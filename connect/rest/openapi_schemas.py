"""The shapes of bodies, as JSON schemas."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_OPTIONAL_TEXT: Json = {"type": ["string", "null"]}
_INTEGER: Json = {"type": "integer"}
_BOOLEAN: Json = {"type": "boolean"}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_MAP: Json = {"type": ["object", "null"]}


def reference(name: str) -> Json:
    """A reference to one of the schemas below."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: Json, optional: Json | None = None) -> Json:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


def _list(name: str) -> Json:
    return {"type": "array", "items": reference(name)}


_STATES = ["UNASSIGNED", "RUNNING", "PAUSED", "FAILED", "RESTARTING", "STOPPED"]
_STATE: Json = {"type": "string", "enum": _STATES}
_TYPE: Json = {"type": "string", "enum": ["source", "sink", "unknown"]}
_VALUE_TYPES = ["BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"]

SCHEMAS: Json = {
    "Error": _object({"error_code": _INTEGER, "message": _OPTIONAL_TEXT}),
    "ServerInfo": _object({"version": _TEXT, "commit": _TEXT, "kafka_cluster_id": _OPTIONAL_TEXT}),
    "ConnectorsHealth": _object(
        {"status": {"type": "string", "enum": ["healthy", "unhealthy"]}, "failed": {"type": "array", "items": _TEXT}}
    ),
    "Health": _object({"status": {"type": "string", "enum": ["healthy", "starting", "unhealthy"]}, "message": _TEXT}),
    "Config": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
    "CreateConnector": {
        **_object(
            {"name": _TEXT, "config": reference("Config")},
            {"initial_state": {"type": ["string", "null"], "enum": ["RUNNING", "PAUSED", "STOPPED", None]}},
        ),
        "additionalProperties": False,
    },
    "TaskId": _object({"connector": _TEXT, "task": _INTEGER}),
    "Task": _object({"id": reference("TaskId"), "config": reference("Config")}),
    "ConnectorInfo": _object({"name": _TEXT, "config": reference("Config"), "tasks": _list("TaskId"), "type": _TYPE}),
    "ConnectorState": _object({"state": _STATE, "worker_id": _TEXT}, {"version": _TEXT, "trace": _TEXT}),
    "TaskState": _object({"id": _INTEGER, "state": _STATE, "worker_id": _TEXT}, {"version": _TEXT, "trace": _TEXT}),
    "ConnectorStatus": _object(
        {"name": _TEXT, "connector": reference("ConnectorState"), "tasks": _list("TaskState"), "type": _TYPE}
    ),
    "ExpandedConnectors": {
        "type": "object",
        "additionalProperties": _object(
            {}, {"status": reference("ConnectorStatus"), "info": reference("ConnectorInfo")}
        ),
    },
    "ConnectorTopics": {"type": "object", "additionalProperties": _object({"topics": _TEXTS})},
    "ConnectorOffset": {**_object({}, {"partition": _MAP, "offset": _MAP}), "additionalProperties": False},
    "ConnectorOffsets": {**_object({"offsets": _list("ConnectorOffset")}), "additionalProperties": False},
    "Message": _object({"message": _TEXT}),
    "Plugin": _object({"class": _TEXT, "type": _TEXT}, {"version": _TEXT}),
    "ConfigKey": _object(
        {
            "name": _TEXT,
            "type": {"type": "string", "enum": _VALUE_TYPES},
            "required": _BOOLEAN,
            "default_value": _OPTIONAL_TEXT,
            "importance": {"type": "string", "enum": ["HIGH", "MEDIUM", "LOW"]},
            "documentation": _OPTIONAL_TEXT,
            "group": _OPTIONAL_TEXT,
            "order_in_group": _INTEGER,
            "width": {"type": "string", "enum": ["NONE", "SHORT", "MEDIUM", "LONG"]},
            "display_name": _TEXT,
            "dependents": _TEXTS,
        }
    ),
    "ConfigValue": _object(
        {
            "name": _TEXT,
            "value": _OPTIONAL_TEXT,
            "recommended_values": {"type": "array", "items": _OPTIONAL_TEXT},
            "errors": _TEXTS,
            "visible": _BOOLEAN,
        }
    ),
    "ConfigInfo": _object(
        {"definition": {"anyOf": [reference("ConfigKey"), {"type": "null"}]}, "value": reference("ConfigValue")}
    ),
    "Finding": _object(
        {"code": _TEXT, "key": _TEXT, "severity": {"type": "string", "enum": ["warning", "hint"]}, "message": _TEXT},
        {"suggestion": _TEXT},
    ),
    "ConfigInfos": _object(
        {"name": _TEXT, "error_count": _INTEGER, "groups": _TEXTS, "configs": _list("ConfigInfo")},
        {"lint": _list("Finding")},
    ),
    "LoggerLevel": _object({"level": _TEXT, "last_modified": {"type": ["integer", "null"]}}),
    "SetLoggerLevel": _object({"level": _TEXT}),
    "Work": _object({"connectors": _TEXTS, "tasks": _TEXTS}),
    "PlacedWorker": _object({"member": _TEXT, "url": _TEXT, "connectors": _TEXTS, "tasks": _TEXTS}),
    "Placement": _object(
        {
            "generation": _INTEGER,
            "protocol": {"type": "string", "enum": ["eager", "compatible", "sessioned"]},
            "workers": _list("PlacedWorker"),
            "waiting": reference("Work"),
            "delay_ms": _INTEGER,
            "reasons": _TEXTS,
        }
    ),
}
