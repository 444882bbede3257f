"""Requests whose values are at the edges of their columns: a few shapes, many values of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import EmptyResultSet
from django.db import connection, models, transaction
from django.db.models import Q

from django_flex.schema.introspection import describe
from django_flex.schema.values import UnfitValueError, coerce
from tests.statements.edges import FIELDS, kind_of, values_of
from tests.testapp.kinds import Sample
from tests.testapp.models import Tag

#: Requests of one shape, one after the other.
EACH = 10
#: So many values are such that their column takes them.
MOSTLY = 0.9
NAMES = [field.name for field in FIELDS if field.name not in {"blob", "data"}]
SORTED = [*NAMES, "id"]
_SUMMED = ["whole", "some", "price", "ratio", "large"]
#: What JSON can say.
_SENT = (str, int, float, bool)
_OPERATORS = {
    "year__gt": "year.gt",
    "year__lte": "year.lte",
    "day__gte": "day.gte",
    "week_day__in": "week_day.in",
    "minute__lt": "minute.lt",
    "time__gte": "time.gte",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: by whom, under which rule."""

    query: Mapping[str, Any]
    rule: Q | None = None
    user: Any = None


Make = Callable[[], Asked]


class Drawn:
    """Draws shapes, and then the values of each."""

    def __init__(self, seed: str) -> None:
        self.draws = Random(seed)

    def shapes(self, number: int) -> Iterator[list[Asked]]:
        """Yield requests: lists of those that differ in their values alone."""
        kinds = [self.filtered, self.filtered, self.ruled, self.nested, self.paged, self.grouped]
        kinds += [self.own, self.one, self.edited, self.searched]
        for _ in range(number // EACH):
            make = self.draws.choice(kinds)()
            yield [make() for _ in range(EACH)]

    # --- values ---------------------------------------------------------------------------------

    def condition(self, way: str = "") -> Callable[[], tuple[str, Any]]:
        """Draw a column and an operator; return what draws a value for them, as a client sends it."""
        field = self.draws.choice([one for one in FIELDS if one.name in NAMES])
        lookups, values = kind_of(field)
        lookup = self.draws.choice([one for one in lookups if _applies(field, one)])
        options = [one for one in map(_sent, values_of(lookup, values)) if one is not None]
        usual = [one for one in options if _fits(field, lookup, one)] or options
        operator = _OPERATORS.get(lookup, lookup)
        name = f"{way}{field.name}" + ("" if lookup == "exact" else f".{operator}")
        length = self.draws.choice([1, 2, 3])
        if lookup.endswith("in"):
            usual = [one for one in usual if len(one) == length] or usual
        return lambda: (name, self.draws.choice(usual if self.draws.random() < MOSTLY else options))

    def where(self, way: str = "") -> Callable[[], dict[str, Any]]:
        """Draw conditions; return what draws their values."""
        first, second = self.condition(way), self.condition(way)
        kind = self.draws.choice(["plain", "plain", "and", "or", "not", "not or"])
        if kind == "plain":
            return lambda: dict([first()])
        if kind == "and":
            return lambda: dict([first(), second()])
        if kind == "not or":
            return lambda: {"not": {"or": dict([first(), second()])}}
        return lambda: {kind: dict([first(), second()])}

    def rule(self) -> Callable[[], Q]:
        """Draw a row rule; return what draws its values: any of Python's."""
        field = self.draws.choice(FIELDS)
        lookups, values = kind_of(field)
        lookup = self.draws.choice(lookups)
        options = values_of(lookup, values)
        usual = [one for one in options if _is_taken(field, lookup, one)] or options
        way = self.draws.choice(["", "", "parent__", "children__"])
        name = f"{way}{field.name}__{lookup}"
        kind = self.draws.choice(["plain", "not", "or", "not or"])

        def made() -> Q:
            drawn = self.draws.choice(usual if self.draws.random() < MOSTLY else options)
            found = Q((name, drawn))
            if "or" in kind:
                found |= Q(whole=self.draws.choice([0, 1, 7]))
            return ~found if "not" in kind else found

        return made

    def listed(self) -> dict[str, Any]:
        """Draw the rest of a list: what is selected, how it is sorted."""
        shown = self.draws.sample(NAMES, 3)
        order = self.draws.choice(["", "-"]) + self.draws.choice(SORTED)
        more: dict[str, Any] = self.draws.choice(
            [{}, {}, {"limit": 3}, {"offset": 2}, {"count": True}]
        )
        return {"_action": "list", "fields": ["id", *shown], "order_by": order, **more}

    # --- kinds of requests ----------------------------------------------------------------------

    def filtered(self) -> Make:
        asked, where = self.listed(), self.where(self.draws.choice(["", "", "parent."]))
        return lambda: Asked({**asked, "filters": where()})

    def ruled(self) -> Make:
        asked, rule = self.listed(), self.rule()
        return lambda: Asked(asked, rule())

    def nested(self) -> Make:
        asked, inner = self.listed(), self.where()
        asked["fields"] = [*asked["fields"], "children.name"]
        if self.draws.random() < 0.5:
            return lambda: Asked({**asked, "filters": {"children.some": inner()}})
        more: dict[str, Any] = {"limit": 2, "order_by": self.draws.choice(SORTED)}
        more |= self.draws.choice(
            [{}, {"cursor": True}, {"cursor": True, "count": True}, {"distinct": "flag, tiny"}]
        )
        return lambda: Asked({**asked, "related": {"children": {"filters": inner(), **more}}})

    def paged(self) -> Make:
        asked, where = self.listed(), self.where()
        asked |= {"cursor": True, "limit": self.draws.choice([1, 2])}
        asked.pop("offset", None)
        return lambda: Asked({**asked, "filters": where()})

    def grouped(self) -> Make:
        summed = self.draws.choice(_SUMMED)
        asked = {"_action": "aggregate", "aggregate": f"n:count, s:{summed}.sum"}
        asked["group_by"] = self.draws.choice(["flag", "tiny", "name", "maybe"])
        where, above = self.where(), self.draws.choice(["n.gte", "n.lt", "s.gt", "s.lte"])
        least = [0, 1, 2, -1, 2**31, 2**63 - 1, -(2**63) + 1, 1.5, "1", None, True]
        return lambda: Asked(
            {**asked, "filters": where(), "having": {above: self.draws.choice(least)}}
        )

    def own(self) -> Make:
        asked = self.listed()
        keys = [0, 1, 7, -1, 2**31, 2**63 - 1, 2**63, 2**70]
        words = ["", "a", "%", "x" * 300, "\\", "ß"]
        return lambda: Asked(
            asked, user=User(pk=self.draws.choice(keys), username=self.draws.choice(words))
        )

    def one(self) -> Make:
        rule, shown = self.rule(), self.draws.sample(NAMES, 2)
        keys = [1, 2, 3, 0, -1, 2**31, 2**63 - 1, 2**63, 2**70, "1", "x", 1.0, True, None]
        if self.draws.random() < 0.5:
            return lambda: Asked(
                {"_action": "get", "id": self.draws.choice(keys), "fields": shown}, rule()
            )
        return lambda: Asked({"_action": "get", "id": self.draws.choice(keys), "fields": shown})

    def edited(self) -> Make:
        rule, keys = self.rule(), [1, 2, 3, 4, 2**31, 2**63 - 1]
        parents = [1, 2, None, 0, -1, 2**63 - 1, 2**70, "x"]
        return lambda: Asked(
            {
                "_action": "edit",
                "id": self.draws.choice(keys),
                "parent": self.draws.choice(parents),
            },
            rule(),
        )

    def searched(self) -> Make:
        words = ["", "a", "A", "%", "_", "\\", "a b", "'", "ß", "null", "x" * 100, "a%b\\_"]
        asked = self.listed()
        return lambda: Asked({**asked, "search": self.draws.choice(words)})


def _applies(field: Any, lookup: str) -> bool:
    """Whether the query language has a lookup for a field."""
    text = isinstance(field, models.CharField | models.TextField)
    if lookup == "lt" and isinstance(field, models.BooleanField):
        return False
    return lookup != "regex" and (text or not lookup.endswith(("contains", "with", "iexact")))


def _fits(field: Any, lookup: str, value: Any) -> bool:
    """Whether a client may send a value."""
    if lookup in _OPERATORS or lookup in {"year", "iso_year", "month", "hour", "date"}:
        return not isinstance(value, str) or len(value) > 1
    field = getattr(field, "target_field", field)
    column = describe(field.model).attributes[field.name]
    try:
        for one in value if isinstance(value, list) else [value]:
            coerce(one, column.kind, column)
    except UnfitValueError:
        return False
    return True


def _is_taken(field: Any, lookup: str, value: Any) -> bool:
    """Whether Django makes parameters of a value."""
    try:
        query = Sample.objects.filter(**{f"{field.name}__{lookup}": value}).query
        query.get_compiler("default").as_sql()
    except EmptyResultSet:
        return True
    except Exception:  # noqa: BLE001 - fields raise what they like
        return False
    return True


def _sent(value: Any) -> Any:
    """Return a value as JSON brings it, ``None`` if it cannot."""
    if isinstance(value, list | tuple):
        found = [None if one is None else _sent(one) for one in value]
        return (
            found
            if all(a is b is None or b is not None for a, b in zip(value, found, strict=True))
            else None
        )
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return str(value.total_seconds())
    if type(value) in _SENT or value is None:
        return value
    return str(value) if hasattr(value, "hex") or hasattr(value, "as_tuple") else None


# --- rows ---------------------------------------------------------------------------------------


def fill() -> None:
    """Store rows of edges: of each column each value that the database takes."""
    Tag.objects.bulk_create([Tag(slug="a"), Tag(slug="b")])
    Sample.objects.bulk_create(
        [Sample(id=number, whole=number, name="a") for number in (1, 2, 3, 4)]
    )
    for field in FIELDS:
        if field.name in {"id", "parent", "tag"}:
            continue
        for value in kind_of(field)[1][:9]:
            row = Sample(**{field.name: value}, parent_id=1, tag_id="a")
            try:
                with transaction.atomic():
                    row.save()
                    Sample.objects.values_list().get(pk=row.pk)
            except Exception:  # noqa: BLE001 - what cannot be stored or read back is left out
                connection.needs_rollback = False
                continue
