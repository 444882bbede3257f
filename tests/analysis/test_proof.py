"""Only ``authorize`` makes what the planner accepts; a caller's grant is resolved once."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q

from django_flex.access.actor import Actor
from django_flex.access.roles import resolve_grant
from django_flex.analysis.authorize import authorize
from django_flex.dialects.flex.parser import parse_query
from django_flex.exceptions import OperationDeniedError
from django_flex.policy.compile.entries import compile_policy
from django_flex.query.limits import Limits
from django_flex.resolved import AuthorizedQuery
from tests.testapp.models import Booking

OPEN = {"rows": "*", "fields": ["*"], "filters": "*", "order_by": "*", "ops": ["get", "list"]}


def allowed(grant: Any, *, resolver: Any = None, actor: Actor | None = None) -> AuthorizedQuery:
    policy, _ = compile_policy({"booking": {"anon": grant}}, resolver=resolver)
    query = parse_query({}, Limits(), resource="booking", operation="list")
    return authorize(query, policy, actor or Actor(), policy.entries["testapp.booking"], Limits())


def test_authorized_query_cannot_be_made_without_proof() -> None:
    made = allowed(OPEN)
    values = {one.name: getattr(made, one.name) for one in fields(made)}
    assert AuthorizedQuery(**values).resource is made.resource
    for proof in (None, True, object(), "PROOF"):
        with pytest.raises(TypeError, match="Only authorize"):
            AuthorizedQuery(**{**values, "proof": proof})
    with pytest.raises(TypeError):
        replace(made, proof=object())


def _raise(*_args: Any) -> Any:
    raise RuntimeError("s3cret reason")


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(_raise, id="raises"),
        pytest.param(lambda user: None, id="none"),
        pytest.param(lambda user: Q(), id="empty-q"),
        pytest.param(lambda user: Q(Q()), id="empty-q-inside"),
        pytest.param(lambda user: Q(Q(), ~Q(Q())), id="several-empty-qs"),
        pytest.param(lambda user: "*", id="text"),
        pytest.param(lambda user: True, id="true"),
        pytest.param(lambda user: {"status": "x"}, id="data"),
        pytest.param(lambda user: [Q(status="x")], id="list"),
        pytest.param(lambda user: Booking.objects.all(), id="queryset"),
    ],
)
def test_rule_that_is_no_condition_denies_and_is_logged(
    rows: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "django_flex.security")
    with pytest.raises(OperationDeniedError) as caught:
        allowed({**OPEN, "rows": rows})
    assert "s3cret" not in str(caught.value)
    assert [record.name for record in caplog.records] == ["django_flex.security"]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(lambda: Q(status="x"), id="of-no-argument"),
        pytest.param(lambda user, request, more: Q(status="x"), id="of-three-arguments"),
    ],
)
def test_rule_that_cannot_be_called_gives_no_rows(rows: Any) -> None:
    assert allowed({**OPEN, "rows": rows}).rows.nothing


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(True, id="true"),
        pytest.param(0, id="zero"),
        pytest.param({}, id="object"),
        pytest.param(b"anon", id="bytes"),
        pytest.param(("anon",), id="tuple-of-one"),
        pytest.param(("anon", None), id="rows-none"),
        pytest.param(("anon", {}), id="rows-data"),
        pytest.param(("anon", "*"), id="rows-text"),
        pytest.param(("anon", Q(id=1), 1), id="tuple-of-three"),
        pytest.param((None, Q(id=1)), id="no-role-with-rows"),
        pytest.param({"anon"}, id="set"),
        pytest.param([1], id="list-of-numbers"),
        pytest.param(_raise, id="raises"),
    ],
)
def test_resolver_that_answers_nonsense_denies_and_is_logged(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    resolver = answer if callable(answer) else lambda _user, _model: answer
    caplog.set_level(logging.ERROR, "django_flex.security")
    with pytest.raises(OperationDeniedError):
        allowed(OPEN, resolver=resolver)
    assert len(caplog.records) == 1


def test_resolver_hides_related_rows_when_it_fails() -> None:
    def resolver(_user: Any, model: str) -> Any:
        return "anon" if model == "booking" else _raise()

    expose = {"booking": {"anon": OPEN}, "customer": {"anon": OPEN}}
    policy, _ = compile_policy(expose, resolver=resolver)
    query = parse_query({"fields": "customer"}, Limits(), resource="booking")
    authorize(query, policy, Actor(), policy.entries["testapp.booking"], Limits())
    from django_flex.access.enter import enter
    from django_flex.schema.introspection import describe
    from tests.testapp.models import Customer

    access, _ = enter(policy, Actor(), policy.entries["testapp.booking"], "list", Limits())
    rows = access.related_rows(describe(Customer))
    assert rows is not None
    assert rows.nothing


@pytest.mark.parametrize("is_active", [True, False])
def test_inactive_user_is_nobody(is_active: bool) -> None:
    actor = Actor(User(id=1, is_active=is_active, is_superuser=True, is_staff=True))
    assert actor.is_authenticated is is_active
    assert isinstance(actor.user, AnonymousUser) is not is_active
    policy, _ = compile_policy({"booking": {"superuser": OPEN, "staff": OPEN}})
    granted = resolve_grant(policy, policy.entries["testapp.booking"], actor)
    assert (granted.grant is not None) is is_active


def test_user_of_another_kind_is_asked_for_what_it_has() -> None:
    class Service:
        is_authenticated = True
        pk = 7

    assert Actor(Service()).groups == ()
    assert Actor(Service()).is_authenticated
