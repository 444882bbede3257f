"""The backend for tables of DynamoDB. Projects import it; nothing else here does."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.apps import apps
from django.core import checks

from django_flex.backends.dynamodb.backend import DynamoBackend
from django_flex.backends.dynamodb.tables import Table, resource_of
from django_flex.backends.registry import registry
from django_flex.dynamodb.configuration import configuration_with
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import dynamodb_model_classes
from django_flex.dynamodb.wire.clients import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.dynamodb.core.schema import TableSchema
    from django_flex.dynamodb.models import DynamoModel
    from django_flex.schema.resources import Resource

__all__ = ["DynamoBackend", "Table", "backend", "register"]

#: What the names of all endpoints of AWS end in.
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_ALONE = "have one model for each table; others may be proxies of it"
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
        TypeError: it shares its table with other models or may do so, has another label already, or a
            key of a type of its own; or another model has the label.
    """
    label = label or _label(model)
    _check_alone(model)
    _check_label(model, label)
    table = Table(
        model=model,
        resource=resource_of(model, label),
        max_evaluated=max_evaluated,
        max_fanout=max_fanout,
        consistent=consistent,
    )
    backend.tables[table.resource.label] = table
    registry.register(backend, table.resource)
    return table.resource


def check_tables(**_kwargs: object) -> list[checks.CheckMessage]:
    """Return an error for each model that shares an exposed table, and was imported after that."""
    found = dict.fromkeys(text for one in backend.tables.values() for text in _sharing(one.model))
    return [checks.Error(f"{text}.", _ALONE, id="django_flex.E011") for text in found]


checks.register(check_tables, checks.Tags.security)


def _check_alone(model: type[DynamoModel]) -> None:
    """Refuse a model whose items may also be those of another: the rules of one would not hold."""
    for text in _sharing(model):
        raise TypeError(text)


def _sharing(model: type[DynamoModel]) -> Iterator[str]:
    """Yield with which models, of those that are imported, a model shares its table."""
    own = describe(model).table
    # A proxy may be exposed, if its base has no table; it is not among the models with a table.
    exposed = (one.model for one in backend.tables.values())
    for other in dict.fromkeys((*dynamodb_model_classes, *exposed)):
        found = describe(other).table
        if other is not model and _may_be_same(found.name, own.name) and not _are_apart(found, own):
            names = f"{model.__name__} and {other.__name__}"
            yield f"{names} share the table {own.name}, so neither has rows of its own"


def _may_be_same(name: str, other: str) -> bool:
    """Whether two names of tables may mean one: DynamoDB takes the ARN of a table for its name, too."""
    if name.startswith("arn:") and other.startswith("arn:"):
        return name == other  # the account is part of it
    return name.rpartition(":table/")[2] == other.rpartition(":table/")[2]


def _check_label(model: type[DynamoModel], label: str) -> None:
    """Refuse a second label for a model, and a second model for a label; the same again is no harm."""
    for known, table in backend.tables.items():
        if table.model is model and known != label:
            raise TypeError(
                f"{model.__name__} is {known} already: the rules of one label would not hold for the "
                "other. For other grants on the same rows use roles, a version, or a view"
            )
        if known == label and table.model is not model:
            raise TypeError(f"{label} is {table.model.__name__} already")


def _are_apart(one: TableSchema, other: TableSchema) -> bool:
    """Whether two tables of one name are in two regions of AWS.

    A region may be written in several ways, or be left to the settings. Of other servers nobody knows
    which names they have, nor whether they look at regions.
    """
    (region, url), (other_region, other_url) = _place(one), _place(other)
    return (
        region is not None
        and other_region is not None
        and region.lower() != other_region.lower()
        and region.lower() in _aws_names(url)
        and other_region.lower() in _aws_names(other_url)
    )


def _aws_names(url: str) -> list[str]:
    """Return the parts of the name of a host of AWS; nothing for any other."""
    host = urlsplit(url).hostname or ""
    return host.split(".") if host.endswith(_AWS) else []


def _place(table: TableSchema) -> tuple[str | None, str]:
    """Return where a table is. One model may name the region that another leaves to the settings."""
    return place_of(configuration_with(table.options))


def _label(model: type[DynamoModel]) -> str:
    app = apps.get_containing_app_config(model.__module__)
    if app is None:
        raise TypeError(f"{model.__name__} is in no app, so it needs a label")
    return f"{app.label}.{model.__name__.lower()}"
