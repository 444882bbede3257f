"""The output of authorization: names checked, values typed, rules attached.

The planner and the backends accept nothing else, and only ``analysis`` can create it.
"""

from __future__ import annotations

from django_flex.resolved.aggregates import (
    AuthorizedAggregate,
    GroupKey,
    Total,
)
from django_flex.resolved.applied import (
    AppliedRule,
)
from django_flex.resolved.cascades import (
    ANY_CASCADE,
    NO_CASCADE,
    Cascade,
)
from django_flex.resolved.conditions import (
    AggregateSubquery,
    AllOf,
    AnyOf,
    Column,
    Complement,
    ComputedField,
    ComputedValue,
    Exists,
    GroupAlias,
    Predicate,
    RandomNumber,
    Rows,
    Search,
    SearchMode,
    TransformedValue,
    Value,
    VisibleHop,
    Where,
    key_of,
)
from django_flex.resolved.keyset import (
    TOO_LONG,
    Keyset,
    Position,
    TooLong,
)
from django_flex.resolved.orderings import (
    Ordering,
)
from django_flex.resolved.proof import (
    PROOF,
)
from django_flex.resolved.query import (
    AuthorizedQuery,
)
from django_flex.resolved.selection import (
    Group,
    Nested,
    Output,
    Selection,
)
from django_flex.resolved.writes import (
    Assignment,
    AuthorizedMutation,
    Fault,
    InputRows,
    LinkChanges,
    NestedWrites,
    NewRow,
    PointedRow,
    ProjectCode,
    RowWrite,
    WritePermissions,
    WriteRules,
)

__all__ = [
    "ANY_CASCADE",
    "NO_CASCADE",
    "PROOF",
    "TOO_LONG",
    "AggregateSubquery",
    "AllOf",
    "AnyOf",
    "AppliedRule",
    "Assignment",
    "AuthorizedAggregate",
    "AuthorizedMutation",
    "AuthorizedQuery",
    "Cascade",
    "Column",
    "Complement",
    "ComputedField",
    "ComputedValue",
    "Exists",
    "Fault",
    "Group",
    "GroupAlias",
    "GroupKey",
    "InputRows",
    "Keyset",
    "LinkChanges",
    "Nested",
    "NestedWrites",
    "NewRow",
    "Ordering",
    "Output",
    "PointedRow",
    "Position",
    "Predicate",
    "ProjectCode",
    "RandomNumber",
    "RowWrite",
    "Rows",
    "Search",
    "SearchMode",
    "Selection",
    "TooLong",
    "Total",
    "TransformedValue",
    "Value",
    "VisibleHop",
    "Where",
    "WritePermissions",
    "WriteRules",
    "key_of",
]
