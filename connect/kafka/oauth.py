"""Tokens for OAUTHBEARER where kafka-python speaks; librdkafka fetches its own."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import requests
from kafka.net.sasl.oauth import AbstractTokenProvider

from connect.api.errors import ConnectException

_FETCH_SECONDS = 10.0
_UNSECURED_SECONDS = 3600
_RENEW_AT = 0.8
"""After which part of its life a token is replaced."""


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]  # the library has no types
    """Takes librdkafka's settings: client credentials for an OpenID provider, or unsecured tokens for tests."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self._config = config
        self._token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        """A token that is good for a while. Raises ConnectException when the provider gives none."""
        if time.monotonic() >= self._renew_at:
            unsecured = "sasl.oauthbearer.config" in self._config
            self._token, seconds = self._unsecured() if unsecured else self._fetch()
            self._renew_at = time.monotonic() + seconds * _RENEW_AT
        return self._token

    def extensions(self) -> dict[str, str]:
        """What else the broker is told."""
        listed = str(self._config.get("sasl.oauthbearer.extensions", ""))
        return dict(part.split("=", 1) for part in listed.split(",") if "=" in part)

    def _unsecured(self) -> tuple[str, float]:
        settings = dict(part.split("=", 1) for part in self._config["sasl.oauthbearer.config"].split())
        now = int(time.time())
        claims = {
            settings["principalClaimName"]: settings["principal"],
            "iat": now,
            "exp": now + _UNSECURED_SECONDS,
        }
        return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}.", _UNSECURED_SECONDS

    def _fetch(self) -> tuple[str, float]:
        url = self._config["sasl.oauthbearer.token.endpoint.url"]
        form = {"grant_type": "client_credentials"}
        if "sasl.oauthbearer.scope" in self._config:
            form["scope"] = self._config["sasl.oauthbearer.scope"]
        login = tuple(self._config.get(f"sasl.oauthbearer.client.{part}", "") for part in ("id", "secret"))
        try:
            answer = requests.post(url, form, auth=login, timeout=_FETCH_SECONDS)
            answer.raise_for_status()
            found = answer.json()
            return str(found["access_token"]), float(found.get("expires_in", 60))
        except (OSError, ValueError, KeyError) as error:
            raise ConnectException(f"{url} gives no token for OAUTHBEARER: {error!r}") from error


def _encoded(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
