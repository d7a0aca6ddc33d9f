"""Media types in headers, read as Kafka Connect's server reads them."""

from __future__ import annotations

import re
from collections.abc import Container

_WORD = r"[^\s()<>@,;:\\\"/\[\]?={}\x00-\x1f\x7f]+"
_PARAMETERS = rf'(?:\s*;\s*{_WORD}\s*=\s*(?:{_WORD}|"(?:[^"\\]|\\.)*"))*\s*;?'
_MEDIA_TYPE = re.compile(rf"\s*{_WORD}/{_WORD}{_PARAMETERS}\s*")
_MEDIA_RANGE = re.compile(rf"\s*(?P<range>{_WORD}(?:/{_WORD})?)(?P<parameters>{_PARAMETERS})\s*")
_QUALITY = re.compile(r";\s*q\s*=\s*([^\s;]*)", re.IGNORECASE)
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def is_well_formed(content_type: str) -> bool:
    """Whether that is a media type at all, with or without parameters."""
    return _MEDIA_TYPE.fullmatch(content_type) is not None


def media_type_of(content_type: str) -> str:
    """A media type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def accepts(accepted: str, produced: Container[str]) -> bool | None:
    """Whether one of an Accept header's ranges is ``produced``; None when the header can't be read.

    A weight of 0 refuses nothing, as in Kafka Connect.
    """
    fits = False
    for part in accepted.split(","):
        if not part.strip():
            continue
        found = _MEDIA_RANGE.fullmatch(part)
        if found is None:
            return None
        quality = _QUALITY.search(found["parameters"])
        if quality is not None and not _WEIGHT.fullmatch(quality[1]):
            return None
        fits = fits or found["range"].lower() in produced
    return fits
