"""Files as text: decompressed by extension, decoded, read a portion at a time."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import errno
import gzip
import importlib
import io
import lzma
import zlib
from pathlib import Path
from typing import Any, BinaryIO, cast

from connect.api import ConfigException, ConnectException

READ_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a file may raise: the disk's errors, and those of damaged compressed files."""

COMPRESSED = (".gz", ".bz2", ".xz", ".zst")
_UNSUPPORTED = (".snappy", ".lz4", ".z")


def open_input(path: Path) -> BinaryIO:
    """The file's bytes, decompressed when its name ends in .gz, .bz2, .xz or .zst. Raises OSError, ConnectException."""
    match path.suffix.lower():
        case ".gz":
            return cast(BinaryIO, gzip.open(path, "rb"))
        case ".bz2":
            return cast(BinaryIO, bz2.open(path, "rb"))
        case ".xz":
            return cast(BinaryIO, lzma.open(path, "rb"))
        case ".zst":
            return cast(BinaryIO, ZstdInput(path))
        case extension if extension in _UNSUPPORTED:
            raise ConnectException(f"{path}: files compressed as {extension} can't be read")
        case _:
            return path.open("rb", buffering=0)


class ZstdInput(io.RawIOBase):
    """A file that zstd compressed; that it is damaged is told as by other files, with an OSError."""

    def __init__(self, path: Path) -> None:
        """Raises OSError; ConnectException where zstd is missing."""
        zstd = _zstd()
        self._error: type[Exception] = zstd.ZstdError
        self._file = zstd.open(path, "rb")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            return cast(bytes, self._file.read(size))
        except self._error as error:
            raise OSError(errno.EIO, str(error)) from error

    def close(self) -> None:
        self._file.close()
        super().close()


def _zstd() -> Any:
    for module in ("compression.zstd", "backports.zstd"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(module)
    raise ConnectException("Files that zstd compressed need the extra: pip install 'kafka-connect-worker[zstd]'")


def check_charset(key: str, name: str) -> str:
    """The name of a character set. Raises ConfigException for one that Python doesn't know."""
    try:
        return codecs.lookup(name).name
    except LookupError:
        raise ConfigException(key, name, "Unknown character set") from None


class TextInput:
    """The decoded text of a file; a byte order mark is left out, malformed bytes become U+FFFD."""

    def __init__(self, stream: BinaryIO, charset: str, portion: int, *, translate_newlines: bool = True) -> None:
        """``portion`` bytes are read at a time; with ``translate_newlines`` every kind of line end becomes ``\\n``."""
        decoder = codecs.getincrementaldecoder(charset)(errors="replace")
        self._decoder = io.IncrementalNewlineDecoder(decoder, translate=True) if translate_newlines else decoder
        self._stream = stream
        self._portion = portion
        self._begun = False

    def read(self, portions: int = 1) -> str:
        """More text, of so many portions at most; empty when there is no more now (the file may grow)."""
        text = ""
        while not text:
            data = self._stream.read(self._portion * portions)
            if not data:
                return ""
            text = self._without_mark(self._decoder.decode(data))
        return text

    def finish(self) -> str:
        """What the decoder held back, now that nothing will follow."""
        return self._without_mark(self._decoder.decode(b"", final=True))

    def _without_mark(self, text: str) -> str:
        if not text or self._begun:
            return text
        self._begun = True
        return text.removeprefix("\ufeff")
