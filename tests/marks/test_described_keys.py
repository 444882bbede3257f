"""What is described of generic foreign keys is what the gate lets through."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.access.actor import Actor
from django_flex.describe.json_schema import sent_schema
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.limits import Limits
from tests.describe.proving import Gate, differences, differences_of_writes
from tests.marks.conftest import ALL

FILM = {**ALL, "rows": {"secret": False}}
GRANTS: dict[str, dict[str, Any]] = {
    "everything": ALL,
    "named": {**ALL, "fields": ["*", "target"], "filters": ["*", "target.*"]},
    "narrow": {
        "fields": ["text", "target.film.title", "target.id"],
        "filters": ["target.type.in", "target.film.title", "target.id"],
        "order_by": ["target.id", "-target.film.title"],
        "ops": ["list", "add"],
        "write_fields": ["target"],
    },
    "unlinked": {**ALL, "fields": ["text", "content_type", "target.actor.*"]},
}


def gate(grant: dict[str, Any], **entries: Any) -> Gate:
    grants = {"mark": grant, "film": FILM, **entries}
    policy, problems = compile_policy({name: {"anon": one} for name, one in grants.items()})
    assert problems == ()
    return Gate(policy, Actor(None), policy.names["mark"], Limits(max_relation_depth=1))


@pytest.mark.exhaustive
@pytest.mark.one_in(2)
@pytest.mark.parametrize("grant", GRANTS.values(), ids=GRANTS)
def test_what_is_described_is_what_a_query_gets(db: None, grant: dict[str, Any]) -> None:
    asked = gate(grant, actor={"fields": ["name"], "ops": ["list"]})
    assert differences(asked) == []
    assert differences_of_writes(asked) == []


def test_a_form_is_told_the_types(db: None) -> None:
    described = gate({**ALL, "fields": ["text", "target"]}, actor={}).described()
    assert described is not None
    (sent,) = (one for one in described.writes["add"].inputs if one.name == "target")
    assert (True, False) == (sent.column.null, sent.required)
    schema = sent_schema(sent.column)
    assert ["object", "null"] == schema["type"]
    assert {"enum": ["marks.mark", "marks.film"]} == schema["properties"]["type"]
