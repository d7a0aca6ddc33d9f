"""Requests to a schema registry: one after the other to each of its addresses, repeated while that may help."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from connect.api import ConfigException, SerializationException
from converters.registry_auth import authorization
from converters.registry_errors import (
    RETRIED_STATUSES,
    RegistryConnectionException,
    RegistryTimeoutException,
    RestClientException,
)
from converters.registry_tls import tls_context

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_UNREADABLE = 50005
_HEADER_PREFIX = "request.header."


class _TlsAdapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=self._context, **options)


class RegistryHttp:
    """Sends requests; ``given`` are the properties as the user wrote them. Raises ConfigException."""

    def __init__(self, config: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self._urls: list[str] = list(config["schema.registry.url"])
        if not self._urls:
            raise ConfigException("schema.registry.url must name at least one address")
        for url in self._urls:
            if urlsplit(url).scheme not in ("http", "https"):
                raise ConfigException("schema.registry.url", url, "must start with http:// or https://")
        self._current = random.randrange(len(self._urls)) if config["schema.registry.url.randomize"] else 0  # noqa: S311  # no secret
        self._authorize = authorization(config, given)
        self._retries: int = config["max.retries"]
        self._wait: float = config["retries.wait.ms"] / 1000
        self._longest_wait: float = config["retries.max.wait.ms"] / 1000
        self._timeouts = (config["http.connect.timeout.ms"] / 1000, config["http.read.timeout.ms"] / 1000)
        self._session = _session(config, given)

    def request(self, method: str, path: str, query: str, body: Any = None) -> Any:
        """The JSON that is answered.

        Raises RestClientException for a refusal, RegistryTimeoutException or RegistryConnectionException for no answer
        and SerializationException for one that makes no sense, after all repetitions.
        """
        for url in self._addresses():
            try:
                return self._repeat(url, method, f"{path}?{query}" if query else path, body)
            except RestClientException as error:
                if error.status not in RETRIED_STATUSES:
                    raise
                failure: Exception = error
            except (RegistryConnectionException, RegistryTimeoutException) as error:
                failure = error
        raise failure

    def close(self) -> None:
        """Drop the connections."""
        self._session.close()

    def _addresses(self) -> Iterator[str]:
        """Each address once, beginning with the one that answered last."""
        for _ in self._urls:
            yield self._urls[self._current]
            self._current = (self._current + 1) % len(self._urls)

    def _repeat(self, url: str, method: str, path: str, body: Any) -> Any:
        for attempt in range(self._retries + 1):
            try:
                return self._send(url, method, path, body)
            except RestClientException as error:
                if error.status not in RETRIED_STATUSES or attempt == self._retries:
                    raise
            except (RegistryConnectionException, RegistryTimeoutException, SerializationException):
                if attempt == self._retries:
                    raise
            longest = min(self._wait * 2**attempt, self._longest_wait)
            time.sleep(random.uniform(0, longest))  # noqa: S311  # spreads the load, guards nothing
        raise AssertionError("the last attempt returns or raises")

    def _send(self, url: str, method: str, path: str, body: Any) -> Any:
        headers = self._authorize(url)
        try:
            response = self._session.request(
                method, _without_user(url).rstrip("/") + path, json=body, headers=headers, timeout=self._timeouts
            )
        except requests.exceptions.ReadTimeout as error:
            raise RegistryTimeoutException("Error serializing Avro message") from error
        except requests.RequestException as error:
            raise RegistryConnectionException(_reason(error)) from error
        if not response.ok:
            raise _refusal(response)
        try:
            return response.json()
        except requests.exceptions.JSONDecodeError as error:
            said = response.text[:200]
            raise SerializationException(f"The answer of the schema registry at {url} isn't JSON: {said}") from error


def _session(config: Mapping[str, Any], given: Mapping[str, Any]) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # a .netrc or proxy of the environment would silently replace what is configured
    session.headers.update({"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE})
    for key, value in given.items():
        if key.startswith(_HEADER_PREFIX):
            session.headers[key.removeprefix(_HEADER_PREFIX)] = str(value)
    if any(urlsplit(url).scheme == "https" for url in config["schema.registry.url"]):
        session.mount("https://", _TlsAdapter(tls_context(config)))
    if config["proxy.host"]:
        proxy = f"http://{config['proxy.host']}:{config['proxy.port']}"
        session.proxies = {"http": proxy, "https": proxy}
    return session


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _refusal(response: requests.Response) -> RestClientException:
    try:
        answer = response.json()
        return RestClientException(str(answer["message"]), response.status_code, int(answer["error_code"]))
    except (ValueError, KeyError, TypeError):
        message = f"Unable to parse error message from schema registry: '{response.text[:200]}'"
        return RestClientException(message, response.status_code, _UNREADABLE)


def _reason(error: BaseException) -> str:
    """The system's own words about a failed connection, deep inside the exceptions."""
    seen: list[object] = [error]
    while seen:
        found = seen.pop()
        if isinstance(found, OSError) and found.strerror and not isinstance(found, requests.RequestException):
            return found.strerror
        if isinstance(found, BaseException):
            reason = getattr(found, "reason", None)
            seen += [found.__cause__, found.__context__, reason, *found.args]
    return str(error)
