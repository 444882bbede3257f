"""What a queryset asks for, and the methods that ask for more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Not, Operator
from django_flex.dynamodb.core.expressions import (
    Placeholders,
    TooComplexError,
    condition_text,
)
from django_flex.dynamodb.core.planner import NoPlanError, Plan, Wanted, plan_query
from django_flex.dynamodb.core.schema import Item
from django_flex.dynamodb.exceptions import (
    DynamoDBQuerySetError,
    FieldDoesNotExists,
    InvalidOperator,
    InvalidValueError,
    NoKeyError,
)
from django_flex.dynamodb.introspection import ModelDescription, describe
from django_flex.dynamodb.lookups import condition_of
from django_flex.dynamodb.serializing import place_of, serialized_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a queryset asks for.

    Attributes:
        condition: which items, apart from ``hash_key``.
        hash_key: the value of the hash key of the table, or of the index if there is one.
        index: the index to read; without it the table, if there is a ``hash_key``, else any.
        order_by: the stored name of the attribute to sort by.
        forward: in ascending order.
        limit: the number of items at most.
        start: the position after which it begins.
        names: the attributes by their names in Python, or ``None`` for all.
        as_dicts: results are dicts, not instances.
        consistent: all acknowledged writes have to be seen.
        max_items: the table may be scanned, up to this number of items that are read.
        segments: the number of parts in which it is scanned at the same time.
        is_empty: nothing is asked for.
    """

    condition: Condition | None = None
    hash_key: Any = None
    index: str | None = None
    order_by: str | None = None
    forward: bool = True
    limit: int | None = None
    start: Item | None = None
    names: tuple[str, ...] | None = None
    as_dicts: bool = False
    consistent: bool = False
    max_items: int | None = None
    segments: int = 1
    is_empty: bool = False


def wanted_of(description: ModelDescription, selection: Selection) -> Wanted:
    """Return what is wanted of the table for a selection."""
    parts = [] if selection.condition is None else [selection.condition]
    index = selection.index
    if selection.hash_key is not None:
        parts.insert(0, _hash_condition(description, selection))
        index = index or ""
    names = selection.names
    return Wanted(
        condition=And(tuple(parts)) if parts else None,
        order_by=selection.order_by,
        forward=selection.forward,
        attributes=None if names is None else frozenset(description.stored[name] for name in names),
        index=index,
        consistent=selection.consistent,
        scan=selection.max_items is not None,
    )


def _hash_condition(description: ModelDescription, selection: Selection) -> Condition:
    index = description.table.index(selection.index) if selection.index else None
    name = description.table.key.hash if index is None else index.key.hash
    place, _ = place_of(description, [description.python_name(name)])
    value = serialized_key(description, place, selection.hash_key)
    return Comparison(path=(name,), operator=Operator.EQ, values=(value,))


def plan_of(description: ModelDescription, selection: Selection) -> Plan:
    """Return how a selection is read.

    Raises:
        NoKeyError: no key serves it; the message says what would make it possible.
        InvalidValueError: the conditions are too many or too long for DynamoDB.
    """
    if selection.is_empty:
        return Plan(kind="none", reason="nothing is asked for")
    try:
        plan = plan_query(description.table, wanted_of(description, selection))
        if plan.filter is not None:
            condition_text(plan.filter, Placeholders())
    except NoPlanError as error:
        raise NoKeyError(f"{error}; or read the whole table by scan(max_items=…)") from None
    except TooComplexError as error:
        raise InvalidValueError(str(error)) from None
    return plan


def _of_its_class(model: Any) -> Condition | None:
    """Return the condition that items are of a class or its children, if a table has several."""
    if model is None:
        return None
    description = describe(model)
    if description.discriminator is None:
        return None
    attribute: Any = description.attributes[description.discriminator]
    classes = attribute.get_registered_subclasses(model)
    return condition_of(description, (), {f"{description.discriminator}__in": classes})


