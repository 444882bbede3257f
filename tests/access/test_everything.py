"""Where a grant of everything answers for all operators of a path, each of them is granted."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.access.actor import Actor
from django_flex.access.everything import aggregates_by_all, filters_by_all, filters_by_all_of
from django_flex.access.reach import Access
from django_flex.access.roles import policy_of_role, resolve_grant
from django_flex.describe.reach import rests
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.limits import Limits
from django_flex.schema.aggregates import Measure, functions_of
from django_flex.schema.paths import ResolvedPath

ALL = {"fields": "*", "filters": "*", "aggregates": "*", "ops": ["list", "aggregate"]}
EXPOSE: dict[str, Any] = {
    "booking": {
        "everything": "*",
        "all": ALL,
        "filtering": {**ALL, "aggregates": ["count"], "exclude": ["internal_notes"]},
        "aggregating": {**ALL, "filters": ["status"]},
        "no operation": {**ALL, "ops": ["list"]},
        "some": {"fields": ["status"], "filters": ["*"], "ops": ["list"]},
    },
    "customer": {"all": {**ALL, "exclude": ["email"]}, "filtering": {"fields": ["name"]}},
    "line": {"all": ALL, "filtering": ALL, "aggregating": {"fields": "*", "ops": ["get"]}},
    "user": {"everything": "*", "all": ALL},
}
ROLES = [*EXPOSE["booking"]]


def reach(role: str, model: str = "booking") -> Access:
    """Return what a role may reach."""
    compiled, problems = compile_policy(EXPOSE, max_relation_depth=2)
    assert [one for one in problems if one.id.startswith("E")] == []
    policy, actor = policy_of_role(compiled, role), Actor()
    entry = policy.names[model]
    grant = resolve_grant(policy, entry, actor).grant
    assert grant is not None
    return Access(policy, actor, entry, grant, Limits())


def reaches(role: str) -> list[Access]:
    """Return the reach of a role from a booking, and from the lines inside it."""
    outer = reach(role)
    return [outer, outer.inside((outer.resource.relations["lines"],))]


def targets(access: Access) -> list[ResolvedPath]:
    """Return the columns of a model, and those behind its relations."""
    resource = access.resource
    found = [ResolvedPath((), one) for one in resource.attributes.values()]
    for hop in resource.relations.values():
        found += [ResolvedPath((hop,), one) for one in hop.target.attributes.values()]
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_operator_is_granted(role: str) -> None:
    for access in reaches(role):
        for target in targets(access):
            if filters_by_all(access, target):
                may = [access.may_filter(target, rest) for rest, _ in rests(target.value.kind)]
                assert all(may), target.canonical


@pytest.mark.parametrize("role", ROLES)
def test_every_function_is_granted(role: str) -> None:
    for access in reaches(role):
        for target in targets(access):
            if aggregates_by_all(access, target):
                measures = [Measure(one, target, of_rows=False) for one in functions_of(target)]
                assert all(map(access.may_aggregate, measures)), target.canonical


@pytest.mark.parametrize("role", ROLES)
def test_every_operator_of_an_aggregate_is_granted(role: str) -> None:
    access = reach(role)
    lines = access.resource.relations["lines"]
    for attribute in lines.target.attributes.values():
        target = ResolvedPath((lines,), attribute)
        for function in functions_of(target):
            measure = Measure(function, target, of_rows=False)
            if filters_by_all_of(access, measure):
                may = [access.may_filter_by(measure, one) for one, _ in rests(attribute.kind)]
                assert all(may), measure.canonical


@pytest.mark.parametrize(("role", "yes"), [("all", True), ("aggregating", False)])
def test_an_aggregate_is_filtered_by_all_where_filters_are(role: str, yes: bool) -> None:
    access = reach(role)
    rows = ResolvedPath((access.resource.relations["lines"],), access.resource.pk, via=True)

    assert yes == filters_by_all_of(access, Measure(FUNCTIONS["count"], rows, of_rows=True))


@pytest.mark.parametrize(
    ("role", "path", "filtered", "aggregated"),
    [
        ("everything", "status", True, True),
        ("all", "status", True, True),
        ("filtering", "status", True, False),
        ("filtering", "internal_notes", False, False),
        ("aggregating", "status", False, True),
        ("no operation", "status", True, False),
        ("some", "status", True, False),
        ("some", "price", False, False),
    ],
)
def test_a_grant_of_everything_answers_for_what_it_covers(
    role: str, path: str, filtered: bool, aggregated: bool
) -> None:
    access = reach(role)
    attribute = access.resource.attribute(path)
    assert attribute is not None
    target = ResolvedPath((), attribute)

    assert filtered == filters_by_all(access, target)
    assert aggregated == aggregates_by_all(access, target)


@pytest.mark.parametrize("role", ["everything", "all"])
def test_no_grant_of_everything_answers_for_a_hash(role: str) -> None:
    access = reach(role, "user")
    password = access.resource.attribute("password")
    assert password is not None
    target = ResolvedPath((), password)

    assert not filters_by_all(access, target)
    assert not aggregates_by_all(access, target)
