"""A JSON schema with what it refers to: pointers and ids inside, other schemas by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag

from connect.api import DataException, SerializationException
from converters.registry_schemas import References


class Place(NamedTuple):
    """A schema inside a document: the document's name (empty = the one at hand) and the schema."""

    document: str
    node: Any

    def at(self, node: Any) -> Place:
        """Another schema of the same document."""
        return Place(self.document, node)


class Document:
    """A schema and those that it refers to by name."""

    def __init__(self, text: str, node: Any, others: Mapping[str, Any]) -> None:
        self.text = text
        self.root = Place("", node)
        self._nodes: dict[str, Any] = {**others, "": node}

    @property
    def record_name(self) -> str | None:
        """What strategies name subjects after: the schema's title."""
        title = self.root.node.get("title") if isinstance(self.root.node, dict) else None
        return title if isinstance(title, str) else None

    def resolve(self, place: Place, reference: Any) -> Place:
        """Where a reference leads to. Raises DataException where there is nothing."""
        name, fragment = urldefrag(str(reference))
        name = name.removeprefix("./") or place.document
        found = self._nodes.get(name, self._nodes.get(f"./{name}"))
        if found is None:
            raise DataException(f"The schema refers to {reference}, which isn't there")
        node = _pointed_at(found, fragment) if fragment.startswith("/") or not fragment else _with_id(found, fragment)
        if node is None:
            raise DataException(f"The schema refers to {reference}, which isn't there")
        return Place(name, node)

    def checker(self) -> Callable[[Any], None]:
        """What raises SerializationException for a JSON value that the schema doesn't allow."""
        try:
            from jsonschema import Draft7Validator, ValidationError
            from jsonschema.validators import validator_for
            from referencing import Registry, Resource
            from referencing.jsonschema import DRAFT7
        except ImportError:
            raise DataException(
                "pip install 'kafka-connect-worker[json-schema]' for json.fail.invalid.schema"
            ) from None
        resources = [(name, Resource.from_contents(node, DRAFT7)) for name, node in self._nodes.items() if name]
        registry: Any = Registry().with_resources(resources)
        validator: Any = validator_for(self.root.node, Draft7Validator)(self.root.node, registry=registry)

        def check(node: Any) -> None:
            try:
                validator.validate(node)
            except ValidationError as error:
                where = "/".join(map(str, error.absolute_path)) or "the whole value"
                raise SerializationException(f"Validation error in JSON, at {where}: {error.message}") from error

        return check


def parse_document(text: str, references: References) -> Document:
    """A schema and what it refers to. Raises SerializationException."""
    try:
        return Document(text, json.loads(text), {name: json.loads(other) for name, other in references})
    except ValueError as error:
        raise SerializationException("The schema in the registry is no JSON schema") from error


def _pointed_at(node: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, dict) and key in node:
            node = node[key]
        else:
            return None
    return node


def _with_id(node: Any, fragment: str) -> Any:
    wanted = {f"#{fragment}"}
    for part in _all_objects(node):
        if part.get("$id") in wanted or part.get("id") in wanted or part.get("$anchor") == fragment:
            return part
    return None


def _all_objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _all_objects(child)
