"""What all parts of a statement share: names of columns, aliases, everything and nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Q, Subquery, Value
from django.db.models.lookups import In

from django_flex.backends.orm.django_internals.typed_joins import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.resolved import Column
    from django_flex.schema.resources import Relation

# Django drops an empty Q from any combination, so "nothing" and "everything" have to be explicit.
MATCH_NONE = Q(In(Value(1), ()))
MATCH_ALL = ~MATCH_NONE


@dataclass(slots=True)
class StatementContext:
    """A statement or subquery that is being built: its database, and its aliases."""

    using: str
    first: int = 0
    aliases: dict[str, object] = field(default_factory=dict)

    def alias(self, expression: object) -> str:
        """Name an expression, to be compared like a column."""
        name = f"flex_{self.first + len(self.aliases)}"
        self.aliases[name] = expression
        return name


def path_of(column: Column) -> str:
    """Return Django's name of a column, seen from the row."""
    return path_over(column.hops, column.attribute.lookup)


def path_over(hops: Sequence[Relation], name: str) -> str:
    """Return Django's name of a column at the end of some relations."""
    return "__".join((*hop_lookups(hops), name))


def near_path(way: Sequence[Relation], relation: Relation) -> str:
    """Return Django's name of the column that a relation begins at, seen from the row.

    Args:
        way: to-one relations from the row to the one that the relation belongs to.
        relation: the relation.
    """
    if relation.typed_key is not None:  # the key of a row there only means one of its own type
        return path_over((*way, relation), "pk")
    return path_over(way, relation.near)


def hop_lookups(hops: Sequence[Relation]) -> list[str]:
    """Return Django's names of the relations that lead to a column."""
    return [
        hop.lookup
        if hop.typed_key is None
        else joined(hop, partial(content_type, hop.typed_key.label))
        for hop in hops
        if not hop.same_row
    ]


def content_type(label: str) -> Subquery:
    """Return the key of a content type, which differs from one database to the next."""
    types: Any = apps.get_model("contenttypes.ContentType")
    app_label, _, model = label.partition(".")
    found = types._base_manager.filter(app_label=app_label, model=model).values("pk")
    return Subquery(found[:1])  # there is one at most, which Django 6.1 has to be told
