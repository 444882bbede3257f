"""Which actions there are. Filled while the project starts, read by every request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.apps import apps

from django_flex.conf import configuration
from django_flex.permissions.problems import Problem
from django_flex.query.parser import OPERATIONS
from django_flex.schema.action_names import NAMES

if TYPE_CHECKING:
    from django.db import models

    from django_flex.actions.definitions import ActionDef

#: An id is part of URLs, headers and settings; the rest are words of URLs.
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
RESERVED = frozenset({*OPERATIONS, "actions", "batch", "aggregate", "query"})


class ActionRegistry:
    """The actions of all models, by model and id."""

    def __init__(self) -> None:
        self._found: dict[type[models.Model], dict[str, ActionDef]] = {}
        self.problems: list[Problem] = []

    def register(self, definition: ActionDef) -> ActionDef:
        """Add an action; one that cannot be called is reported by the system checks, and left out."""
        fault = self._fault(definition)
        if fault is not None:
            place = f"{definition.resource}.{definition.id}"
            self.problems.append(Problem("E022", *fault[:1], place, fault[1]))
            return definition
        self._found.setdefault(definition.model, {})[definition.id] = definition
        NAMES[definition.model][definition.id] = None
        # Grants are compiled with the names that there are.
        configuration.cache_clear()
        return definition

    def _fault(self, definition: ActionDef) -> tuple[str, str | None] | None:
        name = definition.id
        if name in RESERVED:
            return f"'{name}' is the name of a core operation", "another id"
        if not _ID.fullmatch(name):
            return f"{name!r} is no id of an action", "letters, digits, '_' and '-', at most 64"
        if self.has_own(definition.model, name):
            return f"'{name}' is registered already", "another id"
        wrong = [key for key in definition.input.names or () if key == "id" or key.startswith("_")]
        if wrong:
            return f"An input cannot be called '{wrong[0]}'", "it is a control key"
        return None

    def get(self, model: type[models.Model], name: str) -> ActionDef | None:
        """Return an action of a model, or of one that it inherits from."""
        for one in model.__mro__:
            found = self._found.get(one, {}).get(name)
            if found is not None:
                return found
        return None

    def named(self, label: str, name: str) -> ActionDef | None:
        """Return an action by the label of its model, as events have it."""
        try:
            model = apps.get_model(label)
        except LookupError:
            return None
        return self.get(model, name)

    def has_own(self, model: type[models.Model], name: str) -> bool:
        """Whether a model itself has an action of this id."""
        return name in self._found.get(model, {})

    def for_model(self, model: type[models.Model]) -> Mapping[str, ActionDef]:
        """Return the actions of a model by id, in the order in which they were registered."""
        found: dict[str, ActionDef] = {}
        for one in model.__mro__:
            for name, definition in self._found.get(one, {}).items():
                found.setdefault(name, definition)
        return MappingProxyType(found)

    def __iter__(self) -> Iterator[ActionDef]:
        for definitions in self._found.values():
            yield from definitions.values()

    @contextmanager
    def isolated(self) -> Iterator[ActionRegistry]:
        """Forget at the end what is registered inside: for tests."""
        found = {model: dict(actions) for model, actions in self._found.items()}
        names = {model: dict(ids) for model, ids in NAMES.items()}
        problems = list(self.problems)
        try:
            yield self
        finally:
            self._found, self.problems = found, problems
            NAMES.clear()
            NAMES.update(names)
            configuration.cache_clear()


registry = ActionRegistry()


def named_model(model: Any) -> type[models.Model]:
    """Return a model from itself or its label."""
    found: type[models.Model] = apps.get_model(model) if isinstance(model, str) else model
    return found
