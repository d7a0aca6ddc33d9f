"""Which cluster a command talks to: contexts are names for URLs, kept in a small file of the user's."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import orjson

DEFAULT_URL = "http://localhost:8083"
URL_VARIABLE = "CONNECT_URL"


@dataclass(slots=True)
class Contexts:
    """Named clusters; ``current`` is used when nothing else is said."""

    current: str | None = None
    urls: dict[str, str] = field(default_factory=dict)

    def url(self, name: str) -> str:
        """The URL of a context. Raises ClickException for an unknown one."""
        if name not in self.urls:
            known = ", ".join(sorted(self.urls)) or "none so far"
            raise click.ClickException(
                f"There is no context '{name}'; known: {known}. Add it with 'connect context set'."
            )
        return self.urls[name]


def contexts_file() -> Path:
    """Where contexts are kept."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "kafka-connect-py" / "contexts.json"


def load_contexts() -> Contexts:
    """The user's contexts. Raises ClickException when the file can't be read."""
    file = contexts_file()
    if not file.exists():
        return Contexts()
    try:
        stored: dict[str, Any] = orjson.loads(file.read_bytes())
        return Contexts(stored.get("current"), dict(stored.get("urls", {})))
    except (OSError, ValueError, TypeError) as error:
        raise click.ClickException(f"Can't read {file}: {error}. Mend or delete it.") from None


def save_contexts(contexts: Contexts) -> None:
    """Keep the contexts, readable for the user alone (URLs may hold passwords)."""
    file = contexts_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    content = orjson.dumps({"current": contexts.current, "urls": contexts.urls}, option=orjson.OPT_INDENT_2)
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_bytes(content)
    fresh.replace(file)


def choose_url(url: str | None, context: str | None) -> str:
    """The cluster to talk to: ``--url``, ``--context``, CONNECT_URL, the current context, or localhost."""
    if url:
        return url.rstrip("/")
    contexts = load_contexts()
    if context:
        return contexts.url(context).rstrip("/")
    if os.environ.get(URL_VARIABLE):
        return os.environ[URL_VARIABLE].rstrip("/")
    return (contexts.url(contexts.current) if contexts.current else DEFAULT_URL).rstrip("/")
