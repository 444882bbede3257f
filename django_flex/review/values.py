"""Values in rules and presets: those of the caller, which users must have, and choices."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist

from django_flex.binding.conditions import TAIL
from django_flex.policy.compile.mistakes import ALIKE
from django_flex.policy.guarding import RIGHTS, SECRETS, USER_FIELD, Guard, compile_guard
from django_flex.policy.problems import Problem
from django_flex.policy.rule_terms import rule_terms
from django_flex.query.ast import Constant, FieldValue, Now, UserValue
from django_flex.query.terms import nearest
from django_flex.review.choices import unknown_choices
from django_flex.review.user_paths import user_fault
from django_flex.schema.paths import UnknownPathError, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.policy.model import Policy, Preset
    from django_flex.query.ast import Comparison, Path
    from django_flex.review.reviewed import ReviewedGrant
    from django_flex.schema.resources import Resource

#: Operators that compare with values as they are.
EQUAL = frozenset({"exact", "ne", "in", "nin"})
#: How the values of requests begin, which are objects and no texts.
DYNAMIC = ("$user", "$now", "$field")


def review_values(reviewed: ReviewedGrant, *, known_users: bool) -> Iterator[Problem]:
    """Yield the values in rules and presets that do not exist, or that do not fit.

    Args:
        reviewed: the grant.
        known_users: whether every caller is a user of the project's model; else one may have what
            that model lacks.
    """
    identifier = "E025" if known_users else "W023"
    for place, rule in reviewed.rules():
        if rule.condition is not None:
            for path, comparison in rule_terms(rule.condition):
                yield from _compared(path, comparison, reviewed.entry.resource, place, identifier)
    for place, preset in reviewed.presets():
        yield from _preset(preset, place, identifier)


def _compared(
    path: Path, comparison: Comparison, resource: Resource, place: str, identifier: str
) -> Iterator[Problem]:
    try:
        target = resolve(resource, path, tail=TAIL, items=True)
    except UnknownPathError:
        return  # an aggregate of related rows
    value, rest = comparison.value, target.rest
    plain = not target.keys and (not rest or (len(rest) == 1 and rest[0] in EQUAL))
    if isinstance(value, UserValue):
        fault = user_fault(value.path, target.attribute if plain else None)
        if fault is not None:
            yield Problem(identifier, fault.text, place, fault.hint)
    elif isinstance(value, str) and value.startswith(DYNAMIC):
        text = f"'{value}' is a string here, not a value of the request"
        name, _, inner = value.partition(".")
        yield Problem("E012", text, place, f'{{"{name}": "{inner or "id"}"}}')
    elif plain:
        values = _constants(value, listed=rest[-1:] in _LISTS)
        yield from unknown_choices(target.attribute, values, place)


_LISTS = {("in",), ("nin",)}


def _constants(value: object, *, listed: bool) -> Iterable[object]:
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, list | tuple):
        return value
    if listed and isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return () if isinstance(value, FieldValue | Now) else (value,)


def _preset(preset: Preset, place: str, identifier: str) -> Iterator[Problem]:
    value, attribute = preset.value, preset.attribute
    if isinstance(value, UserValue):
        fault = user_fault(value.path, attribute)
        if fault is not None:
            yield Problem(identifier, fault.text, place, fault.hint)
    else:
        yield from unknown_choices(attribute, _constants(value, listed=False), place)


def review_user_values(policy: Policy, *, known_users: bool) -> Iterator[Problem]:
    """Yield the names that clients may use, and users do not have."""
    for name in sorted(policy.user_values):
        fault = user_fault(tuple(name.split(".")))
        if fault is not None:
            yield Problem("E025" if known_users else "W023", fault.text, "USER_VALUES", fault.hint)


def review_guard(policy: Policy) -> Iterator[Problem]:
    """Yield the guarded names that mean no field of the user model."""
    for name in sorted(policy.guard.user_names - {*RIGHTS}):
        model = get_user_model()
        try:
            model._meta.get_field(name)
        except FieldDoesNotExist:
            text = f"'{USER_FIELD}{name}' guards nothing: {model._meta.label} has no such field"
            names = [field.name for field in model._meta.get_fields()]
            yield Problem("E026", text, "GUARDED_FIELDS", nearest(name, names))
    yield from _misspelt_secrets(policy.guard)


def _misspelt_secrets(guard: Guard) -> Iterator[Problem]:
    """Guarded names that look like a misspelt name of the default list."""
    usual = compile_guard(SECRETS)
    for words in guard.names:
        name = "_".join(words)
        close = get_close_matches(name, SECRETS, n=1, cutoff=ALIKE)
        if close and usual.find(name) is None:
            text = f"'{name}' matches none of the usual names of secrets"
            yield Problem("E026", text, "GUARDED_FIELDS", f"did you mean '{close[0]}'?")
