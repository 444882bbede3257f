"""Guarded names: found by their words, in every clause, and not by accident."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db.models import CharField, Value

from django_flex import FlexQuery
from django_flex.conf import BY_NAME
from django_flex.policy.guarding import compile_guard, words_of
from django_flex.schema.introspection import describe
from django_flex.schema.resources import Attribute
from tests.testapp.models import Customer

DEFAULT = compile_guard(BY_NAME["GUARDED_FIELDS"].default, "auth.user")
SECRET = """
    password passwd pwd passphrase secret token credential credentials otp totp salt ssn pin cvv
    api_key private_key secret_key access_key signing_key session_key
    password_hash token_hash code_hash recovery_code_hash
    new_password password2 password_hint reset_token_value token_type client_secret
    db_pwd user_ssn card_pin card_cvv otp_code smtp_credentials
    apiKey APIKey apikey stripeSecretKey accessToken accesstoken userpassword pass_word token1
    tokens api_keys secrets Secret SSN
"""
ORDINARY = """
    hash file_hash checksum name key keyboard public_key sort_key primary_key pinned spin pinboard
    shipping opinion basalt salted exalted saltiness otpremium code access signing session
    api private monkey_api tokenizer secretary_of_state passenger
    assnumber cvvv
"""


@pytest.mark.one_in(5)
@pytest.mark.parametrize("name", SECRET.split())
@pytest.mark.parametrize("kind", ["text", "json", "uuid", "binary", "file", "other"])
def test_a_guarded_word_guards_the_name(name: str, kind: str) -> None:
    assert DEFAULT.hides(name, kind)


@pytest.mark.parametrize("name", ORDINARY.split())
def test_an_ordinary_name_is_not_guarded(name: str) -> None:
    assert not DEFAULT.hides(name, "text")


@pytest.mark.parametrize(
    ("name", "kind", "guarded"),
    [
        pytest.param("token_count", "integer", False, id="count"),
        pytest.param("total_tokens", "integer", False, id="counted-plural"),
        pytest.param("pin_attempts", "integer", False, id="attempts"),
        pytest.param("pin", "integer", True, id="number-of-that-name"),
        pytest.param("card_cvv", "integer", True, id="number-that-ends-so"),
        pytest.param("ssn", "decimal", True, id="decimal-of-that-name"),
        pytest.param("password_changed_at", "datetime", False, id="moment"),
        pytest.param("last_password", "date", False, id="date"),
        pytest.param("has_password", "boolean", False, id="truth"),
        pytest.param("token_lifetime", "duration", False, id="duration"),
        pytest.param("api_token", "relation", True, id="relation"),
        pytest.param("token_owner", "relation", False, id="relation-of-something-else"),
    ],
)
def test_facts_about_a_secret_are_not_guarded(name: str, kind: str, guarded: bool) -> None:
    assert guarded == DEFAULT.hides(name, kind)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("secret_key", ("secret", "key"), id="underscores"),
        pytest.param("secretKey", ("secret", "key"), id="capitals"),
        pytest.param("APIKey2", ("api", "key"), id="abbreviation-and-digit"),
        pytest.param("Set-Cookie", ("set", "cookie"), id="header"),
        pytest.param("contraseña_nueva", ("contraseña", "nueva"), id="not-of-ascii"),
        pytest.param("_", (), id="none"),
    ],
)
def test_names_are_cut_into_words(name: str, words: tuple[str, ...]) -> None:
    assert words == words_of(name)


def attribute(model: Any, name: str) -> Attribute:
    found = describe(model).attribute(name)
    assert found is not None
    return found


def test_fields_of_the_user_are_guarded_there_only() -> None:
    guard = compile_guard(["user.is_staff", "user.vip"], "auth.user")
    assert guard.covers(describe(User), attribute(User, "is_staff"))
    assert not guard.covers(describe(Customer), attribute(Customer, "vip"))


def test_the_project_adds_to_the_list_and_keeps_the_default(configure: Any) -> None:
    from django_flex.conf import get_settings

    configure(EXTRA_GUARDED_FIELDS=["email"])
    guard = get_settings().policy.guard
    assert [True, True, False] == [guard.hides(n, "text") for n in ("email", "password", "name")]
    configure(GUARDED_FIELDS=["email"])
    guard = get_settings().policy.guard
    assert [True, False, False] == [guard.hides(n, "text") for n in ("email", "password", "name")]


def test_computed_fields_are_guarded_by_name_and_kind(configure: Any, db: None) -> None:
    computed = {
        "code_hash": Value("x", output_field=CharField()),
        "token_count": Value(3),
    }
    Customer.objects.create(name="Ann")
    configure({"customer": {"computed": computed, "anon": {"fields": "*", "ops": ["list"]}}})
    row = FlexQuery("customer").execute({"shape": "list"}).to_dict()["results"][0]
    assert {"token_count"} == row.keys() & {"token_count", "code_hash", "api_token"}


@pytest.mark.parametrize("name", ["GUARDED_FIELDS", "EXTRA_GUARDED_FIELDS"])
@pytest.mark.parametrize("value", [["password", ""], "password", [1], ["_"]])
def test_a_list_that_guards_nothing_is_reported(configure: Any, name: str, value: Any) -> None:
    configure(**{name: value})
    assert ["django_flex.E002"] == [m.id for m in run_checks() if name in m.msg]
