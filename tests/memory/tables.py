"""Rows in memory: dictionaries by the label of their resource, and the links between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models

from django_flex.schema.resources import Relation, Resource

Row = dict[str, Any]


@dataclass(slots=True)
class Tables:
    """All rows. ``managed`` are the keys that a resource shows, where it hides some by itself."""

    rows: dict[str, dict[Any, Row]] = field(default_factory=dict)
    managed: dict[str, set[Any]] = field(default_factory=dict)

    def all(self, resource: Resource) -> Iterator[Row]:
        """Yield the rows that a resource shows, in the order of their keys."""
        stored = self.rows.get(resource.label, {})
        shown = self.managed.get(resource.label)
        yield from (stored[key] for key in sorted(stored) if shown is None or key in shown)

    def behind(self, relation: Relation, value: Any) -> Iterator[tuple[Row | None, Row]]:
        """Yield the rows at the other end of a relation, each with its link if there are links.

        Args:
            relation: what leads there.
            value: of the column ``near`` of the row that it leads from.
        """
        if value is None:
            return
        there = self.rows.get(relation.target.label, {})
        if relation.through is None:
            key = relation.target.pk.lookup if relation.far == "pk" else relation.far
            yield from ((None, there[pk]) for pk in sorted(there) if there[pk][key] == value)
            return
        label, near, far = link_columns(relation)
        links = [link for link in self.rows.get(label, {}).values() if link[near] == value]
        for link in sorted(links, key=lambda one: one[far]):
            yield link, there[link[far]]


def link_columns(relation: Relation) -> tuple[str, str, str]:
    """Return where the links of a many-to-many relation are: their label, and both columns."""
    assert relation.through is not None
    through: Any = apps.get_model(relation.through)
    there: Any = apps.get_model(relation.label)
    back = there._meta.get_field(relation.far)
    declared = back if hasattr(back, "m2m_field_name") else back.field
    names = (declared.m2m_field_name(), declared.m2m_reverse_field_name())
    far, near = names if declared is back else reversed(names)
    column = through._meta.get_field
    return through._meta.label_lower, column(near).attname, column(far).attname


def key_column(label: str) -> str:
    """Return the name of the column that holds the key of a resource's rows."""
    return str(apps.get_model(label)._meta.pk.attname)


class Copies(dict[str, dict[Any, Row]]):
    """Rows that are copied out of the database of the tests when they are first asked for."""

    def __init__(self, managed: dict[str, set[Any]]) -> None:
        super().__init__()
        self.managed = managed

    def get(self, label: str, default: Any = None) -> dict[Any, Row]:
        """Return the rows of a model by key."""
        if label not in self:
            logged = len(connection.queries_log)
            self[label] = self.copied(apps.get_model(label))
            while len(connection.queries_log) > logged:
                connection.queries_log.pop()  # what copies rows is not for the tests to count
        return self[label]

    def setdefault(self, label: str, default: Any = None) -> dict[Any, Row]:
        """Return the rows of a model by key."""
        return self.get(label)

    def copied(self, model: type[models.Model]) -> dict[Any, Row]:
        names = [f.attname for f in model._meta.concrete_fields]
        pk = model._meta.pk.attname
        rows = {row[pk]: row for row in model._base_manager.values(*names)}
        if type(model._default_manager) is not models.Manager:
            self.managed[model._meta.label_lower] = {
                *model._default_manager.values_list("pk", flat=True)
            }
        return rows


def copies() -> Tables:
    """Return tables of all models of the database of the tests."""
    managed: dict[str, set[Any]] = {}
    return Tables(Copies(managed), managed)


def of(rows: Mapping[str, Iterable[Row]]) -> Tables:
    """Return tables of some rows, by the labels of their resources."""
    return Tables(
        {label: {row[key_column(label)]: row for row in some} for label, some in rows.items()}
    )
