"""What comes out of ``authorize`` is covered by the grant, as a naive reading of it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_flex.access.actor import Actor
from django_flex.analysis.authorize import authorize
from django_flex.dialects.flex.parser import parse_query
from django_flex.exceptions import AccessDeniedError, FlexError
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.limits import Limits
from django_flex.resolved import AuthorizedQuery, Nested, Output
from tests.random_search import some

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = ["id", "status", "price", "created_at", "customer", "address", "internal_notes"]
NESTED = ["customer.id", "customer.name", "customer.email", "customer.api_token", "address.city"]
DEEP = ["customer.company.name", "created_by.password", "team.members.email"]
WILD = ["*", "customer.*", "address.*", "created_by.*"]
OPERATORS = ["", ".gte", ".in", ".icontains", ".isnull"]

columns = st.sampled_from(OWN + NESTED + DEEP)
grants = st.fixed_dictionaries(
    {
        "fields": st.lists(st.one_of(columns, st.sampled_from(WILD)), max_size=6),
        "filters": st.lists(
            st.one_of(st.just("*"), st.builds("{}{}".format, columns, st.sampled_from(OPERATORS))),
            max_size=5,
        ),
        "order_by": st.lists(
            st.one_of(st.just("*"), st.builds("{}{}".format, st.sampled_from(["", "-"]), columns)),
            max_size=4,
        ),
        "ops": st.just(["list"]),
    },
    optional={"exclude": st.lists(columns, max_size=2)},
)
queries = st.fixed_dictionaries(
    {"fields": st.lists(st.one_of(columns, st.sampled_from(WILD)), min_size=1, max_size=4)},
    optional={
        "filters": st.dictionaries(
            st.builds("{}{}".format, columns, st.sampled_from(OPERATORS)),
            st.sampled_from([{"$user": "id"}, [], "x", 1, True]),
            min_size=1,
            max_size=2,
        ),
        "order_by": st.lists(
            st.builds("{}{}".format, st.sampled_from(["", "-"]), columns), min_size=1, max_size=2
        ),
    },
)
LIMITS = Limits()
# What ``*`` stands for on these models, which have no entries: own columns and those of to-one
# relations, guarded ones left out.
GUARDED = {"customer.api_token", "created_by.password"}
#: No grant opens the hash of a user's password.
NEVER = {"created_by.password"}


def attempt(grant: dict[str, Any], query: dict[str, Any]) -> AuthorizedQuery | FlexError:
    policy, _problems = compile_policy(
        {"booking": {"anon": grant}}, guarded_fields=("password", "token", "user.is_superuser")
    )
    try:
        parsed = parse_query(query, LIMITS, resource="booking")
        return authorize(parsed, policy, Actor(), policy.names["booking"], LIMITS)
    except FlexError as error:
        return error


def outputs(selection: Any, way: tuple[str, ...] = ()) -> Iterator[str]:
    for member in selection.members:
        if isinstance(member, Output):
            hops = [hop.name for hop in member.column.hops]
            yield ".".join((*way, *hops, member.column.attribute.name))
        elif isinstance(member, Nested):
            behind = (*way, *(hop.name for hop in member.hops), member.relation.name)
            yield from outputs(member.selection, behind)
        else:
            yield from outputs(member, way)


def readable(path: str, grant: dict[str, Any]) -> bool:
    """Read the grant as a person would: written out, or under a wildcard and not left out."""
    if path in NEVER:
        return False
    if path in grant["fields"]:
        return True
    is_left_out = path in GUARDED or any(
        path == left_out or path.startswith(f"{left_out}.") for left_out in grant.get("exclude", ())
    )
    if is_left_out or path.endswith((".password", ".is_superuser", ".api_token")):
        return False
    head = path.rpartition(".")[0]
    # A relation to many is behind no wildcard without an entry.
    return f"{head}.*" in grant["fields"] or ("*" in grant["fields"] and "members" not in path)


def is_closed(grant: dict[str, Any]) -> bool:
    """Whether the grant denies everything: lists tell keys, and it takes the key away (E031)."""
    return "id" in grant.get("exclude", ()) and "id" not in grant["fields"]


def filterable(key: str, grant: dict[str, Any]) -> bool:
    path = key
    for operator in filter(None, OPERATORS):
        path = path.removesuffix(operator)
    if path in NEVER:
        return False
    return key in grant["filters"] or ("*" in grant["filters"] and readable(path, grant))


def sortable(key: str, grant: dict[str, Any]) -> bool:
    granted = grant["order_by"]
    if key.removeprefix("-") in NEVER:
        return False
    return key in granted or ("*" in granted and readable(key.removeprefix("-"), grant))


@pytest.mark.exhaustive
@settings(max_examples=some(1_000))
@given(grants, queries)
def test_a_reply_has_only_what_the_grant_covers(
    grant: dict[str, Any], query: dict[str, Any]
) -> None:
    found = attempt(grant, query)
    if isinstance(found, FlexError):
        return
    # "customer, customer.name" carries the key that "customer" alone grants.
    granted_keys = {"customer.id", "address.id", "created_by.id", "customer.company.id"}
    for path in outputs(found.selection):
        own_key = path.rpartition(".")[0]
        assert readable(path, grant) or (path in granted_keys and readable(own_key, grant)), path
    assert all(filterable(key, grant) for key in query.get("filters", {}))
    assert all(sortable(key, grant) for key in query.get("order_by", ()))


@pytest.mark.exhaustive
@settings(max_examples=some(1_000))
@given(grants, queries)
def test_what_is_denied_is_not_covered(grant: dict[str, Any], query: dict[str, Any]) -> None:
    found = attempt(grant, query)
    if not isinstance(found, AccessDeniedError):
        return
    asked = [readable(path, grant) for path in query["fields"] if not path.endswith("*")]
    asked += [filterable(key, grant) for key in query.get("filters", {})]
    asked += [sortable(key, grant) for key in query.get("order_by", ())]
    wildcards = any(path.endswith("*") for path in query["fields"])
    assert is_closed(grant) or wildcards or not all(asked)


@pytest.mark.exhaustive
@given(grants, queries)
def test_a_grant_that_takes_the_key_away_lists_nothing(
    grant: dict[str, Any], query: dict[str, Any]
) -> None:
    fields = [path for path in grant["fields"] if path != "id"]
    closed = {**grant, "fields": fields, "exclude": ["id", *grant.get("exclude", ())]}
    assert is_closed(closed)
    assert isinstance(attempt(closed, query), AccessDeniedError)


@pytest.mark.exhaustive
@settings(max_examples=some(1_000))
@given(grants, queries, st.data())
def test_a_smaller_grant_never_permits_more(
    grant: dict[str, Any], query: dict[str, Any], data: st.DataObject
) -> None:
    part = data.draw(st.sampled_from(["fields", "filters", "order_by"]))
    smaller = {
        **grant,
        part: data.draw(st.lists(st.sampled_from(grant[part])) if grant[part] else st.just([])),
    }
    allowed, wanted = attempt(smaller, query), attempt(grant, query)
    if isinstance(allowed, AuthorizedQuery):
        assert isinstance(wanted, AuthorizedQuery)
        assert set(outputs(allowed.selection)) <= set(outputs(wanted.selection))
