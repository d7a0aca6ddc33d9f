"""``BasicAuthSecurityRestExtension``: user names and passwords from a properties file.

The file is named as for Java: a JAAS file, which ``-Djava.security.auth.login.config=`` in the environment variable
``KAFKA_OPTS`` points to, has a section ``KafkaConnect`` with ``file="users.properties"``. Or the worker's property
``rest.basic.auth.users.file`` names it directly. ``rest.basic.auth.read.only.users`` lists users who may look
and validate, but change nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path

from connect.api import ConfigException
from connect.api.rest_extension import RestAnswer, RestExtension, RestRequest
from connect.properties import load_properties

USERS_FILE = "rest.basic.auth.users.file"
READ_ONLY_USERS = "rest.basic.auth.read.only.users"
_JAAS_OPTION = re.compile(r"-Djava\.security\.auth\.login\.config=(\"[^\"]*\"|\S+)")
_SECTION = re.compile(r"KafkaConnect\s*\{(.*?)\}\s*;", re.DOTALL)
_FILE = re.compile(r"\bfile\s*=\s*\"([^\"]*)\"")
_READS = ("GET", "HEAD", "OPTIONS")
_VALIDATE = re.compile(r"/connector-plugins/[^/]+/config/validate/?")
_INTERNAL = re.compile(r"(?:POST /connectors/[^/]+/tasks|PUT /connectors/[^/]+/fence)/?")


class BasicAuthSecurityRestExtension(RestExtension):
    """Refuses requests without the right name and password with 401, and changes by who may only read with 403."""

    def configure(self, properties: Mapping[str, str]) -> None:
        path = properties.get(USERS_FILE) or _users_file_of_jaas()
        try:
            self._users = load_properties(path)
        except (OSError, ValueError) as error:
            raise ConfigException(f"Can't read the users of basic authentication: {error}") from None
        if not self._users:
            raise ConfigException(f"There are no users in {path}")
        names = (name.strip() for name in properties.get(READ_ONLY_USERS, "").split(","))
        self._readers = frozenset(filter(None, names))
        unknown = self._readers - self._users.keys()
        if unknown:
            raise ConfigException(
                READ_ONLY_USERS, ", ".join(sorted(unknown)), f"they are not among the users of {path}"
            )

    def check(self, request: RestRequest) -> RestAnswer | None:
        if _INTERNAL.fullmatch(f"{request.method} {request.path}"):
            return None  # workers sign these
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        user = self._known_user(credentials.strip()) if scheme.lower() == "basic" else None
        if user is None:
            return RestAnswer(401, "User cannot access the resource.", {"WWW-Authenticate": "Basic"})
        if user in self._readers and request.method not in _READS and not _VALIDATE.fullmatch(request.path):
            return RestAnswer(403, f"User {user} may only read: {READ_ONLY_USERS}.")
        return None

    def _known_user(self, credentials: str) -> str | None:
        try:
            user, colon, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        expected = self._users.get(user)
        matches = hmac.compare_digest(password.encode(), (expected or "").encode())
        return user if matches and expected is not None and colon else None


def _users_file_of_jaas() -> str:
    option = _JAAS_OPTION.search(os.environ.get("KAFKA_OPTS", ""))
    if option is None:
        raise ConfigException(
            f"Basic authentication needs a file of users: set {USERS_FILE}, or name a JAAS file in KAFKA_OPTS"
        )
    jaas = Path(option.group(1).strip('"'))
    try:
        section = _SECTION.search(jaas.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigException(f"Can't read the JAAS file {jaas}: {error.strerror}") from None
    file = None if section is None else _FILE.search(section.group(1))
    if file is None:
        raise ConfigException(f'The JAAS file {jaas} has no section KafkaConnect with file="..."')
    return file.group(1)
