"""What became of the row that a key names: whether it is there, and which rule hides it.

Each rule is tried alone, through the stages of a get: nothing here says what a rule means.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django_flex.access.roles import resolve_grant
from django_flex.analysis.authorize import authorize
from django_flex.exceptions import NotFoundError, OperationDeniedError
from django_flex.matrix.rules import text_of
from django_flex.plan.planner import make_plan
from django_flex.policy.model import ALL_ROWS, Entry, Grant
from django_flex.policy.paths import PathSet
from django_flex.query.ast import FieldTerm, PageRequest, Query
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.introspection import model_of
from django_flex.why.values import RowAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.access.roles import ResolvedGrant
    from django_flex.engine import Call, ResolvedCall
    from django_flex.policy.model import RowRule


def rules_of(resolved: ResolvedCall, operation: str) -> tuple[str, ...]:
    """Return the rules that restrict the rows of an operation, each with its place."""
    return tuple(f"{rule.place}: {rule.text}" for rule in _rules(resolved, operation))


def row_of(resolved: ResolvedCall, operation: str, key: object) -> RowAnswer:
    """Return whether a row is there, and which rules hide it from an operation."""
    call, entry = resolved.call, resolved.entry
    if not _is_visible(call, replace(entry, queryset=None), ALL_ROWS, key):
        text = "there is no row with this key"
        if _is_stored(entry, key):
            text = "there is such a row, but the default manager of the model leaves it out"
        return RowAnswer(hidden=True, lines=(text,))
    lines, hidden = ["there is such a row"], False
    for rule in _rules(resolved, operation):
        shown = _is_visible(call, replace(entry, queryset=rule.queryset), rule.rows, key)
        verdict = _VERDICTS[shown]
        hidden |= not shown
        lines.append(f"{rule.place} {verdict}: {rule.text}")
    return RowAnswer(hidden=hidden, lines=tuple(lines))


_VERDICTS = {True: "lets it pass", False: "hides it", None: "fails, which denies"}


@dataclass(frozen=True, slots=True)
class _Rule:
    place: str
    text: str
    rows: RowRule
    queryset: Callable[[Any, Any], Any] | None = None


def _rules(resolved: ResolvedCall, operation: str) -> Iterator[_Rule]:
    entry, granted = resolved.entry, resolved.granted
    if entry.queryset is not None:
        place = f"EXPOSE[{entry.name!r}]['queryset']"
        yield _Rule(place, text_of(entry.queryset), ALL_ROWS, entry.queryset)
    grant = granted.grant
    if grant is None:
        return
    if granted.rows.kind != "all":
        yield _Rule(*_rows(grant, granted), granted.rows)
    part = {"bulk_edit": "edit", "bulk_delete": "delete"}.get(operation, operation)
    writing = grant.writing.get(part) if part in {"edit", "delete"} else None
    if writing is not None and writing.rows.kind != "all":
        own = grant.written.get(part)
        text = text_of(own["rows"]) if isinstance(own, dict) else ""
        yield _Rule(f"{grant.source}[{part!r}]['rows']", text, writing.rows)
    action = grant.actions.get(operation)
    if action is not None and action.rows.kind != "all":
        place = f"{grant.source}['actions'][{operation!r}]['rows']"
        own = grant.written["actions"][operation]
        yield _Rule(place, text_of(own["rows"]), action.rows)


def _rows(grant: Grant, granted: ResolvedGrant) -> tuple[str, str]:
    if grant.rows.kind == "absent":
        return "ROLE_RESOLVER", text_of(granted.rows.q)
    return f"{grant.source}['rows']", text_of(grant.written.get("rows"))


def _is_visible(call: Call, entry: Entry, rows: RowRule, key: object) -> bool | None:
    """Whether a get by a caller whose only restriction is one rule finds a row, ``None`` if it fails."""
    name = entry.resource.pk.name
    grant = Grant(
        role="",
        operations=frozenset({"get"}),
        fields=PathSet(frozenset({(name,)})),
        rows=rows,
    )
    entry = replace(entry, everyone=grant, closed=False, check_object=None)
    policy = replace(call.policy, entries={**call.policy.entries, entry.resource.label: entry})
    query = Query(
        resource=entry.name,
        operation="get",
        page=PageRequest(limit=1),
        pk=key,
        fields=(FieldTerm((name,)),),
    )
    limits = call.settings.limits
    granted = resolve_grant(policy, entry, call.actor)
    backend = call.settings.backends.of(entry.resource)
    try:
        authorized = authorize(query, policy, call.actor, entry, limits, granted)
        plan = make_plan(authorized, call.settings.backends.capabilities_for(entry.resource))
        return bool(backend.read(plan, limits, call.started).rows)
    except OperationDeniedError:
        return None
    except NotFoundError:
        return False


def _is_stored(entry: Entry, key: object) -> bool:
    model = model_of(entry.resource)
    if model is None:
        return False
    try:
        known = coerce_key(key, entry.resource.pk)
        return bool(model._base_manager.filter(pk=known).exists())
    except (TypeError, ValueError):  # no row of this model has such a key
        return False
