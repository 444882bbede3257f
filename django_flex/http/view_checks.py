"""What is wrong with the grants of views, for the system checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from django_flex.http.view_policy import ViewGrants, compile_view, place_of
from django_flex.policy.compile.mistakes import report_operation
from django_flex.policy.compile.reporting import ProblemReporter, texts
from django_flex.policy.problems import Problem
from django_flex.query.operations import OPERATIONS
from django_flex.review import review_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.conf import Settings
    from django_flex.policy.model import Entry

#: Attributes of views whose names are long enough for a similar one to be a typo.
ATTRIBUTES = ("allowed_actions", "flex_permissions", "flex_version", "require_auth")
ALIKE = 0.85
GRANTS = "flex_permissions = {'authenticated': {'fields': […], 'ops': ['get', 'list']}}"


def view_problems(
    view: object,
    versions: Mapping[str | None, Settings],
    *,
    known_users: Callable[[Settings], bool],
) -> Iterator[Problem]:
    """Yield the mistakes in what a view declares; none for a view whose code decides.

    Args:
        view: what a URL pattern calls.
        versions: the settings of all API versions.
        known_users: whether the callers of a version are users of the project's model.
    """
    made_of: object = getattr(view, "view_class", None) or getattr(view, "cls", None)
    yield from _misspelt(made_of)
    try:
        grants = declared_grants(view)
    except ImproperlyConfigured as error:
        yield Problem("E028", str(error), place_of(made_of))
        return
    if grants is None:
        return
    settings = versions.get(grants.version)
    if settings is None:
        known = ", ".join(str(name) for name in versions if name is not None)
        hint = f"one of {known}" if known else "DJANGO_FLEX has no 'VERSIONS'"
        yield Problem("E028", f"There is no version {grants.version!r}", grants.place, hint)
        return
    yield from _problems(grants, settings, known_users=known_users(settings))


def declared_grants(view: object) -> ViewGrants | None:
    """Return the grants that a view declares, ``None`` for a view whose code decides or without any.

    Args:
        view: what a URL pattern calls.

    Raises:
        ImproperlyConfigured: it has no model.
    """
    made_of: object = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if made_of is None:
        found: ViewGrants | None = getattr(view, "flex_grants", None)
        return found
    declare = getattr(made_of, "declared_grants", None)
    kwargs: object = getattr(view, "view_initkwargs", None) or getattr(view, "initkwargs", None)
    declared: ViewGrants | None = declare(kwargs or {}) if declare is not None else None
    return declared


def _problems(grants: ViewGrants, settings: Settings, *, known_users: bool) -> Iterator[Problem]:
    if not grants.permissions:
        yield Problem("W015", "Without grants every request is denied", grants.place, GRANTS)
    policy, entry, problems = compile_view(settings, grants)
    yield from problems
    yield from _served(grants, entry, tuple(policy.actions.get(entry.resource.label, ())))
    required = grants.require_auth
    reviewed = review_entry(
        entry,
        policy,
        require_authentication=settings.require_authentication if required is None else required,
        limits=settings.limits,
        known_users=known_users,
    )
    of_settings = f"EXPOSE[{entry.name!r}]"
    for problem in reviewed:
        place = problem.place
        if place.startswith(of_settings):
            place = grants.place + place.removeprefix(of_settings)
        yield replace(problem, place=place)


def _served(grants: ViewGrants, entry: Entry, actions: tuple[str, ...]) -> Iterator[Problem]:
    """Yield names of operations that do not exist, and granted ones that the view does not serve."""
    if grants.actions is None or grants.common:
        return
    reporter = ProblemReporter(f"{grants.place}.allowed_actions")
    served = texts(list(grants.actions), reporter)
    for name in served:
        if name not in OPERATIONS and name not in actions:
            report_operation(name, actions, reporter)
    yield from reporter.problems
    known = {OPERATIONS.get(name, name) for name in served}
    for grant in entry.grants.values():
        written = texts(grant.written.get("ops"), ProblemReporter(grant.source))
        missing = [name for name in written if name in OPERATIONS and OPERATIONS[name] not in known]
        missing = [name for name in missing if name not in {"explain", "export", "scan"}]
        if missing:
            text = f"The view does not serve {', '.join(map(repr, missing))}"
            hint = f"allowed_actions = {[*served, *missing]}"
            yield Problem("W018", text, f"{grant.source}['ops']", hint)


def _misspelt(made_of: object) -> Iterator[Problem]:
    """Yield attributes of a class that look like one of ours, which then keeps its default."""
    if not isinstance(made_of, type):
        return
    ours = [one for one in made_of.__mro__ if one.__module__.startswith("django_flex.")]
    known = {name for one in ours for name in vars(one)}
    own = [one for one in made_of.__mro__ if one not in ours and one is not object]
    for name in dict.fromkeys(name for one in own for name in vars(one)):
        close = get_close_matches(name, [n for n in ATTRIBUTES if n in known], n=1, cutoff=ALIKE)
        if close and name not in known:
            text = f"'{name}' is not an attribute of {ours[0].__name__}"
            yield Problem("W026", text, place_of(made_of), f"did you mean '{close[0]}'?")
