"""The registry of actions. It is filled when the project starts, and read by every request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.apps import apps

from django_flex.conf import configuration
from django_flex.policy.problems import Problem
from django_flex.query.operations import OPERATIONS
from django_flex.schema.introspection import model_of

if TYPE_CHECKING:
    from django.db import models

    from django_flex.actions.declare.definitions import ActionDef
    from django_flex.schema.resources import Resource

#: An id is part of URLs, headers and settings; the others are reserved words in URLs.
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
RESERVED = frozenset({*OPERATIONS, "actions", "batch", "aggregate", "query"})


class ActionRegistry:
    """The actions of all models, by model and id."""

    def __init__(self) -> None:
        self._found: dict[type[models.Model], dict[str, ActionDef]] = {}
        self.problems: list[Problem] = []

    def register(self, definition: ActionDef) -> ActionDef:
        """Add an action; one that cannot be called is left out, and reported by the system checks."""
        fault = self._fault(definition)
        if fault is not None:
            place = f"{definition.resource}.{definition.id}"
            self.problems.append(Problem("E022", *fault[:1], place, fault[1]))
            return definition
        self._found.setdefault(definition.model, {})[definition.id] = definition
        # Grants are compiled with the ids of the registered actions.
        configuration.cache_clear()
        return definition

    def _fault(self, definition: ActionDef) -> tuple[str, str | None] | None:
        name = definition.id
        if name in RESERVED:
            return f"'{name}' is the name of a core operation", "another id"
        if not _ID.fullmatch(name):
            return f"{name!r} is not a valid action id", "letters, digits, '_' and '-', at most 64"
        if self.has_own(definition.model, name):
            return f"'{name}' is already registered", "another id"
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
        """Return an action by the label of its model, as stored in events."""
        try:
            model = apps.get_model(label)
        except LookupError:
            return None
        return self.get(model, name)

    def has_own(self, model: type[models.Model], name: str) -> bool:
        """Whether a model itself has an action with this id."""
        return name in self._found.get(model, {})

    def for_model(self, model: type[models.Model]) -> Mapping[str, ActionDef]:
        """Return the actions of a model by id, in the order in which they were registered."""
        found: dict[str, ActionDef] = {}
        for one in model.__mro__:
            for name, definition in self._found.get(one, {}).items():
                found.setdefault(name, definition)
        return MappingProxyType(found)

    def of(self, resource: Resource) -> Mapping[str, ActionDef]:
        """Return the actions of a resource by id; only those of Django models have some."""
        model = model_of(resource)
        return {} if model is None else self.for_model(model)

    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the ids of the actions of each model with actions, by the label of the model."""
        every = apps.get_models(include_auto_created=True)
        having = (one for one in every if not self._found.keys().isdisjoint(one.__mro__))
        found = {one._meta.label_lower: tuple(self.for_model(one)) for one in having}
        return {label: ids for label, ids in found.items() if ids}

    def __iter__(self) -> Iterator[ActionDef]:
        for definitions in self._found.values():
            yield from definitions.values()

    @contextmanager
    def isolated(self) -> Iterator[ActionRegistry]:
        """Remove what is registered within the context at its end, for tests."""
        found = {model: dict(actions) for model, actions in self._found.items()}
        problems = list(self.problems)
        try:
            yield self
        finally:
            self._found, self.problems = found, problems
            configuration.cache_clear()


registry = ActionRegistry()


def named_model(model: Any) -> type[models.Model]:
    """Return the model that is given as a class or by its label."""
    found: type[models.Model] = apps.get_model(model) if isinstance(model, str) else model
    return found
