"""The components of a document: schemas with a name, which others refer to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from django_flex.describe import capitalized

if TYPE_CHECKING:
    from django_flex.openapi.values import Node

_T = TypeVar("_T")


class Components:
    """The named schemas of one document; each is made once, when something first refers to it."""

    __slots__ = ("_found", "schemas")

    def __init__(self) -> None:
        self.schemas: dict[str, Node] = {}
        self._found: dict[Hashable, Any] = {}

    def once(self, question: Hashable, make: Callable[[], _T]) -> _T:
        """Return what is made for a question, the same object each time: columns are alike."""
        if question not in self._found:
            self._found[question] = make()
        found: _T = self._found[question]
        return found

    def ref(self, name: str, make: Callable[[], Node]) -> Node:
        """Return a reference to a schema; one that refers to itself may do so while it is made."""
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] = make()
        return reference(name)


def reference(name: str) -> Node:
    """Return a reference to a schema of this document."""
    return {"$ref": f"#/components/schemas/{name}"}


def hoisted(schema: Mapping[str, Any], name: str, components: Components) -> Node:
    """Return a schema whose own definitions have become components, with names that begin so."""
    definitions = schema.get("$defs", {})
    names = {f"#/$defs/{one}": f"{name}{capitalized(one)}" for one in definitions}
    for one, definition in definitions.items():
        components.schemas[names[f"#/$defs/{one}"]] = _renamed(definition, names)
    own = {key: part for key, part in schema.items() if key != "$defs"}
    renamed: Node = _renamed(own, names)
    return renamed


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and target in names:
            return {**value, **reference(names[target])}
        return {key: _renamed(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, names) for part in value]
    return value
