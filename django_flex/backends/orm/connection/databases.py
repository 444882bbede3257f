"""Which database models are in, as Django's routers have it: only rows of one can be joined."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connections, router

from django_flex.backends.orm.schema import model_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from django.db.models import Model

    from django_flex.plan.nodes import AggregatePlan, ReadPlan


@dataclass(frozen=True, slots=True)
class StoredWith(Container[str]):
    """The labels of the models whose rows are in the same database as those of one model."""

    home: Hashable

    def __contains__(self, label: object) -> bool:
        """Whether the rows of the model with a label are there."""
        try:
            return home_of(apps.get_model(str(label))) == self.home
        except (LookupError, ValueError):
            return False


def stored_with(label: str) -> Container[str] | None:
    """Return the labels of the models that one can be joined with, ``None`` for all of them."""
    return StoredWith(home_of(apps.get_model(label))) if router.routers else None


def database_of(plan: ReadPlan | AggregatePlan) -> str:
    """Choose the database once: a router may choose another one each time that it is asked."""
    if plan.from_primary:
        return router.db_for_write(model_of(plan.resource))
    queryset = plan.rows.queryset
    return router.db_for_read(model_of(plan.resource)) if queryset is None else queryset.db


def database_of_related(
    model: type[Model], related: type[Model], using: str, *, writing: bool = False
) -> str:
    """Return the database that related rows are read from by a statement of their own.

    Args:
        model: the model of the rows that they are related to.
        related: their model.
        using: the database that the former are read from or written to.
        writing: whether it is for a write, which a replica may not know of yet.
    """
    if not router.routers or home_of(model) == home_of(related):
        return using
    return router.db_for_write(related) if writing else router.db_for_read(related)


def home_of(model: type[Model]) -> Hashable:
    """Return what tells the database of a model from others, by which alias ever it is reached.

    It is the one that is written to: which replica is read may change each time.
    """
    alias = router.db_for_write(model)
    config = connections[alias].settings_dict
    name = str(config["NAME"])
    if connections[alias].vendor == "sqlite" and name in {"", ":memory:"}:
        return alias  # each connection has its own
    # PostgreSQL chooses the schema by these options.
    options = str(config.get("OPTIONS", {}).get("options", ""))
    return (config["ENGINE"], config.get("HOST"), config.get("PORT"), name, options)
