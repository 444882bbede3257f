"""The resources of some settings, by their labels: Django models, and those of other backends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.apps import apps

from django_flex.schema.introspection import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.db import models

    from django_flex.schema.resources import Attribute, Resource


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """All resources, with the computed fields of some settings; paths over relations find them, too.

    ``declared`` are the resources of other backends than Django's ORM, ``computed`` the computed
    fields of each resource; both are by label.
    """

    declared: Mapping[str, Resource] = field(default_factory=dict)
    computed: Mapping[str, Mapping[str, Attribute]] = field(default_factory=dict)
    _found: dict[str, Resource] = field(default_factory=dict)

    def find(self, label: str) -> Resource:
        """Return the resource of a label.

        Raises:
            LookupError: there is none.
            UnsupportedModelError: the model has a composite primary key.
        """
        found = self._found.get(label)
        if found is None:
            found = self.plain(label)
            if self.computed or self.declared:
                found = found.within(self)
            self._found[label] = found
        return found

    def plain(self, label: str) -> Resource:
        """Return the resource of a label without computed fields. Raises what ``find`` does."""
        found = self.declared.get(label)
        if found is not None:
            return found
        model: type[models.Model] = apps.get_model(label)
        return describe(model)

    def labels(self, *, automatic: bool = True) -> Iterator[str]:
        """Yield the labels of all resources; ``automatic`` models are those that Django makes."""
        yield from self.declared
        for model in apps.get_models(include_auto_created=automatic):
            if model._meta.label_lower not in self.declared:
                yield model._meta.label_lower

    def adding(self, label: str, computed: Mapping[str, Attribute] | None) -> Schema:
        """Return a schema in which one resource has these computed fields and no others."""
        if computed == self.computed.get(label):
            return self
        return Schema(self.declared, {**self.computed, label: computed or {}})
