"""Whether Django has what the optional parts of this package need; without it a part is off.

Nothing else depends on these parts: a query is then compiled each time, and joins as Django does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, TypeAlias

from django.db.models import Lookup
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.datastructures import BaseTable

Part: TypeAlias = Literal["statement cache", "deferred joins"]

NEEDED: Mapping[Part, tuple[tuple[type, str], ...]] = {
    "statement cache": (
        (Lookup, "can_use_none_as_rhs"),
        (Query, "build_lookup"),
        (Query, "chain"),
        (Query, "check_related_objects"),
        (Query, "clear_limits"),
        (SQLCompiler, "as_sql"),
        (SQLCompiler, "compile"),
        (SQLCompiler, "get_converters"),
    ),
    "deferred joins": (
        (BaseTable, "as_sql"),
        (Query, "base_table"),
        (Query, "get_initial_alias"),
        (Query, "is_sliced"),
    ),
}


@cache
def is_available(part: Part) -> bool:
    """Whether Django provides everything that a part needs."""
    return all(hasattr(kind, name) for kind, name in NEEDED[part])
