"""Which model actions a role may run, as written in ``EXPOSE``, and how far.

The ids stand in ``ops``; ``actions`` narrows them. A part that cannot be read would be a narrowing
that is lost, so the action that it is about is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_flex.permissions.grants import check_names, compile_rows, texts
from django_flex.permissions.policy import ALL_ROWS, ActionGrant
from django_flex.permissions.rates import compile_rates
from django_flex.query.terms import nearest
from django_flex.schema.action_names import action_names

if TYPE_CHECKING:
    from django_flex.permissions.grants import Notes
    from django_flex.permissions.policy import Grant
    from django_flex.permissions.rates import Rate
    from django_flex.schema.introspection import Resource

#: What each key below ``actions[id]`` of a grant says.
ACTION_KEYS = {
    "rows": "which rows it may be run on, beside the role's own `rows`",
    "input": "the inputs that may be sent; all of them without this key",
    "rate_limit": "requests per minute, or `'100/h'`",
}


def with_actions(grant: Grant, written: Any, resource: Resource, notes: Notes) -> Grant:
    """Return a grant that also says how its model actions may be run."""
    granted = [name for name in action_names(resource.model) if name in grant.operations]
    narrowed = written.get("actions") if isinstance(written, Mapping) else None
    notes = notes.at("actions")
    if narrowed is not None and not isinstance(narrowed, Mapping):
        notes.report("E009", "An object of actions is needed", "{'confirm': {'input': ['note']}}")
        return replace(grant, operations=grant.operations - set(granted))
    narrowed = narrowed or {}
    _report_strangers(narrowed, granted, notes)
    actions: dict[str, ActionGrant] = {}
    rates: dict[str, Rate] = {}
    for name in granted:
        found = _action(narrowed.get(name, {}), resource, notes.at(name))
        if found is None:
            continue
        actions[name] = found
        rate = compile_rates(
            narrowed.get(name, {}).get("rate_limit"), notes.at(name).at("rate_limit")
        )
        if rate.default is not None:
            rates[name] = rate.default
    by_operation = {**grant.rate_limit.by_operation, **rates}
    return replace(
        grant,
        operations=grant.operations - (set(granted) - set(actions)),
        actions=actions,
        rate_limit=replace(grant.rate_limit, by_operation=by_operation),
    )


def _report_strangers(narrowed: Mapping[Any, Any], granted: list[str], notes: Notes) -> None:
    for name in narrowed:
        if name not in granted:
            hint = nearest(str(name), granted) or "list it under 'ops'"
            notes.report("E021", f"'ops' does not list the action {name!r}", hint)


def _action(written: Any, resource: Resource, notes: Notes) -> ActionGrant | None:
    if not isinstance(written, Mapping):
        notes.report("E009", f"An object with {', '.join(ACTION_KEYS)} is needed")
        return None
    check_names(written, ACTION_KEYS, notes)
    if not set(written) <= set(ACTION_KEYS):
        return None
    rows = ALL_ROWS
    if "rows" in written:
        rows = compile_rows(written["rows"], resource, notes.at("rows"))
    names = None
    if "input" in written and written["input"] != "*":
        names = frozenset(texts(written["input"], notes.at("input")))
    return ActionGrant(rows, names)
