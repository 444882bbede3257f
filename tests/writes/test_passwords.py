"""Passwords of users are validated and hashed when they are written, and never shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from rest_framework import serializers

from django_flex import FlexQuery
from tests.wild.validated import Door, Member
from tests.writes.conftest import GRANT, ask

GOOD = "a long one, with ünicode and spaces "
VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "MinimumLengthValidator",
        "NumericPasswordValidator",
        "UserAttributeSimilarityValidator",
    )
]
#: Users of Django, of a project, and of a project that takes nothing from Django.
MODELS: Mapping[str, Any] = {"auth.user": User, "wild.member": Member, "wild.door": Door}


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> Any:
    grant = {**GRANT, "fields": "*", "write_fields": ["username", "email", "password"]}
    configure({name: {"anon": grant} for name in MODELS})
    with override_settings(AUTH_PASSWORD_VALIDATORS=VALIDATORS):
        yield


def opens(model: str, name: str, password: str) -> bool:
    one = MODELS[model].objects.get(username=name)
    return one.password not in ("", password) and one.check_password(password)


@pytest.mark.parametrize("model", MODELS)
def test_password_that_is_sent_is_hashed(model: str) -> None:
    status, row = ask(model, "add", username="ann", password=GOOD)
    assert status == 201, row
    assert "password" not in row
    assert opens(model, "ann", GOOD)

    assert ask(model, "edit", id=row["id"], password="another one")[0] == 200
    assert opens(model, "ann", "another one")
    items = [{"id": row["id"], "password": GOOD}]
    assert ask(model, "edit", _items=items)[0] == 200
    assert opens(model, "ann", GOOD)


@pytest.mark.parametrize("model", MODELS)
def test_password_is_hashed_in_lists_and_by_filter(model: str) -> None:
    items = [{"username": name, "password": f"of {name}, long"} for name in ("ann", "bob")]
    assert ask(model, "add", _items=items)[0] == 201
    assert opens(model, "ann", "of ann, long")
    assert opens(model, "bob", "of bob, long")

    status, reply = ask(
        model, "bulk_edit", filters={"username": "bob"}, _set={"password": "new for bob"}
    )
    assert status == 200, reply
    assert opens(model, "bob", "new for bob")
    assert opens(model, "ann", "of ann, long")


def _by_match(model: str, values: dict[str, str]) -> tuple[int, Any]:
    return ask(model, "upsert", _match="username", **values)


def _by_matches(model: str, values: dict[str, str]) -> tuple[int, Any]:
    return ask(model, "upsert", _match="username", _items=[values])


def _in_a_batch(model: str, values: dict[str, str]) -> tuple[int, Any]:
    batch = [{"_model": model, "_action": "upsert", "_match": "username", **values}]
    result = FlexQuery(model).execute({"_batch": batch})
    return result.status_code, result.to_dict()


def _by_a_form(model: str, values: dict[str, str]) -> tuple[int, Any]:
    reply = Client().put(
        f"/api/{model}/?match=username",
        encode_multipart(BOUNDARY, values),
        content_type=MULTIPART_CONTENT,
    )
    return reply.status_code, reply.json()


@pytest.mark.parametrize("way", [_by_match, _by_matches, _in_a_batch, _by_a_form])
def test_password_is_hashed_however_the_row_is_found(way: Any) -> None:
    for password in (GOOD.strip(), "another one"):  # a new row, and one that is there
        status, reply = way("wild.member", {"username": "ann", "password": password})
        assert status in {200, 201}, reply
        assert opens("wild.member", "ann", password)
    status, reply = way("wild.member", {"username": "ann", "password": "x"})
    assert 400 == status, reply
    assert opens("wild.member", "ann", "another one")


def test_password_of_a_dry_run_is_forgotten() -> None:
    key = ask("wild.member", "add", username="ann", password=GOOD)[1]["id"]

    assert 200 == ask("wild.member", "edit", id=key, password="another one", _dry_run=True)[0]
    assert opens("wild.member", "ann", GOOD)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        pytest.param("x", "too short", id="short"),
        pytest.param("0123456789", "entirely numeric", id="digits"),
        pytest.param("annabelle", "too similar", id="like-the-name"),
        pytest.param("", "blank", id="empty"),
        pytest.param(None, "null", id="null"),
        pytest.param(12345678901, "string", id="number"),
    ],
)
@pytest.mark.parametrize("model", MODELS)
def test_password_that_validators_refuse_is_an_error_of_its_field(
    model: str, password: Any, message: str
) -> None:
    status, reply = ask(model, "add", username="annabelle", password=password)
    assert (400, ["password"]) == (status, list(reply["fields"]))
    assert message in str(reply["fields"]["password"])
    assert not MODELS[model].objects.filter(username="annabelle").exists()

    one = MODELS[model].objects.create(username="annabelle", password="as it was")
    status, reply = ask(model, "edit", id=one.pk, password=password)
    assert (400, ["password"]) == (status, list(reply["fields"]))
    one.refresh_from_db()
    assert one.password == "as it was"


def test_new_user_needs_a_password() -> None:
    status, reply = ask("auth.user", "add", username="ann")
    assert (400, ["password"]) == (status, list(reply["fields"]))


def test_edit_of_other_columns_keeps_the_password() -> None:
    one = User.objects.create_user("ann", password=GOOD)
    assert ask("auth.user", "edit", id=one.pk, email="ann@example.com")[0] == 200
    assert opens("auth.user", "ann", GOOD)


def test_text_that_looks_like_a_hash_is_hashed() -> None:
    User.objects.create_user("bob", password=GOOD)
    stolen = User.objects.get(username="bob").password
    assert ask("auth.user", "add", username="ann", password=stolen)[0] == 201
    assert opens("auth.user", "ann", stolen)
    assert not opens("auth.user", "ann", GOOD)


class Form(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["username", "password"]


class Hashing(Form):
    def clean(self) -> None:
        self.instance.set_password(self.cleaned_data["password"])
        self.cleaned_data["password"] = self.instance.password


class Plain(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "password"]


class Careful(Plain):
    def create(self, validated_data: Any) -> User:
        return User.objects.create_user(**validated_data)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param({"form_class": Form}, id="form"),
        pytest.param({"form_class": Hashing}, id="hashing-form"),
        pytest.param({"serializer_class": Plain}, id="serializer"),
        pytest.param({"serializer_class": Careful}, id="hashing-serializer"),
    ],
)
def test_forms_and_serializers_store_no_plain_password(
    code: Any, configure: Callable[..., None]
) -> None:
    grant = {**GRANT, "write_fields": ["username", "password"]}
    configure({"auth.user": {"anon": grant, **code}})
    status, row = ask("auth.user", "add", username="ann", password=GOOD.strip())
    assert status == 201, row
    assert opens("auth.user", "ann", GOOD.strip())

    assert ask("auth.user", "edit", id=row["id"], username="ann", password="another one")[0] == 200
    assert opens("auth.user", "ann", "another one")
    status, reply = ask("auth.user", "edit", id=row["id"], username="ann", password="x")
    assert (400, ["password"]) == (status, list(reply["fields"]))
    assert opens("auth.user", "ann", "another one")


OPEN = {
    "fields": ["*", "password"],
    "filters": ["*", "password.*"],
    "order_by": ["*", "password", "-password"],
    "aggregates": ["*", "password.*", "password.max"],
    "search": ["username", "password"],
    "ops": ["get", "list", "add", "edit", "aggregate"],
    "write_fields": ["username", "password"],
}
READS: list[Any] = [
    {"fields": "password"},
    {"fields": "x:password"},
    {"filters": {"password.startswith": "a"}},
    {"filters": {"not": {"password": "x"}}},
    {"order_by": "password"},
    {"order_by": "-password"},
    {"distinct": "password"},
    {"aggregate": "password.max"},
    {"_action": "aggregate", "group_by": "password", "aggregate": "count"},
    {"_action": "aggregate", "aggregate": "password.min"},
]


@pytest.mark.parametrize("spec", READS, ids=json.dumps)
@pytest.mark.parametrize("model", MODELS)
def test_hash_is_never_readable_whatever_is_granted(
    model: str, spec: Any, configure: Callable[..., None]
) -> None:
    MODELS[model].objects.create(username="ann", password="a hash")
    configure({model: {"anon": OPEN}}, GUARDED_FIELDS=[])
    result = FlexQuery(model).execute({"_action": "list", **spec})
    assert result.status_code == 403
    assert "a hash" not in json.dumps(result.to_dict())
    for more in ({}, {"fields": "*"}, {"search": "hash"}):
        reply = FlexQuery(model).execute({"_action": "list", **more}).to_dict()
        assert "a hash" not in json.dumps(reply)
    assert not FlexQuery(model).execute({"_action": "list", "search": "hash"}).to_dict()["results"]


def test_hash_is_never_readable_over_relations(configure: Callable[..., None]) -> None:
    grant = {**GRANT, "fields": ["*", "created_by.password"], "filters": ["created_by.password.*"]}
    configure({"booking": {"anon": grant}}, GUARDED_FIELDS=[])
    for spec in ({"fields": "created_by.password"}, {"filters": {"created_by.password.gt": "a"}}):
        assert ask("booking", "list", **spec)[0] == 403
    assert "password" not in json.dumps(ask("booking", "list", fields="created_by.*")[1])


def test_upsert_cannot_find_users_by_their_hash(configure: Callable[..., None]) -> None:
    configure({"wild.door": {"anon": OPEN}})
    assert ask("wild.door", "upsert", _match="password", password="a")[0] == 403
