"""``ssl.cipher.suites``: Java's names of cipher suites for OpenSSL, which has others before TLS 1.3."""

from __future__ import annotations

import re
import ssl

from connect.api import ConfigException

_KEY = "ssl.cipher.suites"
_TLS_1_3 = frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})
_BEFORE = re.compile(r"(?:TLS|SSL)_(?P<exchange>\w+?)_WITH_(?P<cipher>\w+)")


def restrict_ciphers(context: ssl.SSLContext, text: str) -> None:
    """Use those suites alone. Raises ConfigException for one that is not known.

    Python can't choose among the suites of TLS 1.3: with one of them all of its suites count, with none the version is
    left out.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    before = {name: _openssl_name(name) for name in names if name not in _TLS_1_3}
    for name, openssl_name in before.items():
        if not _is_known(openssl_name):
            raise ConfigException(_KEY, text, f"the cipher suite {name} is not known here")
    if before:
        context.set_ciphers(":".join(before.values()))
    elif context.maximum_version is ssl.TLSVersion.TLSv1_3:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    else:
        raise _unusable(text)
    if not _TLS_1_3 & set(names) and context.maximum_version is ssl.TLSVersion.TLSv1_3:
        if context.minimum_version is ssl.TLSVersion.TLSv1_3:
            raise _unusable(text)
        context.maximum_version = ssl.TLSVersion.TLSv1_2


def _unusable(text: str) -> ConfigException:
    return ConfigException(_KEY, text, "no version in ssl.enabled.protocols has any of these cipher suites")


def _openssl_name(name: str) -> str:
    match = _BEFORE.fullmatch(name)
    if match is None:
        return name
    cipher = re.sub(r"AES_(\d+)_CBC", r"AES\1", match["cipher"])
    cipher = re.sub(r"AES_(\d+)", r"AES\1", cipher)
    cipher = cipher.removesuffix("_SHA256") if "POLY1305" in cipher else cipher
    exchange = "" if match["exchange"] == "RSA" else f"{match['exchange']}_"
    return f"{exchange}{cipher}".replace("_", "-")


def _is_known(name: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(name)
    except ssl.SSLError:
        return False
    return True
