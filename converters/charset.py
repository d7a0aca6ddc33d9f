"""Text to bytes and back as Java's charsets do it: what doesn't fit is replaced, never refused."""

from __future__ import annotations

import codecs
import re

from connect.api import SerializationException

_JAVA_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.:_-]*")
_NOT_IN_JAVA = frozenset(("idna", "mbcs", "oem", "punycode", "raw_unicode_escape", "unicode_escape", "utf_8_sig"))
_WITHOUT_ORDER = {"utf-16": ("utf-16-be", b"\xfe\xff"), "utf-32": ("utf-32-be", b"")}
_ORDER_MARKS = {
    "utf-16": ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le")),
    "utf-32": ((b"\x00\x00\xfe\xff", "utf-32-be"), (b"\xff\xfe\x00\x00", "utf-32-le")),
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODED_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]?")


class Charset:
    """An encoding by its Java name. Raises SerializationException for one that isn't known."""

    def __init__(self, name: str) -> None:
        codec = _python_codec(name)
        if codec is None:
            raise SerializationException(f"Unsupported encoding {name}")
        self._codec = codec
        self._replacement = "\ufffd" if self._codec.startswith(("utf-16", "utf-32")) else "?"

    def encode(self, text: str) -> bytes:
        """The bytes of a text; lone surrogates and what the encoding lacks are replaced."""
        codec, mark = _WITHOUT_ORDER.get(self._codec, (self._codec, b""))
        if not text.isascii():
            text = _SURROGATE.sub(self._replacement, pair_surrogates(text))
        encoded = text.encode(codec, "replace")
        return mark + encoded if encoded else encoded

    def decode(self, data: bytes) -> str:
        """The text of some bytes, U+FFFD for what is malformed."""
        if self._codec == "utf-8":
            return decode_utf8(data)
        for mark, codec in _ORDER_MARKS.get(self._codec, ()):
            if data.startswith(mark):
                return data[len(mark) :].decode(codec, "replace")
        codec, _ = _WITHOUT_ORDER.get(self._codec, (self._codec, b""))
        return data.decode(codec, "replace")


def _python_codec(name: str) -> str | None:
    if not _JAVA_NAME.fullmatch(name):
        return None
    try:
        codec = codecs.lookup(name).name
        "a".encode(codec)  # refuses codecs that aren't text encodings
    except LookupError:
        return None
    return None if codec.replace("-", "_") in _NOT_IN_JAVA else codec


def decode_utf8(data: bytes) -> str:
    """UTF-8 as Java's String reads it: an encoded surrogate is one malformed sequence, not three."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return _ENCODED_SURROGATE.sub(b"\xff", data).decode("utf-8", "replace")


def encode_utf8(text: str) -> bytes:
    """UTF-8 as Java's String writes it: lone surrogates become question marks."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return pair_surrogates(text).encode("utf-8", "replace")


def pair_surrogates(text: str) -> str:
    """``text`` with every high surrogate that a low one follows joined with it, as it is in Java's strings."""
    if not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
