"""JSON text to records, a block at a time: any number of documents, one after another, with or without line breaks.

The fast way decodes a whole block at once. Where that fails (a document that isn't JSON, a value of another type, one
that goes on behind the block), the block is read document by document, which tells the bad from the good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

import msgspec

from connect.api import DataException
from connectors.spooldir.block import BadRecord, Block
from connectors.spooldir.text_input import TextInput

MAX_DOCUMENT = 16 << 20
"""Characters that a document may have: one that never ends must not fill the memory."""

_BLANKS = re.compile(r"[ \t\r\n]*")
_NEXT_START = re.compile(r"\n(?=[{\[])")
"""Where reading goes on behind text that is no JSON: at the next line that begins with an object or array."""
_LONGEST_TOKEN = 16
"""How far before the end of the text an error may be that more text would mend: ``\\ud83d\\ude`` is the longest."""

MANY_ERRORS = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError, DataException)
"""What :meth:`Documents.many` raises when the documents have to be looked at one by one."""


class Documents(Protocol):
    """What becomes of documents."""

    def parse_float(self, text: str) -> Decimal:
        """How numbers with a fraction or exponent are given to ``one``."""

    def many(self, text: str) -> list[Any]:
        """The values of all documents of a text. Raises one of MANY_ERRORS."""

    def one(self, node: Any, index: int) -> Any:
        """The value of document ``index`` of the file. Raises DataException."""

    def block(self, values: list[Any], offsets: Sequence[int]) -> Block:
        """The records of such values."""


class JsonReader:
    """Reads a file of JSON documents. A record's offset is the index of its document in the file, from 0."""

    def __init__(self, stream: BinaryIO, text: TextInput, documents: Documents, skip: int = 0) -> None:
        """``text`` reads ``stream``; the first ``skip`` documents are left out."""
        self._stream = stream
        self._input = text
        self._documents = documents
        self._decoder = json.JSONDecoder(parse_float=documents.parse_float, parse_constant=_refuse_constant)
        self._skip = skip
        self._rest = ""
        self._portions = 1
        self._index = 0
        self._line = 1
        self._lost = False
        """Whether what comes next belongs to a bad document."""

    def read(self) -> Block | None:
        while True:
            more = self._input.read(self._portions)
            if not more:
                return None
            text, self._rest = self._rest + more, ""
            self._portions = 1
            cut = text.rfind("\n") + 1 or len(text)
            block = self._block(text[:cut], text[cut:], final=False)
            if len(self._rest) > MAX_DOCUMENT:
                raise DataException(f"A document of the file is longer than {MAX_DOCUMENT} characters")
            if block is not None:
                return block
            self._portions = max(1, len(self._rest) // max(1, len(more)) * 2)

    def finish(self) -> Block | None:
        text = self._rest + self._input.finish()
        self._rest = ""
        return self._block(text, "", final=True)

    def close(self) -> None:
        self._stream.close()

    def _block(self, text: str, rest: str, *, final: bool) -> Block | None:
        """The records of ``text``; what can't be read yet waits together with ``rest``. None when all of it waits."""
        if self._lost:
            start = _NEXT_START.search(text)
            if start is None:
                self._line += text.count("\n", 0, len(text) - 1)
                self._rest = text[-1:] + rest if text.endswith("\n") else rest
                return None
            self._line += text.count("\n", 0, start.end())
            text, self._lost = text[start.end() :], False
        for cut in _cuts(text, final):
            try:
                values = self._documents.many(text[:cut])
            except MANY_ERRORS:
                continue
            self._rest = text[cut:] + rest
            self._line += text.count("\n", 0, cut)
            return self._good(values)
        return self._one_by_one(text, rest, final)

    def _good(self, values: list[Any]) -> Block:
        first = self._index
        self._index += len(values)
        left_out = min(max(0, self._skip - first), len(values))
        return self._documents.block(values[left_out:] if left_out else values, range(first + left_out, self._index))

    def _one_by_one(self, text: str, rest: str, final: bool) -> Block | None:
        values: list[Any] = []
        offsets: list[int] = []
        bad: list[BadRecord] = []
        position = self._start(text, 0)
        while position < len(text):
            try:
                node, end = self._decoder.raw_decode(text, position)
                if not final and end == len(text) and not isinstance(node, dict | list | str):
                    break  # more of a number's digits may follow
                error = self._take(node, values, offsets)
            except (ValueError, ArithmeticError, RecursionError) as caught:
                if not final and _is_unfinished(caught, text):
                    break
                error = DataException(f"Not a JSON document: {getattr(caught, 'msg', caught)}")
                self._index += 1
                end = self._end_of_bad(text, position, final)
            if error is not None and self._index > self._skip:
                raw = text[position:end].encode(errors="replace")
                bad.append(BadRecord(len(values), error, raw, self._line))
            position = self._start(text, end, begun=position)
        self._rest = text[position:] + rest
        if not values and not bad and self._rest == text + rest:
            return None
        block = self._documents.block(values, offsets)
        block.bad = bad
        return block

    def _start(self, text: str, end: int, begun: int = 0) -> int:
        """Where the next document begins, after one from ``begun`` to ``end``; the lines up to there are counted."""
        if self._lost:
            self._line += text.count("\n", begun, end)
            return end
        found = _BLANKS.match(text, end)
        assert found is not None
        self._line += text.count("\n", begun, found.end())
        return found.end()

    def _take(self, node: Any, values: list[Any], offsets: list[int]) -> DataException | None:
        """Append a document; what is wrong with it is returned."""
        index = self._index
        self._index += 1
        if index < self._skip:
            return None
        try:
            values.append(self._documents.one(node, index))
        except DataException as error:
            return error
        offsets.append(index)
        return None

    def _end_of_bad(self, text: str, position: int, final: bool) -> int:
        """Where text that begins at ``position`` and is no JSON ends: a line that is cut off takes no other along."""
        start = _NEXT_START.search(text, position)
        if start is not None:
            return start.end()
        self._lost = not final
        return len(text) - text.endswith("\n") if self._lost else len(text)


def _cuts(text: str, final: bool) -> Iterator[int]:
    """Up to where the text may be whole documents, most hopeful first."""
    if final or text[-1:] in ("\n", "}", "]"):
        yield len(text)
    if final:
        return
    last = max(text.rfind("\n{"), text.rfind("}{")) + 1
    if last:
        yield last


def _is_unfinished(error: Exception, text: str) -> bool:
    """Whether more text may make a document of it."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    if text.endswith("\n"):
        return error.pos >= len(text.rstrip())
    return error.pos >= len(text.rstrip()) - _LONGEST_TOKEN or error.msg.startswith("Unterminated string")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")
