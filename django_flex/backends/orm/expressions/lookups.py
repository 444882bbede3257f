"""Every comparison and transform of the filter language, as a Django lookup.

The tables are checked against those of the language on import, so a name that is missing here fails
then, and not in a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from django_flex.backends.orm.django_internals.text_lookups import PREFIX
from django_flex.query.kinds import check_total
from django_flex.query.operators import COMPARISONS, OPERATORS, TRANSFORMS

#: How JSON values are compared: as text; numbers with numbers and texts with texts, by order or for
#: being equal; ``null`` and absent alike; or as Django's lookup does.
JsonComparison: TypeAlias = Literal["text", "order", "equality", "null", "lookup"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison: the ``lookup`` of Django's, and how ``json`` values are compared, if they are."""

    lookup: str
    json: JsonComparison | None = None


LOOKUPS: Mapping[str, Comparison] = {
    "exact": Comparison("exact", "equality"),
    "iexact": Comparison(f"{PREFIX}iexact", "text"),
    "lt": Comparison("lt", "order"),
    "lte": Comparison("lte", "order"),
    "gt": Comparison("gt", "order"),
    "gte": Comparison("gte", "order"),
    "in": Comparison("in", "equality"),
    "range": Comparison("range", "order"),
    "isnull": Comparison("isnull", "null"),
    "contains": Comparison("contains", "text"),
    "icontains": Comparison(f"{PREFIX}icontains", "text"),
    "startswith": Comparison("startswith", "text"),
    "istartswith": Comparison(f"{PREFIX}istartswith", "text"),
    "endswith": Comparison("endswith", "text"),
    "iendswith": Comparison(f"{PREFIX}iendswith", "text"),
    "regex": Comparison("regex", "text"),
    "iregex": Comparison("iregex", "text"),
    "has_key": Comparison("has_key", "lookup"),
    "has_keys": Comparison("has_keys", "lookup"),
    "has_any_keys": Comparison("has_any_keys", "lookup"),
    "contained_by": Comparison("contained_by", "lookup"),
    "overlap": Comparison("overlap"),
    "adjacent": Comparison("adjacent_to"),
    "within": Comparison("within"),
    "intersects": Comparison("intersects"),
    "bbox": Comparison("intersects"),
    "distance_lte": Comparison("dwithin"),
}
#: ``None`` for a function that Django has no lookup for.
TRANSFORM_LOOKUPS: Mapping[str, str | None] = {
    "date": "date",
    "time": "time",
    "year": "year",
    "iso_year": "iso_year",
    "quarter": "quarter",
    "month": "month",
    "week": "week",
    "day": "day",
    "week_day": "week_day",
    "iso_week_day": "iso_week_day",
    "hour": "hour",
    "minute": "minute",
    "second": "second",
    "len": None,
}
check_total("lookups", LOOKUPS, COMPARISONS, "comparisons")
check_total(
    "JSON comparisons",
    {name for name, comparison in LOOKUPS.items() if comparison.json},
    {one.comparison for one in OPERATORS.values() if "json" in one.kinds},
    "comparisons of JSON",
)
check_total("lookups", TRANSFORM_LOOKUPS, TRANSFORMS, "transforms")


def lookup_path(name: str, transforms: tuple[str, ...], comparison: str) -> str:
    """Return the path of a lookup as Django's ``filter`` takes it, without what is a function."""
    found = [lookup for one in transforms if (lookup := TRANSFORM_LOOKUPS[one]) is not None]
    return "__".join((name, *found, LOOKUPS[comparison].lookup))
