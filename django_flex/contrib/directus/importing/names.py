"""Names of classes, fields and roles: those of Directus, unless Python or Django forbids them."""

from __future__ import annotations

import keyword
import re
from functools import cached_property
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.contrib.directus.importing.snapshot import Snapshot

_OTHER = re.compile(r"\W+|_{2,}", re.ASCII)
_WORDS = re.compile(r"[^A-Za-z0-9]+")
#: What the text of a class uses below its first fields, besides what ``Model`` has.
_USED = frozenset({"Meta", "models", "objects", "settings", "uuid4"})


class Names:
    """The names of what is in a snapshot; each is unique."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def classes(self) -> Mapping[str, str]:
        """The class of each collection."""
        found: dict[str, str] = {}
        for collection in self.snapshot.collections:
            words = [word for word in _WORDS.split(collection.name) if word]
            name = "".join(word[0].upper() + word[1:] for word in words)
            name = name if name[:1].isalpha() else f"Collection{name}"
            if keyword.iskeyword(name):
                name = f"{name}Item"
            taken = {one.lower() for one in found.values()}
            found[collection.name] = _unique(name, taken)
        return found

    @cached_property
    def _fields(self) -> Mapping[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for collection in self.snapshot.collections:
            taken: set[str] = set()
            names = [one.name for one in collection.fields]
            # Names that need no change first, so that these keep them.
            for name in sorted(names, key=lambda one: _allowed(one) != one):
                found[collection.name, name] = _unique(_allowed(name), taken)
                taken.add(found[collection.name, name].lower())
        return found

    def has(self, collection: str, name: str) -> bool:
        """Whether a field or list exists; those of the system are not in a snapshot."""
        return (
            (collection, name) in self._fields
            or collection not in self.classes
            or self.snapshot.list_of(collection, name) is not None
        )

    def field(self, collection: str, name: str) -> str:
        """Return the name of a field in a model."""
        return self._fields.get((collection, name)) or _allowed(name)


def _allowed(name: str) -> str:
    """Return a name that Django takes for a field."""
    made = _OTHER.sub("_", name).strip("_")
    if not made or not made[0].isalpha():
        made = f"field_{made}".rstrip("_")
    if keyword.iskeyword(made) or hasattr(models.Model, made) or made in _USED:
        made = f"{made}_field"
    return made


def _unique(name: str, taken: set[str]) -> str:
    made, number = name, 2
    while made.lower() in taken:
        made, number = f"{name}{number}", number + 1
    return made
