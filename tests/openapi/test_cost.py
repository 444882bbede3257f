"""What the first document of a role costs, in calls: a figure that no busy machine changes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django_flex.conf import Settings, get_settings
from django_flex.http.openapi import document_of_role
from django_flex.http.served import models_of_role
from django_flex.policy.compile.entries import compile_policy
from tests import counting

NAMES = ("booking", "customer", "line", "tag", "node", "invoice")
#: Python and C calls for each path that is described. Lower it after making documents faster.
CALLS = 785


def settings() -> Settings:
    """Return settings with grants of everything, of which nothing was described before."""
    grants = {name: {"anon": "*"} for name in NAMES}
    policy, problems = compile_policy(grants, max_relation_depth=1)
    assert [one for one in problems if one.id.startswith("E")] == []
    found = get_settings()
    return replace(found, policy=policy, limits=replace(found.limits, max_relation_depth=1))


def test_a_first_document_takes_no_more_calls() -> None:
    document_of_role("anon", settings())  # from now on all is known that belongs to no grant
    asked = settings()

    calls = counting.calls(partial(document_of_role, "anon", asked))

    models = models_of_role("anon", asked)
    each = calls / sum(len(one.description.reach.fields) for one in models)
    assert each <= CALLS, (
        f"{each:.0f} calls for each path, at most {CALLS} are allowed: find what is done for each of "
        "them that could be done once (cProfile)"
    )
