"""Tables of this package that a project exposes: a wildcard reads them, and changes nothing that matters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone

from django_flex import FlexQuery
from django_flex.tokens import logins, static
from django_flex.tokens.models import Login, StaticToken
from django_flex.tokens.values import Issued

#: Everything, of everybody.
WILD = {
    name: {"authenticated": {"rows": "*", "fields": ["*"], "filters": ["*"], "ops": ["*"]}}
    for name in ("statictoken", "login", "actionevent", "storedreply")
}
LATER = "2099-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def exposed(settings: Any) -> None:
    settings.DJANGO_FLEX = {"EXPOSE": WILD}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("revoked_at", None, id="revoked"),
        pytest.param("expires_at", LATER, id="expired"),
        pytest.param("user", 2, id="of-another-user"),
        pytest.param("user_id", 2, id="column-of-another-user"),
        pytest.param("token_hash", static.hash_of("flexs_known"), id="hash"),
        pytest.param("created_at", LATER, id="created"),
    ],
)
def test_the_holder_of_a_token_renames_it_and_no_more(ana: User, name: str, value: Any) -> None:
    User.objects.create_superuser("root", pk=max(ana.pk + 1, 2))
    made = static.create(ana, "x", expires_at=timezone.now() + timedelta(days=1))
    static.revoke(made.id)
    before = StaticToken.objects.values().get()
    spec = {"_action": "edit", "_id": made.id, "name": "y"}

    assert 403 == FlexQuery("statictoken").execute({**spec, name: value}, user=ana).status_code
    assert before == StaticToken.objects.values().get()
    assert FlexQuery("statictoken").execute(spec, user=ana).ok
    assert {**before, "name": "y"} == StaticToken.objects.values().get()


@pytest.mark.parametrize("name", ["revoked_at", "expires_at", "ends_at", "user", "generation"])
def test_a_login_that_has_ended_stays_so(
    ana: User, login: Callable[..., Issued], name: str
) -> None:
    key = login().login_id
    logins.revoke(key, "logout")
    before = Login.objects.values().get()
    value = {"user": ana.pk, "generation": 1}.get(name)
    result = FlexQuery("login").execute(
        {"_action": "edit", "_id": str(key), name: value or LATER}, user=ana
    )

    assert 403 == result.status_code
    assert before == Login.objects.values().get()


@pytest.mark.parametrize(
    ("label", "editable"),
    [
        pytest.param("flex_tokens.StaticToken", ["name"], id="tokens"),
        pytest.param("flex_tokens.Login", [], id="logins"),
        pytest.param("flex_actions.ActionEvent", [], id="events"),
        pytest.param("flex_idempotency.StoredReply", [], id="replies"),
    ],
)
def test_no_wildcard_covers_a_column_of_our_tables_for_writing(
    label: str, editable: list[str]
) -> None:
    columns = apps.get_model(label)._meta.concrete_fields
    assert editable == [one.name for one in columns if one.editable and not one.primary_key]


@pytest.mark.parametrize("clause", ["fields", "order_by", "filters"])
@pytest.mark.parametrize(
    ("model", "name"), [("statictoken", "token_hash"), ("login", "password_state")]
)
def test_what_is_stored_of_a_token_is_not_told(
    ana: User, model: str, name: str, clause: str
) -> None:
    asked: Any = {f"{name}.startswith": "a"} if clause == "filters" else name

    assert 403 == FlexQuery(model).execute({clause: asked}, user=ana).status_code


def test_a_token_is_not_made_by_a_row(ana: User) -> None:
    result = FlexQuery("statictoken").execute({"_action": "add", "name": "x"}, user=ana)

    assert result.status_code in {400, 403}
    assert not StaticToken.objects.exists()
