"""The backend for tables of DynamoDB. Projects import it; nothing else here does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps

from django_flex.backends.dynamodb.backend import DynamoBackend
from django_flex.backends.dynamodb.tables import Table, resource_of
from django_flex.backends.registry import registry
from django_flex.dynamodb.configuration import configuration_with
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import dynamodb_model_classes
from django_flex.dynamodb.wire.clients import place_of

if TYPE_CHECKING:
    from django_flex.dynamodb.core.schema import TableSchema
    from django_flex.dynamodb.models import DynamoModel
    from django_flex.schema.resources import Resource

__all__ = ["DynamoBackend", "Table", "backend", "register"]

#: That of all tables, since one transaction may write to several.
backend = DynamoBackend()


def register(
    model: type[DynamoModel],
    label: str | None = None,
    *,
    max_evaluated: int = 1_000,
    max_fanout: int = 10,
    consistent: bool = False,
) -> Resource:
    """Have a table exposed by ``EXPOSE``, like the table of a Django model.

    Call it when the project starts, such as in the ``ready`` of an app. Nothing is sent.

    Args:
        model: of a table that no other model shares.
        label: what ``EXPOSE`` calls it; by default its app and its name, as in ``shop.play``.
        max_evaluated: how many items a list reads at most, whether they match or not. It may always
            read as many as it shows.
        max_fanout: how many queries a list becomes at most, for as many values of a hash key.
        consistent: whether lists and gets see all acknowledged writes, which costs twice as much.

    Returns:
        What clients may name of it.

    Raises:
        TypeError: it shares its table with other models, or has a key of a type of its own.
    """
    _check_alone(model)
    table = Table(
        model=model,
        resource=resource_of(model, label or _label(model)),
        max_evaluated=max_evaluated,
        max_fanout=max_fanout,
        consistent=consistent,
    )
    backend.tables[table.resource.label] = table
    registry.register(backend, table.resource)
    return table.resource


def _check_alone(model: type[DynamoModel]) -> None:
    """Refuse a model whose items are also those of another: the rules of one would not hold."""
    own = describe(model).table
    for other in dynamodb_model_classes:
        found = describe(other).table
        if other is not model and found.name == own.name and _place(found) == _place(own):
            names = f"{model.__name__} and {other.__name__}"
            raise TypeError(f"{names} share the table {own.name}, so neither has rows of its own")


def _place(table: TableSchema) -> tuple[str | None, str]:
    """Return where a table is. One model may name the region that another leaves to the settings."""
    return place_of(configuration_with(table.options))


def _label(model: type[DynamoModel]) -> str:
    app = apps.get_containing_app_config(model.__module__)
    if app is None:
        raise TypeError(f"{model.__name__} is in no app, so it needs a label")
    return f"{app.label}.{model.__name__.lower()}"
