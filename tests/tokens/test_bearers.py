"""Whose token it is, for how many statements, and what is refused without any."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.db import InterfaceError, OperationalError, connection
from django.views.debug import SafeExceptionReporterFilter

from django_flex.exceptions import (
    AuthenticationFailedError,
    TokenExpiredError,
    UnavailableError,
)
from django_flex.tokens import static
from django_flex.tokens.bearers import user_of_token
from django_flex.tokens.logins import log_in
from django_flex.tokens.models import Login, StaticToken
from django_flex.tokens.values import Kind
from tests.tokens.conftest import PASSWORD


def changed(token: str) -> list[str]:
    """Return a token with each part changed."""
    prefix, rest = token[:6], token[6:]
    claims, signature = rest.split(".")
    other = claims[:-2] + ("AA" if claims[-2:] != "AA" else "BB")
    return [
        f"{prefix}{other}.{signature}",
        f"{prefix}{claims}.{signature[:-1]}",
        f"{prefix}{claims}.{'A' * len(signature)}",
        f"{prefix}{claims}.",
        f"{prefix}{claims}",
        f"{prefix}.{claims}.{signature}",
        f"flexr_{rest}",
        f"flexs_{rest}",
        rest,
        token + " ",
        token + "\n",
        token + "é",
        token + "\ud800",
        token + "A" * 1_000,
    ]


class TestAccess:
    def test_is_found_by_one_statement(self, login, ana, tokens, django_assert_num_queries) -> None:
        issued = login()

        with django_assert_num_queries(1):
            found = user_of_token(issued.access, settings=tokens)

        assert (ana, Kind.ACCESS, issued.login_id) == (found.user, found.kind, found.login_id)

    @pytest.mark.parametrize("number", range(14))
    def test_changed_token_is_refused(self, login, tokens, number: int) -> None:
        token = changed(login().access)[number]

        with pytest.raises(AuthenticationFailedError) as caught:
            user_of_token(token, settings=tokens)
        assert token not in str(caught.value.to_dict())

    def test_what_was_not_signed_here_costs_no_statement(
        self, login, tokens, settings, django_assert_num_queries
    ) -> None:
        issued = login()
        settings.SECRET_KEY = "another project's"

        with django_assert_num_queries(0), pytest.raises(AuthenticationFailedError):
            user_of_token(issued.access, settings=tokens)

    def test_expires(self, login, tokens, clock, django_assert_num_queries) -> None:
        issued = login()
        clock.move(seconds=899)
        user_of_token(issued.access, settings=tokens)
        clock.move(seconds=1)

        with django_assert_num_queries(0), pytest.raises(TokenExpiredError):
            user_of_token(issued.access, settings=tokens)

    def test_other_signed_values_of_the_project_are_no_tokens(self, login, tokens) -> None:
        issued = login()
        claims = {"l": issued.login_id.hex, "g": 1, "e": 2**40, "p": ""}
        forged = signing.Signer(salt="other", sep=".").sign_object(claims)

        with pytest.raises(AuthenticationFailedError):
            user_of_token(f"flexa_{forged}", settings=tokens)

    def test_a_refresh_token_is_no_access_token(self, login, tokens) -> None:
        issued = login()

        for token in (issued.refresh, "flexa_" + issued.refresh.removeprefix("flexr_")):
            with pytest.raises(AuthenticationFailedError):
                user_of_token(token, settings=tokens)

    def test_a_deleted_login_is_refused(self, login, tokens) -> None:
        issued = login()
        Login.objects.all().delete()

        with pytest.raises(AuthenticationFailedError):
            user_of_token(issued.access, settings=tokens)

    def test_users_whom_the_manager_hides_are_nobody(self, login, tokens) -> None:
        issued = login()
        hidden = User._default_manager.none()

        with (
            patch.object(type(User._default_manager), "get_queryset", lambda _: hidden),
            pytest.raises(AuthenticationFailedError),
        ):
            user_of_token(issued.access, settings=tokens)


class TestStatic:
    def test_is_found_by_one_statement(self, ana, tokens, django_assert_num_queries) -> None:
        made = static.create(ana, "backup")

        with django_assert_num_queries(1):
            found = user_of_token(made.token, settings=tokens)

        assert (ana, Kind.STATIC, None) == (found.user, found.kind, found.login_id)

    def test_only_its_hash_is_stored(self, ana) -> None:
        made = static.create(ana, "backup")
        row = StaticToken.objects.values().get()

        assert made.token[-4:] == row["ending"]
        assert static.hash_of(made.token) == row["token_hash"]
        assert not any(made.token[6:-4] in str(value) for value in row.values())

    def test_the_hash_is_no_token(self, ana, tokens) -> None:
        made = static.create(ana, "backup")

        for token in (static.hash_of(made.token), "flexs_" + static.hash_of(made.token)):
            with pytest.raises(AuthenticationFailedError):
                user_of_token(token, settings=tokens)

    def test_expires(self, ana, tokens, clock) -> None:
        made = static.create(ana, "backup", expires_at=clock.now + timedelta(days=1))
        user_of_token(made.token, settings=tokens)
        clock.move(days=1)

        with pytest.raises(AuthenticationFailedError):
            user_of_token(made.token, settings=tokens)

    def test_is_revoked_once(self, ana, tokens) -> None:
        made, other = static.create(ana, "backup"), static.create(ana, "other")

        assert static.revoke(made.id)
        assert not static.revoke(made.id)
        with pytest.raises(AuthenticationFailedError):
            user_of_token(made.token, settings=tokens)
        user_of_token(other.token, settings=tokens)

    def test_outlives_a_password_and_no_deactivation(self, ana, tokens) -> None:
        made = static.create(ana, "backup")
        ana.set_password("another one")
        ana.save()
        user_of_token(made.token, settings=tokens)
        User.objects.update(is_active=False)

        with pytest.raises(AuthenticationFailedError):
            user_of_token(made.token, settings=tokens)

    def test_a_change_of_the_key_keeps_it(self, ana, tokens, settings) -> None:
        made = static.create(ana, "backup")
        settings.SECRET_KEY = "new"

        assert ana == user_of_token(made.token, settings=tokens).user


class TestFailures:
    @pytest.mark.parametrize("kind", ["access", "static", "login"])
    @pytest.mark.parametrize("error", [OperationalError, InterfaceError])
    def test_without_the_database_nobody_is_let_in(
        self, login, ana, tokens, kind: str, error: type[Exception]
    ) -> None:
        token = login().access if kind == "access" else static.create(ana, "backup").token

        def fail(*_args: Any) -> None:
            raise error("secret details")

        def ask() -> object:
            if kind == "login":
                return log_in("ana", PASSWORD, settings=tokens)
            return user_of_token(token, settings=tokens)

        with connection.execute_wrapper(fail), pytest.raises(UnavailableError) as caught:
            ask()
        assert "secret" not in str(caught.value)

    def test_a_failure_of_the_database_is_logged_without_secrets(self, ana, tokens, caplog) -> None:
        made = static.create(ana, "backup")

        def fail(*_args: Any) -> None:
            raise OperationalError("no such table")

        with connection.execute_wrapper(fail), pytest.raises(UnavailableError):
            user_of_token(made.token, settings=tokens)
        assert "no such table" in caplog.text
        assert made.token not in caplog.text

    def test_the_cache_is_never_asked(self, login, tokens, settings) -> None:
        settings.CACHES = {"default": {"BACKEND": "nowhere.Cache"}}
        issued = login()

        user_of_token(issued.access, settings=tokens)

    def test_no_repr_shows_a_token(self, login, ana, tokens) -> None:
        issued, made = login(), static.create(ana, "backup")

        for value in (issued, made, user_of_token(made.token, settings=tokens)):
            for token in (issued.access, issued.refresh, made.token):
                assert token not in repr(value)

    def test_no_error_report_shows_a_secret(self, ana, tokens, rf) -> None:
        request = rf.get("/", HTTP_AUTHORIZATION="Bearer flexs_abc")
        shown = SafeExceptionReporterFilter().get_safe_request_meta(request)

        assert "flexs_abc" not in str(shown)
        for function in (log_in, user_of_token, static.hash_of):
            assert hasattr(function, "__wrapped__")  # by sensitive_variables
