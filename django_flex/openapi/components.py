"""The components of a document: schemas with a name, which others refer to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django_flex.openapi.values import Node

_WORDS = re.compile(r"[A-Za-z0-9]+")


class Components:
    """The named schemas of one document; each is made once, when something first refers to it."""

    __slots__ = ("schemas",)

    def __init__(self) -> None:
        self.schemas: dict[str, Node] = {}

    def ref(self, name: str, make: Callable[[], Node]) -> Node:
        """Return a reference to a schema; one that refers to itself may do so while it is made."""
        if name not in self.schemas:
            self.schemas[name] = {}
            self.schemas[name] = make()
        return reference(name)


def reference(name: str) -> Node:
    """Return a reference to a schema of this document."""
    return {"$ref": f"#/components/schemas/{name}"}


def component_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for the components of each model: ``shop.line_item`` is ``ShopLineItem``."""
    found: dict[str, str] = {}
    for name in names:
        wanted = capitalized(name)
        number = 1
        while (shown := f"{wanted}{number if number > 1 else ''}") in found.values():
            number += 1
        found[name] = shown
    return found


def capitalized(name: str) -> str:
    """Return the words of a name in one, each with a capital."""
    return "".join(word[0].upper() + word[1:] for word in _WORDS.findall(name))
