"""Aggregates against the schema: what a path that ends in a function means, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models

from django_flex.query.aggregates import FUNCTIONS, Function
from django_flex.schema.introspection import Attribute
from django_flex.schema.paths import Target, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.introspection import Relation, Resource

#: How many digits a sum may have more than what is summed; databases stop at 65.
_MORE_DIGITS = 20
_MAX_DIGITS = 65
_PRECISE = Context(prec=_MAX_DIGITS + _MORE_DIGITS)


class ScaledDecimalField(models.DecimalField):  # type: ignore[type-arg]  # no generic at runtime
    """A decimal that is computed, with the scale of its field whatever the database made of it."""

    def from_db_value(self, value: Any, *_: Any) -> Any:
        """Return the value with as many decimal places as the field has."""
        if value is None or not value.is_finite():
            return value
        return value.quantize(self._least, ROUND_HALF_UP, _PRECISE)

    @cached_property
    def _least(self) -> Decimal:
        return Decimal(1).scaleb(-(self.decimal_places or 0))


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """What an aggregate is of: a column, or rows where ``target`` leads to none.

    ``target`` is the column, ``None`` for the rows of the model itself. ``of_rows`` says that rows
    are counted. ``canonical`` is the path in the schema's own names, its function last.
    """

    function: Function
    target: Target | None
    of_rows: bool
    canonical: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "canonical", (*head_of(self.target), self.function.name))

    @property
    def hops(self) -> tuple[Relation, ...]:
        """All relations on the way."""
        return () if self.target is None else self.target.hops

    @property
    def crossings(self) -> tuple[int, ...]:
        """The positions of the to-many relations on the way."""
        return tuple(n for n, hop in enumerate(self.hops) if hop.cardinality == "many")

    @property
    def fits(self) -> bool:
        """Whether the function applies to the kind of the column."""
        target = self.target
        if target is None or self.of_rows:
            return True
        is_rows = target.via and target.hops[-1].cardinality == "many"
        return not (target.keys or is_rows) and target.attribute.kind in self.function.kinds

    def behind(self, hops: tuple[Relation, ...]) -> Measure:
        """Return the same measure as seen from before some hops."""
        if self.target is None:
            target = Target(hops, hops[-1].target.pk, via=True)
            return Measure(self.function, target, of_rows=True)
        moved = replace(self.target, hops=(*hops, *self.target.hops))
        return Measure(self.function, moved, self.of_rows)


def head_of(target: Target | None) -> Path:
    """Return the names before the function: those of the relations where rows are counted."""
    if target is None:
        return ()
    if target.via and target.hops[-1].cardinality == "many":
        return target.hop_names
    return target.canonical


def resolve_measure(resource: Resource, path: Path) -> Measure:
    """Resolve a path that ends in a function.

    Raises:
        UnknownPathError: it does not, or what stands before names nothing.
    """
    function = FUNCTIONS.get(path[-1])
    if function is None:
        raise UnknownPathError
    if len(path) == 1:
        if function.name != "count":
            raise UnknownPathError
        return Measure(function, None, of_rows=True)
    target = resolve(resource, path[:-1])
    rows = target.via and target.hops[-1].cardinality == "many" and function.name == "count"
    return Measure(function, target, of_rows=rows)


def result_of(measure: Measure) -> Attribute:
    """Return what an aggregate gives, as if it were a column."""
    attribute = None if measure.target is None else measure.target.attribute
    kind, output = _result(measure.function, attribute)
    name = "_".join(measure.canonical)
    return computed(name, kind, output)


def computed(name: str, kind: str, output: models.Field[Any, Any]) -> Attribute:
    """Return a value that is no column, as if it were one."""
    return Attribute(
        name=name,
        lookup=name,
        kind=kind,
        null=True,
        primary_key=False,
        model_field=output,
        value_field=output,
    )


def _result(function: Function, attribute: Attribute | None) -> tuple[str, models.Field[Any, Any]]:
    if attribute is None or function.gives == "count":
        return "integer", models.BigIntegerField()
    kind = attribute.kind
    if function.gives == "fraction" or (function.gives == "mean" and kind == "integer"):
        return "float", models.FloatField()
    if kind == "decimal":
        return kind, _decimal(attribute.value_field, summed=function.gives == "sum")
    if function.gives == "sum" and kind == "integer":
        return kind, models.BigIntegerField()
    return kind, attribute.value_field


def scaled(field: models.Field[Any, Any]) -> models.Field[Any, Any]:
    """Return what types a column inside an expression, in which SQLite drops a decimal's zeros."""
    return _decimal(field, summed=False) if isinstance(field, models.DecimalField) else field


def _decimal(field: Any, *, summed: bool) -> models.Field[Any, Any]:
    if field.decimal_places is None or field.max_digits is None:
        return models.DecimalField()
    digits = min(field.max_digits + (_MORE_DIGITS if summed else 0), _MAX_DIGITS)
    return ScaledDecimalField(max_digits=digits, decimal_places=field.decimal_places)