class Chain:
    """Methods that return another queryset and send nothing."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._selection = Selection(condition=_of_its_class(model))
        self._reset()

    def _reset(self) -> None:
        """Forget what was read."""

    @property
    def _description(self) -> ModelDescription:
        return describe(self.model)

    def _but(self, **changes: Any) -> Self:
        found = self.__class__(self.model)
        found._selection = replace(self._selection, **changes)  # noqa: SLF001 - of the same class
        return found

    def all(self) -> Self:
        """Return a queryset that asks for the same, and reads it again."""
        return self._but()

    def none(self) -> Self:
        """Return a queryset without items, which sends nothing."""
        return self._but(is_empty=True)

    def set_hash_key(self, hash_key: Any) -> Self:
        """Return the items with this hash key: of the table, or of the index that is set."""
        if hash_key is None:
            raise DynamoDBQuerySetError("a hash key is not None")
        return self._but(hash_key=hash_key)

    def set_index(self, index: Any) -> Self:
        """Return the items of an index of the model, which is given by itself or by its name."""
        if index is None:
            return self._but(index=None)
        name = index if isinstance(index, str) else index.Meta.index_name
        table = self._description.table
        if table.index(name) is None:
            there = ", ".join(one.name for one in table.indexes) or "no index"
            raise DynamoDBQuerySetError(f"there is no index {name!r}; there is {there}")
        return self._but(index=name)

    def using_index(self, name: str) -> Self:
        """Return the items of an index; ``set_index`` under the name that says it."""
        return self.set_index(name)

    def set_limit(self, limit: int | None) -> Self:
        """Return at most so many items."""
        if limit is not None and limit < 1:
            raise DynamoDBQuerySetError("a limit is at least 1; for no items there is none()")
        return self._but(limit=limit)

    def set_last_evaluated_key(self, last_evaluated_key: Item | None) -> Self:
        """Return the items after a position, a ``last_evaluated_key`` of another queryset."""
        return self._but(start=last_evaluated_key)

    def set_scan_index_forward(self, value: bool) -> Self:  # noqa: FBT001 - as in pydjamodb
        """Return the items in ascending order of the range key, or in descending order."""
        return self._but(forward=bool(value))

    def reverse(self) -> Self:
        """Return the items in the opposite order."""
        return self._but(forward=not self._selection.forward)

    def order_by(self, *fields: str) -> Self:
        """Return the items sorted by a range key, descending with ``-`` before it."""
        if not fields:
            return self._but(order_by=None, forward=True)
        if len(fields) > 1:
            raise DynamoDBQuerySetError("DynamoDB sorts by one attribute, the range key")
        name = fields[0].removeprefix("-")
        place, rest = place_of(self._description, name.split("__"))
        if rest or len(place.path) > 1:
            raise FieldDoesNotExists(f"there is no attribute {name!r}")
        return self._but(order_by=place.path[0], forward=not fields[0].startswith("-"))

    def consistent(self, on: bool = True) -> Self:  # noqa: FBT001, FBT002 - reads as a word
        """Return the items as all acknowledged writes left them; not from a global index."""
        return self._but(consistent=on)

    def filter(self, *conditions: Any, **lookups: Any) -> Self:
        """Return the items that meet these conditions, and those of before.

        Args:
            *conditions: each a ``Q`` of lookups, or a condition of PynamoDB.
            **lookups: values by lookups, such as ``number__gte=3``.
        """
        return self._filtered(condition_of(self._description, conditions, lookups))

    def exclude(self, *conditions: Any, **lookups: Any) -> Self:
        """Return the items that do not meet all of these conditions.

        Unlike with SQL, items without an attribute are not equal to a value of it, so they stay.
        """
        found = condition_of(self._description, conditions, lookups)
        return self._but() if found is None else self._filtered(Not(found))

    def _filtered(self, condition: Condition | None) -> Self:
        if condition is None:
            return self._but()
        if self._selection.limit is not None:
            raise DynamoDBQuerySetError("filter before the limit is set, or before slicing")
        old = self._selection.condition
        return self._but(condition=condition if old is None else And((old, condition)))

    def only(self, *fields: str) -> Self:
        """Return instances that only have these attributes, and those of the key."""
        return self._but(names=self._named(fields, with_keys=True), as_dicts=False)

    def values(self, *fields: str) -> Self:
        """Return dicts of these attributes, or of all; no instance is made."""
        names = self._named(fields) if fields else None
        return self._but(names=names, as_dicts=True)

    def _named(self, fields: tuple[str, ...], *, with_keys: bool = False) -> tuple[str, ...]:
        description = self._description
        found: list[str] = []
        for name in fields:
            place, rest = place_of(description, [name])
            if rest:
                raise InvalidOperator(f"{name!r} is no attribute")
            found.append(description.python_name(str(place.path[0])))
        if with_keys:
            keys = [description.python_name(one) for one in description.table.key.names]
            found += [one for one in keys if one not in found]
        return tuple(dict.fromkeys(found))

    def scan(self, *, max_items: int, segments: int = 1) -> Self:
        """Return items without any key, by reading the table from its beginning.

        Args:
            max_items: how many items DynamoDB reads at most, whether they match or not.
            segments: how many parts of the table are read at the same time.
        """
        if max_items < 1 or segments < 1:
            raise DynamoDBQuerySetError("max_items and segments are at least 1")
        return self._but(max_items=max_items, segments=segments)

    def explain(self) -> Plan:
        """Return how the items are read, and why so; nothing is sent."""
        return plan_of(self._description, self._selection)
