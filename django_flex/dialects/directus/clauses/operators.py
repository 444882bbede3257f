"""The filter operators of Directus, in one table, and what they are in the language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Form: TypeAlias = Literal["value", "list", "pair", "null", "empty", "geometry", "box"]


@dataclass(frozen=True, slots=True)
class WireOperator:
    """One operator: its ``name`` in the language, what it takes, whether it is a complement.

    Rows in which the value is NULL pass no complement, as in SQL.
    """

    name: str
    form: Form = "value"
    negates: bool = False


def _texts() -> Mapping[str, WireOperator]:
    found = {}
    for word, name in (
        ("contains", "contains"),
        ("starts_with", "startswith"),
        ("ends_with", "endswith"),
    ):
        for case in ("", "i"):
            found[f"_{case}{word}"] = WireOperator(f"{case}{name}")
            found[f"_n{case}{word}"] = WireOperator(f"{case}{name}", negates=True)
    return found


OPERATORS: Mapping[str, WireOperator] = {
    "_eq": WireOperator("exact"),
    "_neq": WireOperator("ne", negates=True),
    "_ieq": WireOperator("iexact"),
    "_nieq": WireOperator("iexact", negates=True),
    "_lt": WireOperator("lt"),
    "_lte": WireOperator("lte"),
    "_gt": WireOperator("gt"),
    "_gte": WireOperator("gte"),
    "_in": WireOperator("in", "list"),
    "_nin": WireOperator("nin", "list", negates=True),
    "_between": WireOperator("range", "pair"),
    "_nbetween": WireOperator("range", "pair", negates=True),
    "_null": WireOperator("exact", "null"),
    "_nnull": WireOperator("exact", "null", negates=True),
    "_empty": WireOperator("exact", "empty"),
    "_nempty": WireOperator("exact", "empty", negates=True),
    **_texts(),
    "_intersects": WireOperator("intersects", "geometry"),
    "_nintersects": WireOperator("intersects", "geometry", negates=True),
    "_intersects_bbox": WireOperator("bbox", "box"),
    "_nintersects_bbox": WireOperator("bbox", "box", negates=True),
    # Newer servers spell these in another order, too.
    "_nicontains": WireOperator("icontains", negates=True),
}
#: Complements that the language has as operators; the others are negated.
COMPLEMENTS = frozenset({"ne", "nin"})
#: Operators of Directus that have no meaning here.
UNSUPPORTED = frozenset({"_json", "_regex", "_submitted"})
QUANTIFIERS: Mapping[str, Literal["some", "none"]] = {"_some": "some", "_none": "none"}
