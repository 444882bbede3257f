"""Rules as code: each is called once, and the condition that it returns is checked."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

from django.core.exceptions import FieldError
from django.db.models import Manager, Q, QuerySet

from django_flex.policy.compile.mistakes import ALIKE
from django_flex.policy.problems import Problem
from django_flex.query.terms import nearest
from django_flex.review.choices import choice_problems
from django_flex.review.trying import Trial, trial_users, try_rule
from django_flex.schema.introspection import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.policy.model import Entry, Policy, RoleResolver, RowRule
    from django_flex.review.reviewed import ReviewedGrant

_KEYWORDS = "Choices are: "


def review_rules(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Yield what is wrong with the rules of a grant that are a ``Q``, or give one."""
    model = model_of(reviewed.entry.resource)
    for place, rule in reviewed.rules():
        if rule.kind == "q":
            yield from _conditions(rule.q, model, place)
        elif rule.kind == "call":
            yield from _called(rule, reviewed, place)


def review_queryset(entry: Entry, policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with the ``queryset`` of an entry."""
    model = model_of(entry.resource)
    if entry.queryset is None or model is None:
        return
    place = f"EXPOSE[{entry.name!r}]['queryset']"
    for user in trial_users("anon", resolved=policy.resolver is not None).values():
        trial = try_rule(entry.queryset, user)
        if trial.unknown or trial.error is not None or trial.value is None:
            continue
        fault = _queryset_fault(trial.value, model)
        if fault is not None:
            yield Problem("E023", f"It returns {fault[0]}", place, fault[1])
            return


def _queryset_fault(value: object, model: type[models.Model]) -> tuple[str, str] | None:
    if isinstance(value, Manager):
        return "a manager", "call its .all()"
    if not isinstance(value, QuerySet):
        return f"{_named(value)}", f"a queryset of {model._meta.label}"
    if value.model is not model:
        return f"rows of {value.model._meta.label}", f"a queryset of {model._meta.label}"
    if value.query.is_sliced:
        return "a slice", "leave the limit to the query"
    return None


def review_resolver(policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with the answers of ``ROLE_RESOLVER``."""
    resolver = policy.resolver
    if resolver is None or str(getattr(resolver, "__module__", "")).startswith("django_flex."):
        return  # a stand-in for one that could not be read, which was reported
    known = {role for entry in policy.entries.values() for role in entry.grants}
    for name in [entry.name for entry in policy.entries.values() if not entry.closed]:
        for who, user in trial_users("anon", resolved=True).items():
            trial = try_rule(partial(_ask, resolver, name), user)
            fault = _answer_fault(trial, known, f"For {who} and '{name}'")
            if fault is not None:
                yield fault
                return


def _ask(resolver: RoleResolver, name: str, user: object, _request: object) -> object:
    return resolver(user, name)


def _answer_fault(trial: Trial, known: set[str], when: str) -> Problem | None:
    if trial.error is not None:
        text = f"{when} it raises {type(trial.error).__name__}: {trial.error}".rstrip(".: ")
        return Problem("W020", text, "ROLE_RESOLVER", "a resolver that raises denies")
    answer = trial.value
    if isinstance(answer, tuple) and len(answer) == 2:  # noqa: PLR2004 - (role, Q), as documented
        answer, rows = answer
        if not isinstance(rows, Q):
            text = f"{when} it returns rows that are {_named(rows)}"
            return Problem("E023", text, "ROLE_RESOLVER", "(role, Q)")
    names = [answer] if isinstance(answer, str) else answer or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        hint = "a role, (role, Q), a list of roles, or None"
        return Problem("E023", f"{when} it returns {_named(answer)}", "ROLE_RESOLVER", hint)
    # A resolver may deny on purpose, with a name that no entry has.
    close = [] if not known.isdisjoint(names) else _alike(names, known)
    if not close:
        return None
    text = f"{when} it returns '{names[0]}', a role that no entry has"
    return Problem("W014", text, "ROLE_RESOLVER", f"did you mean '{close[0]}'?")


def _alike(names: list[str], known: set[str]) -> list[str]:
    return [role for name in names for role in get_close_matches(name, known, n=1, cutoff=ALIKE)]


def _called(rule: RowRule, reviewed: ReviewedGrant, place: str) -> Iterator[Problem]:
    assert rule.call is not None  # noqa: S101 - what the kind of the rule says
    resolved = reviewed.policy.resolver is not None
    users = trial_users(reviewed.grant.role, resolved=resolved)
    trials = {who: try_rule(rule.call, user) for who, user in users.items()}
    found: list[Problem] = []
    for who, trial in trials.items():
        found += _outcome(who, trial, model_of(reviewed.entry.resource), place)
    yield from dict.fromkeys(found)
    yield from _nobody(trials, place)


def _outcome(
    who: str, trial: Trial, model: type[models.Model] | None, place: str
) -> Iterator[Problem]:
    if trial.error is not None:
        text = f"For {who} it raises {type(trial.error).__name__}: {trial.error}".rstrip(".: ")
        yield Problem("W020", text, place, "a rule that raises denies")
    elif isinstance(trial.value, Q):
        yield from _conditions(trial.value, model, place, who)
    elif not trial.unknown and trial.value is not None:
        hint = "Q(pk__in=…)" if isinstance(trial.value, QuerySet) else "a Q"
        yield Problem("E023", f"It returns {_named(trial.value)}, which denies", place, hint)


def _conditions(
    condition: Q, model: type[models.Model] | None, place: str, who: str | None = None
) -> Iterator[Problem]:
    """Yield what is wrong with a condition: names that do not exist, values that do not fit."""
    if model is None:
        text = "A Q is a condition on rows of a Django model"
        yield Problem("E024", text, place, "{'owner': {'$user': 'id'}}")
        return
    try:
        model._base_manager.filter(condition)
    except FieldError as error:
        text, _, choices = str(error).partition(_KEYWORDS)
        hint = nearest(text.split("'")[1], choices.split(", ")) if choices else None
        yield Problem("E024", text.rstrip(". "), place, hint)
    except Exception as error:  # noqa: BLE001 - Django raises whatever the value's own code does
        for_whom = f" for {who}" if who else ""
        text = f"The condition does not fit{for_whom}: {error}".rstrip(".")
        yield Problem("W020" if who else "E024", text, place, "a rule that fails denies")
    else:
        yield from choice_problems(condition, model, place)


def _nobody(trials: dict[str, Trial], place: str) -> Iterator[Problem]:
    """An anonymous caller's ``None`` in a condition means ``IS NULL``, not that nothing matches."""
    somebody, nobody = (_leaves(trial.value) for trial in _both(trials))
    for (lookup, value), (same, other) in zip(somebody, nobody, strict=False):
        if lookup == same and other is None and value is not None:
            text = f"For an anonymous caller '{lookup}' is compared with None: this means IS NULL"
            hint = "return None for them, which denies"
            yield Problem("W021", text, place, hint)


def _both(trials: dict[str, Trial]) -> tuple[Trial, Trial]:
    return (trials.get("a user", Trial()), trials.get("an anonymous caller", Trial()))


def _leaves(condition: object) -> list[tuple[str, object]]:
    if not isinstance(condition, Q):
        return []
    found: list[tuple[str, object]] = []
    for child in condition.children:
        if isinstance(child, tuple):
            found.append(child)
        else:
            found += _leaves(child)
    return found


def _named(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
