"""Which model actions a role may run, as written in ``EXPOSE``, and how far.

The ids are listed in ``ops``; ``actions`` restricts them. Ignoring an invalid part would lift a
restriction, so the action that it is about is denied.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.policy.compile.grants import compile_rows
from django_flex.policy.compile.rates import compile_rates
from django_flex.policy.compile.reporting import check_names, texts
from django_flex.policy.model import ALL_ROWS, ActionGrant
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.policy.model import Grant
    from django_flex.policy.rates import Rate
    from django_flex.schema.resources import Resource

#: What each key below ``actions[id]`` of a grant says.
ACTION_KEYS = {
    "rows": "which rows it may run on, in addition to the `rows` of the role",
    "input": "the inputs that may be sent; the default is all",
    "rate_limit": "requests per minute, or `'100/h'`",
}


def with_actions(
    grant: Grant,
    written: object,
    resource: Resource,
    actions: Collection[str],
    reporter: ProblemReporter,
) -> Grant:
    """Return a grant that also says how its model actions may be run.

    Args:
        grant: whose operations list them.
        written: the role's part of the settings.
        resource: whose actions they are.
        actions: the ids of the model actions that the resource has.
        reporter: where problems are reported.
    """
    granted = [name for name in actions if name in grant.operations]
    narrowed = written.get("actions") if isinstance(written, Mapping) else None
    reporter = reporter.at("actions")
    if narrowed is not None and not isinstance(narrowed, Mapping):
        reporter.report(
            "E009", "A dictionary of actions is needed", "{'confirm': {'input': ['note']}}"
        )
        return replace(grant, operations=grant.operations - set(granted))
    narrowed = narrowed or {}
    if not granted and not narrowed:
        return grant
    _report_strangers(narrowed, granted, reporter)
    found: dict[str, ActionGrant] = {}
    rates: dict[str, Rate] = {}
    for name in granted:
        action = _action(narrowed.get(name, {}), resource, reporter.at(name))
        if action is None:
            continue
        found[name] = action
        rate = compile_rates(
            narrowed.get(name, {}).get("rate_limit"), reporter.at(name).at("rate_limit")
        )
        if rate.default is not None:
            rates[name] = rate.default
    by_operation = {**grant.rate_limit.by_operation, **rates}
    return replace(
        grant,
        operations=grant.operations - (set(granted) - set(found)),
        actions=found,
        rate_limit=replace(grant.rate_limit, by_operation=by_operation),
    )


def _report_strangers(
    narrowed: Mapping[object, object], granted: list[str], reporter: ProblemReporter
) -> None:
    for name in narrowed:
        if name not in granted:
            hint = nearest(str(name), granted) or "list it under 'ops'"
            reporter.report("E021", f"'ops' does not list the action {name!r}", hint)


def _action(written: object, resource: Resource, reporter: ProblemReporter) -> ActionGrant | None:
    if not isinstance(written, Mapping):
        reporter.report("E009", f"A dictionary with {', '.join(ACTION_KEYS)} is needed")
        return None
    check_names(written, ACTION_KEYS, reporter)
    if not set(written) <= set(ACTION_KEYS):
        return None
    rows = ALL_ROWS
    if "rows" in written:
        rows = compile_rows(written["rows"], resource, reporter.at("rows"))
    names = None
    if "input" in written and written["input"] != "*":
        names = frozenset(texts(written["input"], reporter.at("input")))
    return ActionGrant(rows, names)
