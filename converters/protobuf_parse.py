"""Reads the text of Protobuf files (proto2 and proto3) as far as data and its annotations need it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from connect.api import SerializationException
from converters.protobuf_file import (
    EnumDefinition,
    FieldDefinition,
    MessageDefinition,
    OneofDefinition,
    ProtoFile,
)

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
    r"""|(?P<word>\.?[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)"""
    r"""|(?P<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))"""
    r"""|(?P<symbol>[{}()\[\]<>=;,:/+-])""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_META = "(confluent.field_meta)"
_OPENING, _CLOSING = ("{", "[", "(", "<"), ("}", "]", ")", ">")
_SKIPPED = ("reserved", "extensions", "extend", "service", "option", ";")


def parse_file(text: str) -> ProtoFile:
    """The file of a text. Raises SerializationException."""
    return _Parser(text).file()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0

    def file(self) -> ProtoFile:
        file = ProtoFile(syntax="proto2")
        while self._peek():
            word = self._next()
            match word:
                case "syntax":
                    self._expect("=")
                    file.syntax = _unquoted(self._next())
                    self._expect(";")
                case "package":
                    file.package = self._next()
                    self._expect(";")
                case "import":
                    name = self._next()
                    file.imports.append(_unquoted(self._next() if name in ("public", "weak") else name))
                    self._expect(";")
                case "message":
                    file.messages.append(self._message())
                case "enum":
                    file.enums.append(self._enum())
                case _ if word in _SKIPPED:
                    self._skip_statement(word)
                case _:
                    self._fail(word)
        if file.syntax not in ("proto2", "proto3"):
            raise SerializationException(f"Protobuf files of syntax {file.syntax!r} aren't supported")
        return file

    def _message(self) -> MessageDefinition:
        message = MessageDefinition(self._next())
        self._expect("{")
        while (word := self._next()) != "}":
            match word:
                case "message":
                    message.messages.append(self._message())
                case "enum":
                    message.enums.append(self._enum())
                case "oneof":
                    message.members.append(self._oneof())
                case "map" if self._peek() == "<":
                    message.members.append(self._map(message))
                case _ if word in _SKIPPED and not self._is_field(word):
                    self._skip_statement(word)
                case "optional" | "required" | "repeated":
                    message.members.append(self._field(self._next(), word))
                case _:
                    message.members.append(self._field(word))
        return message

    def _is_field(self, word: str) -> bool:
        """Whether a word that often begins a statement is a type here: ``extend x = 1;``."""
        ahead = self._tokens[self._position : self._position + 2]
        return word != ";" and len(ahead) == 2 and ahead[1] == "=" and ahead[0].isidentifier() and word != "option"

    def _oneof(self) -> OneofDefinition:
        oneof = OneofDefinition(self._next())
        self._expect("{")
        while (word := self._next()) != "}":
            if word in ("option", ";"):
                self._skip_statement(word)
            else:
                oneof.fields.append(self._field(word))
        return oneof

    def _map(self, message: MessageDefinition) -> FieldDefinition:
        self._expect("<")
        key = self._next()
        self._expect(",")
        value = self._next()
        self._expect(">")
        name = self._next()
        camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        entry = MessageDefinition(f"{camel}Entry")
        entry.members += [FieldDefinition("key", 1, key), FieldDefinition("value", 2, value)]
        message.maps.append(entry)
        return self._numbered(FieldDefinition(name, 0, entry.name, "repeated"))

    def _field(self, kind: str, label: str = "") -> FieldDefinition:
        if kind == "group":
            raise SerializationException("Protobuf groups aren't supported")
        return self._numbered(FieldDefinition(self._next(), 0, kind, label))

    def _numbered(self, field: FieldDefinition) -> FieldDefinition:
        self._expect("=")
        field.number = self._integer()
        if self._peek() == "[":
            self._options(field)
        self._expect(";")
        return field

    def _options(self, field: FieldDefinition) -> None:
        self._expect("[")
        params: dict[str, str] = {}
        while True:
            name = self._option_name()
            self._expect("=")
            value = self._value()
            if name == "default":
                field.default = str(value)
            elif name == _META and isinstance(value, dict):
                params |= _params_in(value.get("params"))
            elif name == f"{_META}.params":
                params |= _params_in(value)
            if self._next() == "]":
                break
        field.params = params

    def _option_name(self) -> str:
        parts = []
        while self._peek() not in ("=", ""):
            parts.append(self._next())
        return "".join(parts)

    def _value(self) -> Any:
        token = self._next()
        match token:
            case "{" | "<":
                return self._aggregate({"{": "}"}.get(token, ">"))
            case "[":
                items = []
                while self._peek() != "]":
                    if self._peek() == ",":
                        self._next()
                    else:
                        items.append(self._value())
                self._expect("]")
                return items
            case "-" | "+":
                return f"{token}{self._next()}"
        if token[0] in "\"'":
            text = _unquoted(token)
            while self._peek()[:1] in ('"', "'") and self._peek():
                text += _unquoted(self._next())
            return text
        return token

    def _aggregate(self, end: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (name := self._next()) != end:
            if name in (",", ";"):
                continue
            if name == "[":  # the name of an extension
                name = self._option_name_until("]")
            if self._peek() == ":":
                self._next()
            value = self._value()
            if name in found:
                known = found[name]
                found[name] = [*(known if isinstance(known, list) else [known]), value]
            else:
                found[name] = value
        return found

    def _option_name_until(self, end: str) -> str:
        parts = []
        while (token := self._next()) != end:
            parts.append(token)
        return "".join(parts)

    def _enum(self) -> EnumDefinition:
        enum = EnumDefinition(self._next())
        self._expect("{")
        while (word := self._next()) != "}":
            if word == "option" and self._peek() == "allow_alias":
                self._skip_statement(word)
                enum.allow_alias = self._tokens[self._position - 2] == "true"
            elif word in ("option", "reserved", ";") and self._peek() != "=":
                self._skip_statement(word)
            else:
                self._expect("=")
                enum.values.append((word, self._integer()))
                if self._peek() == "[":
                    self._skip_braces()
                self._expect(";")
        return enum

    def _skip_statement(self, word: str) -> None:
        """Go to the end of a statement that says nothing about data."""
        while word != ";":
            if self._peek() in _OPENING:
                ends = self._peek() == "{" and word in ("service", "extend")
                self._skip_braces()
                if ends or not self._peek():
                    return
            elif self._next() == ";":
                return

    def _skip_braces(self) -> None:
        depth = 0
        while True:
            token = self._next()
            depth += (token in _OPENING) - (token in _CLOSING)
            if depth == 0:
                return

    def _integer(self) -> int:
        token = self._next()
        if token in ("-",):
            return -self._integer()
        try:
            return int(token, 8 if re.fullmatch(r"-?0[0-7]+", token) else 0)
        except ValueError:
            self._fail(token)

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise SerializationException("The schema in the registry is no Protobuf schema: it ends too early")
        self._position += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            self._fail(found)

    def _fail(self, token: str) -> NoReturn:
        raise SerializationException(f"The schema in the registry is no Protobuf schema: unexpected {token!r}")


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SerializationException(
                f"The schema in the registry is no Protobuf schema: unexpected {text[position]!r}"
            )
        position = match.end()
        if match.lastgroup != "space":
            yield match[0]


def _unquoted(token: str) -> str:
    return _ESCAPE.sub(_unescaped, token[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if code[0] == "x" and len(code) > 1:
        return chr(int(code[1:], 16))
    return chr(int(code, 8)) if code[0] in "01234567" else _ESCAPES.get(code, code)


def _params_in(value: Any) -> dict[str, str]:
    items = value if isinstance(value, list) else [value]
    return {str(item["key"]): str(item.get("value", "")) for item in items if isinstance(item, dict) and "key" in item}
