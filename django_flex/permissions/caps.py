"""Caps of one role, ``'limits': {'max_limit': 20, 'cost': 5_000}``, in place of the version's.

Caps that cannot be read let nothing through: left out, they would let everything through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import OperationDeniedError
from django_flex.query.ast import EVERYTHING
from django_flex.query.limits import Limits
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.permissions.grants import Notes
    from django_flex.permissions.policy import Entry, Grant
    from django_flex.permissions.roles import Standing
    from django_flex.query.ast import Query

#: What holds before anybody knows the role: it is of the whole version.
_OF_THE_VERSION = frozenset({"max_body_bytes", "max_json_depth", "max_batch"})
#: What a grant calls a cap, and what ``Limits`` calls it.
CAPS = {
    **{f.name: f.name for f in fields(Limits) if f.name not in _OF_THE_VERSION},
    "cost": "max_cost",
}


class BrokenCapsError(ValueError):
    """Caps that cannot be read. Internal: the grant that has them denies."""


def compile_caps(written: Any, notes: Notes) -> Mapping[str, Any]:
    """Compile the ``limits`` of a grant.

    Raises:
        BrokenCapsError: a part of them cannot be read; it was reported.
    """
    if written is None:
        return {}
    if not isinstance(written, Mapping) or not written:
        notes.report("E009", "An object of caps is needed", "{'max_limit': 20, 'cost': 5_000}")
        raise BrokenCapsError
    before = len(notes.problems)
    for key, value in written.items():
        if key not in CAPS:
            hint = nearest(str(key), CAPS) or f"one of {', '.join(CAPS)}"
            notes.report("E005", f"Unknown key {key!r}", hint)
        elif not _is_cap(CAPS[key], value):
            notes.at(key).report("E009", f"{value!r} is no cap", _needed(CAPS[key]))
    if len(notes.problems) > before:
        raise BrokenCapsError
    return {CAPS[key]: value for key, value in written.items()}


def _is_cap(name: str, value: Any) -> bool:
    types = int | float if name.endswith("_timeout") else int
    if not isinstance(value, types) or isinstance(value, bool):
        return False
    return bool(value >= 0 if name in {"max_offset", "max_relation_depth"} else value > 0)


def _needed(name: str) -> str:
    return "a number of seconds above 0" if name.endswith("_timeout") else "a whole number above 0"


def limits_of(limits: Limits, grant: Grant | None) -> Limits:
    """Return the caps that hold for a role: its own, and those of the version for the rest."""
    if grant is None or not grant.caps:
        return limits
    return replace(limits, **grant.caps)


def for_operator(standing: Standing) -> Standing:
    """Let the operator, at the command line, explain and export what the caller may list."""
    if standing.grant is None:
        return standing
    operations = standing.grant.operations | {"explain", "export"}
    return replace(standing, grant=replace(standing.grant, operations=operations))


def streamed(query: Query, entry: Entry, grant: Grant | None, limits: Limits) -> Query:
    """Return a query with the rows that may be streamed: a page, or with ``export`` any number.

    Raises:
        OperationDeniedError: more rows than ``MAX_LIMIT``, without the operation ``export``.
    """
    if grant is None or "export" in grant.operations or "list" not in grant.operations:
        return query
    if query.page.limit == EVERYTHING:
        return replace(query, page=replace(query.page, limit=limits.max_limit))
    if query.page.limit > limits.max_limit:
        raise OperationDeniedError("export", entry.name)
    return query
