"""Rows of what the user belongs to."""

from __future__ import annotations

from dataclasses import replace

from django_flex.scaffold.ownership import Way, ways_to_tenants
from django_flex.schema.declare import declare
from django_flex.schema.registry import Schema
from django_flex.schema.resources import Attribute, Relation, Resource

KEY = Attribute(name="id", lookup="id", kind="integer", primary_key=True)


def column(name: str) -> Attribute:
    return Attribute(name=name, lookup=f"{name}_id", kind="integer", reference=True)


def to_one(name: str, label: str, *, reverse: bool = False) -> Relation:
    return Relation(
        name=name,
        lookup=name,
        cardinality="one",
        label=label,
        column=None if reverse else f"{name}_id",
        null=True,
        near="id",
        far="id",
        names=(name,),
        reverse=reverse,
    )


def schema_of(*users: Relation, profile: tuple[Relation, ...] = ()) -> Schema:
    """Return users, their profiles, organizations, and notes of projects of organizations."""
    made = [
        declare("a.organization", [KEY]),
        declare("a.user", [KEY, *(column(one.name) for one in users if one.column)], users),
        declare("a.profile", [KEY, *(column(one.name) for one in profile)], profile),
        declare("a.project", [KEY, column("org")], [to_one("org", "a.organization")]),
        declare("a.note", [KEY, column("project")], [to_one("project", "a.project")]),
    ]
    return Schema({one.label: one for one in made})


def ways(schema: Schema, label: str, depth: int = 2) -> list[Way]:
    users: Resource = schema.find("a.user")
    return ways_to_tenants(schema.find(label), users, depth)


def test_rows_of_the_organization_of_the_user() -> None:
    schema = schema_of(to_one("company", "a.organization"))

    assert [Way(("org",), "company_id")] == ways(schema, "a.project")
    assert [Way(("project", "org"), "company_id")] == ways(schema, "a.note")
    assert [Way(("id",), "company_id")] == ways(schema, "a.organization")
    assert [] == ways(schema, "a.note", depth=1)


def test_rows_of_the_organization_of_the_profile_of_the_user() -> None:
    profile = (to_one("user", "a.user"), to_one("firm", "a.organization"))
    schema = schema_of(to_one("profile", "a.profile", reverse=True), profile=profile)

    assert [Way(("org",), "profile.firm_id")] == ways(schema, "a.project")
    rule = {"project.org": {"$user": "profile.firm_id"}}
    assert [rule] == [way.rule for way in ways(schema, "a.note")]


def test_an_attribute_of_the_user_comes_before_one_of_the_profile() -> None:
    profile = (to_one("firm", "a.organization"),)
    relations = (
        to_one("profile", "a.profile", reverse=True),
        to_one("company", "a.organization"),
        replace(to_one("former", "a.organization"), names=("former",)),
    )
    assert [Way(("org",), "company_id")] == ways(
        schema_of(*relations, profile=profile), "a.project"
    )


def test_without_a_tenant_there_is_no_way() -> None:
    assert [] == ways(schema_of(), "a.note")
