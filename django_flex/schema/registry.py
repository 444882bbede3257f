"""The resources of some settings, by their labels: Django models, and those of other backends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django.apps import apps

from django_flex.schema.generic_relations import find_pointer, names_behind_keys
from django_flex.schema.introspection import UnsupportedModelError, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from django.db import models

    from django_flex.schema.resources import Attribute, Naming, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """All resources, with the computed fields of some settings; paths over relations find them, too.

    ``exposed`` is what the exposed models are called where a generic foreign key leads to them.
    ``declared`` are the resources of other backends than Django's ORM, ``computed`` the computed
    fields of each resource, ``sorting`` the columns of it whose stored form sorts like the value;
    all are by label.
    """

    declared: Mapping[str, Resource] = field(default_factory=dict)
    computed: Mapping[str, Mapping[str, Attribute]] = field(default_factory=dict)
    sorting: Mapping[str, frozenset[str]] = field(default_factory=dict)
    naming: Naming | None = None
    exposed: Mapping[str, str] = field(default_factory=dict)
    _found: dict[str, Resource] = field(default_factory=dict)
    _labels: dict[str, list[str]] = field(default_factory=dict)

    def find(self, label: str) -> Resource:
        """Return the resource of a label.

        Raises:
            LookupError: there is none.
            UnsupportedModelError: the model has a composite primary key.
        """
        found = self._found.get(label)
        if found is None:
            found = self.plain(label)
            if self.computed or self.declared or self.sorting or self.naming or self.exposed:
                found = found.within(self)
            self._found[label] = found
        return found

    def exposable(self, label: str) -> Resource | None:
        """Return the resource of a label, ``None`` for a model that cannot be exposed.

        Raises:
            LookupError: there is none.
        """
        try:
            return self.find(label)
        except UnsupportedModelError:
            return None

    def plain(self, label: str) -> Resource:
        """Return the resource of a label without computed fields. Raises what ``find`` does."""
        found = self.declared.get(label)
        if found is not None:
            return found
        pointer = find_pointer(label, describe, self.exposed)
        if pointer is not None:
            return pointer
        model: type[models.Model] = apps.get_model(label)
        return describe(model)

    def exposing(self, labels: Iterable[str]) -> Schema:
        """Return a schema in which generic foreign keys lead to these resources."""
        return replace(self, exposed=names_behind_keys(labels), _found={})

    def shown(self, name: str) -> str:
        """Return what a word, such as a part of a value or an aggregate, is called in a reply."""
        return name if self.naming is None else self.naming(name)

    def labels(self, *, automatic: bool = True) -> Iterator[str]:
        """Yield the labels of all resources; ``automatic`` models are those that Django makes."""
        yield from self.declared
        for model in apps.get_models(include_auto_created=automatic):
            if model._meta.label_lower not in self.declared:
                yield model._meta.label_lower

    def labels_of(self, name: str) -> Sequence[str]:
        """Return the labels that are this name, or end with it behind a dot: ``booking``."""
        if not self._labels:
            for label in self.labels():
                parts = label.split(".")
                for first in range(len(parts)):
                    self._labels.setdefault(".".join(parts[first:]), []).append(label)
        return self._labels.get(name, ())

    def adding(self, label: str, computed: Mapping[str, Attribute] | None) -> Schema:
        """Return a schema in which one resource has these computed fields and no others."""
        if computed == self.computed.get(label):
            return self
        return replace(self, computed={**self.computed, label: computed or {}}, _found={})

    def sorted_as_stored(self, label: str, names: frozenset[str]) -> Schema:
        """Return a schema in which these columns of a resource sort as they are stored, too."""
        known = self.sorting.get(label, frozenset())
        if names <= known:
            return self
        return replace(self, sorting={**self.sorting, label: known | names}, _found={})
