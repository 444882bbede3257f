"""The models of the tests in tables of DynamoDB: their rows are copied there when a request reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    JSONAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from django_flex.backends.dynamodb import DynamoBackend, Table
from django_flex.dynamodb.attributes import DecimalAttribute, IntegerAttribute
from django_flex.dynamodb.connection import empty
from django_flex.dynamodb.models import DynamoModel, dynamodb_model_classes
from django_flex.resolved import AllOf, Column, Predicate
from django_flex.schema.introspection import describe
from django_flex.schema.resources import Attribute as Described

if TYPE_CHECKING:
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.results import ResultSet
    from django_flex.query.limits import Limits

#: The attribute by which lists find all items of a model: it is the same in each of them.
KIND = Described("kind", "kind", "text")


class TextAttribute(Attribute[Any]):
    """Values as texts that sort as they do; ``make`` reads one."""

    attr_type = "S"
    make: Any

    def serialize(self, value: Any) -> str:
        return str(value)

    def deserialize(self, value: str) -> Any:
        return self.make(value)


class ScaledAttribute(DecimalAttribute):
    """Numbers with as many digits behind the point as their column has; DynamoDB drops zeros there."""

    def __init__(self, scale: int, **options: Any) -> None:
        super().__init__(**options)
        self._step = Decimal(1).scaleb(-scale)

    def deserialize(self, value: str) -> Decimal:
        return super().deserialize(value).quantize(self._step)


class DateAttribute(TextAttribute):
    make = date.fromisoformat


class TimeAttribute(TextAttribute):
    make = time.fromisoformat


class UUIDAttribute(TextAttribute):
    make = UUID


class DurationAttribute(Attribute[Any]):
    attr_type = "N"

    def serialize(self, value: Any) -> str:
        return str(value // timedelta(microseconds=1))

    def deserialize(self, value: str) -> timedelta:
        return timedelta(microseconds=int(value))


#: How values of columns are stored; of several classes that fit, the first counts.
STORED: dict[type[models.Field[Any, Any]], type[Attribute[Any]]] = {
    models.BooleanField: BooleanAttribute,
    models.IntegerField: IntegerAttribute,
    models.FloatField: NumberAttribute,
    models.DateTimeField: UTCDateTimeAttribute,
    models.DateField: DateAttribute,
    models.TimeField: TimeAttribute,
    models.DurationField: DurationAttribute,
    models.UUIDField: UUIDAttribute,
    models.JSONField: JSONAttribute,
    models.CharField: UnicodeAttribute,
    models.TextField: UnicodeAttribute,
    models.FileField: UnicodeAttribute,
}


def attribute_for(column: Any, **options: Any) -> Attribute[Any]:
    """Return an attribute for the values of a column."""
    while column.is_relation:
        column = column.target_field
    if isinstance(column, models.BinaryField):
        return BinaryAttribute(legacy_encoding=False, **options)
    if isinstance(column, models.DecimalField):
        return ScaledAttribute(column.decimal_places, **options)
    kind = next(own for known, own in STORED.items() if isinstance(column, known))
    return kind(**options)


@cache
def mirror_of(label: str) -> type[DynamoModel]:
    """Return a model of DynamoDB with the columns of one of Django.

    Its key is that of the rows. An index has them all, sorted by this key.
    """
    found: Any = apps.get_model(label)
    columns = {one.attname: one for one in found._meta.concrete_fields}
    key = found._meta.pk
    of_index = {
        "kind": UnicodeAttribute(hash_key=True),
        key.attname: attribute_for(key, range_key=True),
        "Meta": type("Meta", (), {"index_name": "by_kind", "projection": AllProjection()}),
    }
    index: Any = type("ByKind", (GlobalSecondaryIndex,), of_index)
    name = label.replace(".", "-")
    declared = {
        column.attname: attribute_for(column, null=True)
        for column in columns.values()
        if column is not key
    }
    declared[key.attname] = attribute_for(key, hash_key=True)
    meta: Any = type(DynamoModel)
    made: Any = meta(
        f"MirrorOf{found.__name__}",
        (DynamoModel,),
        {
            "__module__": __name__,
            **declared,
            "kind": UnicodeAttribute(default=name),
            "by_kind": index(),
            "Meta": type("Meta", (), {"table_name": f"mirror-{name}"}),
        },
    )
    dynamodb_model_classes.remove(made)  # its table is created when it is needed
    mirror: type[DynamoModel] = made
    return mirror


@dataclass
class Stored:
    """The tables that a server has, and the rows that are in each of them.

    Tests that follow each other have mostly the same rows, so only what has changed is written.
    Of ``unknown`` tables it is not known what they have.
    """

    rows: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def copy(self, label: str) -> None:
        """Have the rows of a model of Django in its table, and no others."""
        mirror, wanted = mirror_of(label), rows_of(label)
        if label not in self.rows:
            mirror.create_table(wait=True)
            self.rows[label] = {}
        if label in self.unknown:
            self.unknown.remove(label)
            empty(mirror)
            self.rows[label] = {}
        there = self.rows[label]
        with mirror.batch_write() as batch:
            for key in [one for one in there if one not in wanted]:
                batch.delete(made(mirror, there.pop(key)))
            for key, row in wanted.items():
                if there.get(key) != row:
                    batch.save(made(mirror, row))
                    there[key] = row

    def forget(self, label: str) -> None:
        """Have all rows of a model written again by the next copy."""
        self.unknown.add(label)


def made(mirror: type[DynamoModel], row: dict[str, Any]) -> DynamoModel:
    return mirror(**{name: value for name, value in row.items() if value is not None})


def rows_of(label: str) -> dict[Any, dict[str, Any]]:
    """Return the rows of a model by their keys, in statements that no test counts."""
    model: Any = apps.get_model(label)
    names = [one.attname for one in model._meta.concrete_fields]
    logged = len(connection.queries_log)
    rows = {row[model._meta.pk.attname]: row for row in model._base_manager.values(*names)}
    while len(connection.queries_log) > logged:
        connection.queries_log.pop()
    return rows


class Mirror(DynamoBackend):
    """Reads the rows of Django's models from tables of DynamoDB.

    Attributes:
        stored: what the server has.
        log: the lists and rows that were read: what a database would need a statement for.
        copies: whether reads copy rows; a test that writes has them copied once, by ``keep``.
    """

    def __init__(self, stored: Stored, labels: Sequence[str]) -> None:
        super().__init__()
        self.stored = stored
        self.log: list[str] = []
        self.copies = True
        for label in labels:
            found: Any = apps.get_model(label)
            resource = describe(found)
            self.tables[label] = Table(model=mirror_of(label), resource=resource)

    def keep(self, label: str) -> None:
        """Copy the rows of a model once more, and then leave what is written as it is."""
        self.stored.copy(label)
        # Whatever a test writes is not known here, so the next one begins anew.
        self.stored.forget(label)
        self.copies = False

    def read(self, plan: ReadPlan, limits: Limits, started: float | None = None) -> ResultSet:
        label = plan.resource.label
        if self.copies:
            self.stored.copy(label)
        found = super().read(of_kind(plan), limits, started)
        self.log += [label] if plan.count is None else [label, f"{label}.count"]
        return found


def of_kind(plan: ReadPlan) -> ReadPlan:
    """Return a plan whose rows are found by the index, like those of a row rule."""
    name = plan.resource.label.replace(".", "-")
    is_kind = Predicate(Column((), KIND), (), "exact", name)
    given = () if plan.rows.condition is None else (plan.rows.condition,)
    return replace(plan, rows=replace(plan.rows, condition=AllOf((is_kind, *given))))
