"""Who we say we are to the schema registry."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import requests

from connect.api import ConfigException, Password
from converters.registry_errors import RegistryAccessException, RegistryConnectionException

Authorization = Callable[[str], dict[str, str]]
"""The headers for a request to a base address."""

_JAAS = re.compile(r"""\b(username|password)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_TOKEN_SECONDS = 60


def authorization(config: Mapping[str, Any], given: Mapping[str, Any]) -> Authorization:
    """How requests are authorized; ``given`` are the properties as the user wrote them. Raises ConfigException."""
    basic, bearer = "basic.auth.credentials.source", "bearer.auth.credentials.source"
    if basic in given and bearer in given:
        raise ConfigException(f"Only one of {basic} and {bearer} may be configured")
    if bearer in given:
        return _bearer(config[bearer], config)
    match config[basic]:
        case "URL":
            return _from_url
        case "USER_INFO":
            return _constant(_user_info(config))
        case "SASL_INHERIT":
            return _constant(_jaas_user(given))
    raise ConfigException(basic, config[basic], "must be URL, USER_INFO or SASL_INHERIT")


def _basic(user_info: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(user_info.encode()).decode()}"}


def _constant(user_info: str) -> Authorization:
    headers = _basic(user_info)
    return lambda _url: headers


def _from_url(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return _basic(f"{unquote(parts.username)}:{unquote(parts.password or '')}") if parts.username else {}


def _user_info(config: Mapping[str, Any]) -> str:
    for key in ("basic.auth.user.info", "schema.registry.basic.auth.user.info"):
        text: str = config[key].value
        if text:
            return text
    raise ConfigException("basic.auth.user.info must be provided when basic.auth.credentials.source is USER_INFO")


def _jaas_user(given: Mapping[str, Any]) -> str:
    value = given.get("sasl.jaas.config", "")
    text = value.value if isinstance(value, Password) else str(value)
    found = {name: double or single for name, double, single in _JAAS.findall(text)}
    if found.keys() != {"username", "password"}:
        raise ConfigException("sasl.jaas.config must hold username and password for the source SASL_INHERIT")
    return f"{found['username']}:{found['password']}"


def _bearer(source: str, config: Mapping[str, Any]) -> Authorization:
    extra = {
        header: config[key]
        for header, key in (
            ("target-sr-cluster", "bearer.auth.logical.cluster"),
            ("Confluent-Identity-Pool-Id", "bearer.auth.identity.pool.id"),
        )
        if config[key] is not None
    }
    match source:
        case "STATIC_TOKEN":
            token = config["bearer.auth.token"].value
            if not token:
                raise ConfigException("bearer.auth.token must be provided for the source STATIC_TOKEN")
            return lambda _url: {"Authorization": f"Bearer {token}", **extra}
        case "OAUTHBEARER":
            tokens = _Tokens(config)
            return lambda _url: {"Authorization": f"Bearer {tokens.current()}", **extra}
    raise ConfigException("bearer.auth.credentials.source", source, "must be STATIC_TOKEN or OAUTHBEARER")


class _Tokens:
    """Tokens of an OAuth server for a client's id and secret, fetched again before they end."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        needed = ("bearer.auth.issuer.endpoint.url", "bearer.auth.client.id", "bearer.auth.client.secret")
        for key in needed:
            if config[key] is None:
                raise ConfigException(f"{key} must be provided for the source OAUTHBEARER")
        self._url, self._client, secret = (config[key] for key in needed)
        self._secret: str = secret.value
        self._scope: str | None = config["bearer.auth.scope"]
        self._buffer: int = config["bearer.auth.cache.expiry.buffer.seconds"]
        self._token = ""
        self._renew_at = 0.0

    def current(self) -> str:
        """A token that is still good. Raises RegistryAccessException or RegistryConnectionException without one."""
        if time.monotonic() >= self._renew_at:
            answer = self._fetch()
            self._token = str(answer["access_token"])
            lifetime = float(answer.get("expires_in", self._buffer))
            self._renew_at = time.monotonic() + max(lifetime - self._buffer, 1.0)
        return self._token

    def _fetch(self) -> dict[str, Any]:
        form = {"grant_type": "client_credentials", **({"scope": self._scope} if self._scope else {})}
        try:
            response = requests.post(self._url, form, auth=(self._client, self._secret), timeout=_TOKEN_SECONDS)
            answer = response.json()
        except requests.exceptions.JSONDecodeError as error:
            raise RegistryAccessException(f"No token from {self._url}: the answer isn't JSON") from error
        except requests.RequestException as error:
            raise RegistryConnectionException(f"no token from {self._url}: {error}") from error
        if not isinstance(answer, dict) or "access_token" not in answer:
            raise RegistryAccessException(f"No token from {self._url}: status {response.status_code}")
        return answer
