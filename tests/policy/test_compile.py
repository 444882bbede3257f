"""``EXPOSE`` into a policy: what is written becomes a grant, what is broken denies."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q

from django_flex.policy.compile.entries import compile_policy
from django_flex.policy.compile.grants import with_request
from django_flex.policy.model import Grant
from django_flex.policy.paths import FilterSet, PathSet
from django_flex.schema.introspection import describe
from tests.testapp.models import Booking


def compile_one(grant: Any, *, model: str = "booking") -> tuple[Grant, list[str]]:
    """Return the grant of a role, and the ids of the problems found."""
    policy, problems = compile_policy({model: {"staff": grant}})
    (entry,) = policy.entries.values()
    return entry.grants["staff"], [problem.id for problem in problems]


@pytest.mark.parametrize("written", [{}, [], "", None, 0, False, ()])
def test_empty_grant_denies(written: Any) -> None:
    grant, problems = compile_one(written)
    assert grant.empty
    assert not grant.operations
    assert grant.rows.kind == "none"
    assert problems == []


@pytest.mark.parametrize("key", ["fields", "filters", "order_by", "ops"])
@pytest.mark.parametrize("empty", [[], "", None, {}, False])
def test_empty_part_of_a_grant_grants_nothing(key: str, empty: Any) -> None:
    grant, problems = compile_one({"fields": ["id"], "ops": ["list"], key: empty})
    part = {
        "fields": grant.fields,
        "filters": grant.filters.exact or grant.filters.everything,
        "order_by": grant.order_by.exact or grant.order_by.everything,
        "ops": grant.operations,
    }[key]
    assert not part
    assert problems == []


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        pytest.param("*", "all", id="star"),
        pytest.param(lambda user: Q(), "call", id="callable"),
        pytest.param(Q(status="x"), "q", id="q"),
        pytest.param({"status": "x"}, "data", id="data"),
        pytest.param(Q(), "none", id="empty-q"),
        pytest.param({}, "none", id="empty-data"),
        pytest.param(None, "none", id="none"),
        pytest.param("", "none", id="empty-text"),
        pytest.param(False, "none", id="false"),
    ],
)
def test_rows_are_of_a_kind(rows: Any, kind: str) -> None:
    grant, problems = compile_one({"rows": rows, "ops": ["list"]})
    assert grant.rows.kind == kind
    assert problems == []


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param("all", id="text"),
        pytest.param(5, id="number"),
        pytest.param(True, id="true"),
        pytest.param({"nothing": 1}, id="unknown-path"),
        pytest.param({"status.sounds_like": 1}, id="unknown-operator"),
        pytest.param({"seats": "many"}, id="value-that-does-not-fit"),
        pytest.param({"or": []}, id="empty-or"),
        pytest.param({"status.regex": "(a+)+$"}, id="exponential-pattern"),
        pytest.param({"status": {"$field": "nothing"}}, id="unknown-field-value"),
    ],
)
def test_broken_rows_are_reported_and_deny(rows: Any) -> None:
    grant, problems = compile_one({"rows": rows, "ops": ["list"]})
    assert grant.rows.kind == "none"
    assert set(problems) <= {"E009", "E012"}
    assert problems != []


def test_no_rows_key_leaves_it_to_the_resolver() -> None:
    assert compile_one({"ops": ["list"]})[0].rows.kind == "absent"


@pytest.mark.parametrize(
    ("fields", "exact", "wildcards"),
    [
        pytest.param("id, status", {("id",), ("status",)}, set(), id="comma-list"),
        pytest.param(["pk", "customer_id"], {("id",), ("customer",)}, set(), id="other-spellings"),
        pytest.param(["*"], set(), {()}, id="star"),
        pytest.param(["customer.*"], set(), {("customer",)}, id="relation-star"),
        pytest.param(["customer.metadata.*"], set(), {("customer", "metadata")}, id="json-star"),
        pytest.param(
            ["customer.metadata.a.*"], set(), {("customer", "metadata", "a")}, id="json-key-star"
        ),
        pytest.param(["lines"], {("lines", "id")}, set(), id="to-many"),
    ],
)
def test_fields_become_canonical_paths(fields: Any, exact: Any, wildcards: Any) -> None:
    grant, problems = compile_one({"fields": fields, "ops": ["list"]})
    assert grant.fields == PathSet(frozenset(exact), frozenset(wildcards))
    assert problems == []


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        pytest.param({"fields": ["nothing"]}, "E006", id="field"),
        pytest.param({"fields": ["status.*"]}, "E006", id="star-behind-a-column"),
        pytest.param({"fields": ["nothing.*"]}, "E006", id="star-behind-nothing"),
        pytest.param({"fields": ["save"]}, "E006", id="method"),
        pytest.param({"fields": ["customer__name"]}, "E006", id="double-underscores"),
        pytest.param({"fields": [5]}, "E009", id="number-in-a-list"),
        pytest.param({"fields": {"id": True}}, "E009", id="object"),
        pytest.param({"filters": ["nothing"]}, "E006", id="filter"),
        pytest.param({"filters": ["nothing.gte"]}, "E006", id="filter-with-operator"),
        pytest.param({"filters": ["status.year"]}, "E007", id="transform-of-another-kind"),
        pytest.param({"filters": ["seats.icontains"]}, "E007", id="operator-of-another-kind"),
        pytest.param({"filters": ["status.sounds"]}, "E007", id="no-operator"),
        pytest.param({"filters": ["created_at.gte.year"]}, "E007", id="operator-before-transform"),
        pytest.param({"order_by": ["nothing"]}, "E006", id="order"),
        pytest.param({"order_by": ["--status"]}, "E006", id="order-twice-descending"),
        pytest.param({"exclude": ["nothing"]}, "E006", id="exclusion"),
        pytest.param({"ops": ["read"]}, "E008", id="operation"),
        pytest.param({"opps": ["list"]}, "E005", id="key"),
    ],
)
def test_broken_part_is_reported_and_grants_nothing(part: dict[str, Any], problem: str) -> None:
    grant, problems = compile_one(part)
    assert problems == [problem]
    assert not grant.fields
    assert grant.filters == FilterSet()
    assert not grant.order_by.exact
    assert not grant.operations


@pytest.mark.parametrize(
    "written",
    [
        pytest.param({1: "*"}, id="role-as-number"),
        pytest.param({None: {"ops": ["list"]}}, id="role-as-none"),
        pytest.param({"staff": 5}, id="grant-as-number"),
        pytest.param({"staff": ["list"]}, id="grant-as-list"),
        pytest.param({"staff": "all"}, id="grant-as-text"),
        pytest.param([1], id="entry-as-list"),
        pytest.param("*", id="entry-as-star"),
        pytest.param({"queryset": 5, "staff": "*"}, id="queryset-as-number"),
        pytest.param({"url_name": 5}, id="url-name-as-number"),
        pytest.param({"url_name": "a/b"}, id="url-name-with-a-slash"),
        pytest.param({"url_name": "a b"}, id="url-name-with-a-space"),
        pytest.param({"url_name": ""}, id="url-name-that-is-empty"),
        pytest.param({"fields": ["id"]}, id="grant-where-a-role-belongs"),
        pytest.param({"staff": {"ops": True, "fields": "*"}}, id="ops-as-true"),
        pytest.param({"staff": {"ops": 1.5, "fields": "*"}}, id="ops-as-number"),
        pytest.param({"staff": {"ops": list, "fields": "*"}}, id="ops-as-class"),
        pytest.param({"form_class": ".forms.BookingForm", "staff": "*"}, id="relative-form-class"),
        pytest.param({"hooks": {"before_add": ".x"}, "staff": "*"}, id="relative-hook"),
    ],
)
def test_broken_entry_is_reported_by_the_checks(settings: Any, written: Any) -> None:
    from django_flex.checks import check_settings

    settings.DJANGO_FLEX = {"EXPOSE": {"booking": written}}
    messages = check_settings()
    assert messages != []
    assert all("EXPOSE['booking']" in message.msg for message in messages)


def test_star_grants_no_operation_that_must_be_named() -> None:
    grant, _ = compile_one("*")
    assert grant.operations == {"get", "list", "add", "edit", "delete", "aggregate"}


def test_names_of_a_model_are_one_entry() -> None:
    policy, problems = compile_policy({"booking": {"staff": "*"}, "customer": {}})
    assert problems == ()
    for name in ("booking", "bookings", "testapp.booking"):
        assert policy.names[name].resource.label == describe(Booking).label
    assert "company" not in policy.names
    assert "testapp.company" not in policy.entries


def test_paths_cover_what_is_in_a_json_value() -> None:
    paths = PathSet(frozenset({("doc",), ("a", "b")}), frozenset({("open",)}))
    assert paths.names(("doc", "x", "y"), 2)
    assert paths.names(("a", "b"), 0)
    assert not paths.names(("a", "b", "c"), 0)
    assert not paths.names(("a",), 0)
    assert not paths.names(("open", "x"), 1)
    assert paths.opens(("open", "x", "y"), 2)
    assert not paths.opens(("open",), 0)
    assert not paths.opens(("open", "x"), 0)


def test_open_filters_do_not_open_patterns() -> None:
    filters = FilterSet(frozenset({(("a",), ("exact",))}), frozenset({("b",)}))
    assert filters.names(("a",), ("exact",))
    assert not filters.names(("a",), ("icontains",))
    assert filters.names(("b",), ("year", "gte"))
    assert not filters.names(("b",), ("regex",))
    assert not filters.names(("b", "c"), ("exact",))


def test_callables_may_take_the_request() -> None:
    assert with_request(lambda user: user)("u", "r") == "u"
    assert with_request(lambda user, request: (user, request))("u", "r") == ("u", "r")
    assert with_request(lambda *both: both)("u", "r") == ("u", "r")
    assert with_request(str)("u", "r") == "u"


def test_actions_are_known_by_the_names_that_are_passed() -> None:
    expose = {"booking": {"staff": {"ops": ["get", "confirm"]}}}

    policy, problems = compile_policy(expose, actions={"testapp.booking": ("confirm",)})
    without, reported = compile_policy(expose)

    assert () == problems
    assert {"get", "confirm"} == policy.entries["testapp.booking"].grants["staff"].operations
    assert {"get"} == without.entries["testapp.booking"].grants["staff"].operations
    assert ["E008"] == [one.id for one in reported]
