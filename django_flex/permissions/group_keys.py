"""What rows may be grouped by: own columns, to-one columns, JSON keys, parts of dates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models

from django_flex.exceptions import QueryError
from django_flex.permissions.authorized_aggregates import GroupKey
from django_flex.permissions.hints import field_denied
from django_flex.permissions.values import value_of
from django_flex.query.aggregates import PARTS, TRUNCATIONS
from django_flex.query.operators import TRANSFORMS
from django_flex.schema.aggregates import computed
from django_flex.schema.paths import Target, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.query.ast import FieldTerm, Path
    from django_flex.schema.introspection import Attribute, Resource

PLACE = "group_by"
_UNGROUPED = frozenset({"binary", "file"})


class JSONWordField(models.TextField):  # type: ignore[type-arg]  # no generic at runtime
    """A value inside a JSON column as the text that stands for it."""

    def from_db_value(self, value: Any, *_: Any) -> Any:
        """Return the value that the text stands for."""
        return value if value is None else json.loads(value)


_RESULTS: dict[str, tuple[str, type[models.Field[Any, Any]]]] = {
    "date": ("date", models.DateField),
    "time": ("time", models.TimeField),
    "year": ("integer", models.IntegerField),
    "part": ("integer", models.IntegerField),
}


def group_key(term: FieldTerm, access: Access, alias: str) -> GroupKey:
    """Authorize one value to group by.

    Args:
        term: what was asked.
        access: the caller's reach.
        alias: what the statement is to call it.

    Raises:
        FieldDeniedError: a path that is not readable, or does not exist.
        QueryError: a readable one that nothing can be grouped by.
    """
    text = ".".join(term.path)
    try:
        target, part = _resolve(access.resource, term.path)
    except UnknownPathError:
        raise field_denied(text, access, PLACE) from None
    if not access.readable(target):
        raise field_denied(text, access, PLACE)
    access.count_joins(target.hops, PLACE)
    if any(hop.cardinality == "many" for hop in target.hops):
        raise QueryError(f"'{text}' has no single value to group by", path=PLACE)
    result = _result(target, part, text)
    value = value_of(
        target.hops,
        target.attribute,
        access,
        access.resource,
        keys=target.keys,
        guards=access.guards(target.hops),
    )
    return GroupKey(alias, value, part, result)


def _resolve(resource: Resource, path: Path) -> tuple[Target, str | None]:
    """Tell a column from a part of one; a field, and a key in a JSON column, come first."""
    try:
        return resolve(resource, path), None
    except UnknownPathError:
        if len(path) == 1 or path[-1] not in PARTS:
            raise
        return resolve(resource, path[:-1]), path[-1]


def _result(target: Target, part: str | None, text: str) -> Attribute:
    kind = target.attribute.kind
    if part in TRUNCATIONS:
        if kind not in TRUNCATIONS[part].kinds:
            raise QueryError(f"'{part}' does not apply to this field", path=PLACE)
        return computed(text, kind, _moment(kind))
    if part is not None:
        if kind not in TRANSFORMS[part].kinds:
            raise QueryError(f"'{part}' does not apply to this field", path=PLACE)
        kind, field = _RESULTS[TRANSFORMS[part].result]
        return computed(text, kind, field())
    if target.keys:
        return computed(text, "json", JSONWordField())
    if kind == "json":
        raise QueryError(
            f"Nothing is grouped by a whole JSON value such as '{text}'",
            path=PLACE,
            hint=f"name a key in it: '{text}.key'",
        )
    if kind in _UNGROUPED:
        raise QueryError(f"Nothing can be grouped by '{text}'", path=PLACE)
    return target.attribute


def _moment(kind: str) -> models.Field[Any, Any]:
    return models.DateField() if kind == "date" else models.DateTimeField()
