"""Control actions leave a line; looking does not; values are never in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConfigException
from connect.rest.audit import AuditLog
from connect.runtime.ids import ConnectorTaskId, State
from tests.unit.rest.parts import SOURCE, basic, serve


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_control_action_says_who_what_and_from_where(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with serve({"audit.log.file": str(path)}) as served:
        config = {**SOURCE, "password": "canary"}
        await served.ask("POST", "/connectors", json={"name": "c", "config": config}, headers=basic("ann", "x"))
        await served.ask("GET", "/connectors/c")
        await served.ask("PUT", "/connector-plugins/FileStreamSource/config/validate", json=config)
        await served.ask("PUT", "/connectors/c/pause")
        await served.ask("DELETE", "/connectors/nosuch", params={"forward": "true"})
    created, paused, refused = lines(path)
    assert created["keys"] == sorted(config)
    assert {name: created[name] for name in ("from", "user", "method", "path", "status")} == {
        "from": "127.0.0.1",
        "user": "ann",
        "method": "POST",
        "path": "/connectors",
        "status": 201,
    }
    assert (paused["connector"], paused["path"], paused["status"]) == ("c", "/connectors/c/pause", 202)
    assert (refused["status"], refused["query"]) == (404, {"forward": "true"})
    assert "user" not in paused
    assert "canary" not in path.read_text()


async def test_refused_requests_are_seen_too(tmp_path: Path) -> None:
    path, users = tmp_path / "audit.jsonl", tmp_path / "users.properties"
    users.write_text("ann: secret\n")
    properties = {
        "audit.log.file": str(path),
        "rest.extension.classes": "BasicAuthSecurityRestExtension",
        "rest.basic.auth.users.file": str(users),
    }
    async with serve(properties) as served:
        await served.ask("PUT", "/connectors/c/pause", headers=basic("eve", "guess"))
    (line,) = lines(path)
    assert (line["user"], line["status"]) == ("eve", 401)
    assert "guess" not in path.read_text()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigException, match=r"audit\.log\.file: it can't be written: No such file or directory"):
        AuditLog(str(tmp_path / "none" / "audit.jsonl"))


async def test_readers_may_look_and_validate_only(tmp_path: Path) -> None:
    users = tmp_path / "users.properties"
    users.write_text("ann: secret\nviewer: looks\n")
    properties = {
        "rest.extension.classes": "BasicAuthSecurityRestExtension",
        "rest.basic.auth.users.file": str(users),
        "rest.basic.auth.read.only.users": "viewer",
    }
    viewer = {"headers": basic("viewer", "looks")}
    async with serve(properties) as served:
        assert (await served.ask("GET", "/connectors", **viewer))[0] == 200
        path = "/connector-plugins/FileStreamSource/config/validate"
        assert (await served.ask("PUT", path, json=SOURCE, **viewer))[0] == 200
        assert await served.ask("PUT", "/connectors/c/config", json=SOURCE, **viewer) == (
            403,
            "User viewer may only read: rest.basic.auth.read.only.users.",
        )
        assert (await served.ask("PUT", "/connectors/c/config", json=SOURCE, headers=basic("ann", "secret")))[0] == 201


async def test_unknown_readers_keep_the_worker_from_starting(tmp_path: Path) -> None:
    users = tmp_path / "users.properties"
    users.write_text("ann: secret\n")
    with pytest.raises(ConfigException, match=r"viewer.*they are not among the users"):
        async with serve(
            {
                "rest.extension.classes": "BasicAuthSecurityRestExtension",
                "rest.basic.auth.users.file": str(users),
                "rest.basic.auth.read.only.users": "viewer",
            }
        ):
            raise AssertionError("it has started")


async def test_the_health_of_connectors() -> None:
    async with serve() as served:
        await served.ask("POST", "/connectors", json={"name": "c", "config": SOURCE})
        served.services.herder.report_connector("c", State.RUNNING)
        assert await served.ask("GET", "/health/connectors") == (200, {"status": "healthy", "failed": []})
        served.services.herder.report_task(ConnectorTaskId("c", 0), State.FAILED, "why")
        assert await served.ask("GET", "/health/connectors") == (503, {"status": "unhealthy", "failed": ["c-0"]})
