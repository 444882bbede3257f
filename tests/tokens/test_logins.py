"""Logins: who gets tokens, and how a refresh token is exchanged once."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in

from django_flex.exceptions import AuthenticationFailedError, TokenExpiredError
from django_flex.tokens import users
from django_flex.tokens.bearers import COOKIE, user_of_token
from django_flex.tokens.logins import log_in, log_out, refresh, revoke_all, start
from django_flex.tokens.models import Login
from tests.tokens.conftest import PASSWORD

#: Names and passwords that nobody can have; databases and hashers would fail on some of them.
IMPOSSIBLE = ["", "a\0na", "\ud800", "x" * 5_000, None, 5, ["ana"], {"a": 1}]


def refused(token: str, tokens: Any, **options: Any) -> bool:
    try:
        user_of_token(token, settings=tokens, **options)
    except AuthenticationFailedError:
        return True
    return False


class TestLogIn:
    def test_gives_an_access_and_a_refresh_token(self, ana: User, tokens) -> None:
        issued = log_in("ana", PASSWORD, settings=tokens)

        assert (ana, 900, 7 * 86_400) == (
            issued.user,
            issued.expires_in,
            issued.refresh_expires_in,
        )
        assert ana == user_of_token(issued.access, settings=tokens).user

    @pytest.mark.parametrize("password", ["wrong", *IMPOSSIBLE], ids=repr)
    def test_refuses_a_wrong_password(self, ana: User, tokens, password: Any) -> None:
        with pytest.raises(AuthenticationFailedError):
            log_in("ana", password, settings=tokens)

    @pytest.mark.parametrize("name", ["bob", *IMPOSSIBLE], ids=repr)
    def test_refuses_an_unknown_name(self, ana: User, tokens, name: Any) -> None:
        with pytest.raises(AuthenticationFailedError):
            log_in(name, PASSWORD, settings=tokens)

    def test_says_the_same_whatever_is_wrong(self, ana: User, tokens) -> None:
        User.objects.create_user("out", password=PASSWORD, is_active=False)
        said = set()
        for name, password in [("ana", "wrong"), ("bob", PASSWORD), ("out", PASSWORD), ("", "")]:
            with pytest.raises(AuthenticationFailedError) as caught:
                log_in(name, password, settings=tokens)
            said.add(str(caught.value.to_dict()))

        assert 1 == len(said)
        assert not Login.objects.exists()

    @pytest.mark.parametrize(
        "name", ["ana", "unknown", "inactive", "without"], ids="{}-user".format
    )
    @pytest.mark.parametrize("by_email", [False, True], ids=["name", "email"])
    def test_hashes_one_password_and_asks_alike_whoever_is_named(
        self, ana: User, tokens, hashes, name: str, by_email: bool, django_assert_num_queries
    ) -> None:
        User.objects.create_user("inactive", "inactive@example.com", PASSWORD, is_active=False)
        User.objects.create_user("without", "without@example.com")
        hashes.count = 0

        with django_assert_num_queries(2 if by_email else 1):
            given = users.name_of_email(f"{name}@example.com") if by_email else name
            with pytest.raises(AuthenticationFailedError):
                log_in(given, "wrong", settings=tokens)

        assert 1 == hashes.count

    def test_refuses_an_inactive_user_whom_a_backend_lets_pass(
        self, ana: User, tokens, settings
    ) -> None:
        settings.AUTHENTICATION_BACKENDS = [
            "django.contrib.auth.backends.AllowAllUsersModelBackend"
        ]
        User.objects.update(is_active=False)

        with pytest.raises(AuthenticationFailedError):
            log_in("ana", PASSWORD, settings=tokens)

    def test_is_told_to_receivers_of_django(self, ana: User, tokens) -> None:
        heard = []

        def hear(request: Any, user: Any, **_kwargs: Any) -> None:
            heard.append((request, user))

        user_logged_in.connect(hear)
        try:
            log_in("ana", PASSWORD, settings=tokens, request="the request")
        finally:
            user_logged_in.disconnect(hear)

        ana.refresh_from_db()
        assert [("the request", ana)] == heard
        assert ana.last_login is not None

    def test_deletes_expired_logins_of_the_user(self, ana: User, login, clock) -> None:
        login()
        other = User.objects.create_user("bob")
        Login.objects.create(user=other, password_state="", expires_at=clock.now, ends_at=clock.now)
        clock.move(days=8)
        login()

        assert (1, 1) == (
            Login.objects.filter(user=ana).count(),
            Login.objects.filter(user=other).count(),
        )

    @pytest.mark.parametrize(
        ("email", "expected"),
        [("ana@example.com", "ana"), ("ANA@example.com", "ana"), ("no@example.com", ""), ("", "")],
    )
    def test_finds_the_name_of_an_email(self, ana: User, email: str, expected: str) -> None:
        assert expected == users.name_of_email(email)

    @pytest.mark.parametrize(
        ("email_field", "name_field"), [("email", "email"), ("mail", "username")]
    )
    def test_an_email_that_no_other_column_has_is_the_name(
        self, ana: User, monkeypatch, email_field: str, name_field: str
    ) -> None:
        monkeypatch.setattr(User, "EMAIL_FIELD", email_field)
        monkeypatch.setattr(User, "USERNAME_FIELD", name_field)

        assert "x@example.com" == users.name_of_email("x@example.com")

    def test_an_email_of_two_users_names_neither(self, ana: User) -> None:
        User.objects.create_user("twin", "Ana@Example.com", PASSWORD)

        assert "" == users.name_of_email("ana@example.com")


class TestRefresh:
    def test_gives_the_next_tokens(self, login, tokens, ana: User) -> None:
        first = login()
        second = refresh(first.refresh, settings=tokens)

        assert second.refresh != first.refresh
        assert (ana, first.login_id) == (second.user, second.login_id)
        assert ana == user_of_token(second.access, settings=tokens).user

    def test_takes_three_statements(self, login, tokens, django_assert_num_queries) -> None:
        issued = login()

        with django_assert_num_queries(3):
            refresh(issued.refresh, settings=tokens)

    def test_the_access_token_before_stays_valid_for_its_time(self, login, tokens) -> None:
        first = login()
        refresh(first.refresh, settings=tokens)

        assert not refused(first.access, tokens)

    def test_a_lost_reply_gives_the_same_next_token_for_some_seconds(
        self, login, tokens, clock
    ) -> None:
        first = login()
        lost = refresh(first.refresh, settings=tokens)
        clock.move(seconds=10)
        again = refresh(first.refresh, settings=tokens)

        assert lost.refresh == again.refresh
        assert not refused(again.access, tokens)

    @pytest.mark.parametrize(
        "later", ["after the grace", "after the next was used", "without a grace", "much older"]
    )
    def test_reuse_revokes_the_whole_login(
        self, login, tokens, clock, later: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, other = login(), login()
        stolen = first.refresh
        owners = refresh(stolen, settings=tokens)
        if later == "after the grace":
            clock.move(seconds=11)
        elif later == "without a grace":
            tokens = replace(tokens, grace_seconds=0)
            clock.move(microseconds=1)
        else:
            owners = refresh(owners.refresh, settings=tokens)
        if later == "much older":
            owners = refresh(owners.refresh, settings=tokens)

        with (
            caplog.at_level(logging.WARNING, "django_flex.security"),
            pytest.raises(AuthenticationFailedError) as caught,
        ):
            refresh(stolen, settings=tokens)

        assert "auth.failed" == caught.value.code
        assert refused(owners.access, tokens)
        with pytest.raises(AuthenticationFailedError):
            refresh(owners.refresh, settings=tokens)
        assert not refused(other.access, tokens)
        assert "reuse" == Login.objects.get(pk=first.login_id).revoked_for
        assert str(first.login_id) in caplog.text
        assert stolen not in caplog.text

    def test_expires_unless_it_is_used(self, login, tokens, clock) -> None:
        issued = login()
        clock.move(days=6)
        issued = refresh(issued.refresh, settings=tokens)
        clock.move(days=6)
        issued = refresh(issued.refresh, settings=tokens)
        clock.move(days=7)

        with pytest.raises(TokenExpiredError):
            refresh(issued.refresh, settings=tokens)

    def test_ends_however_often_it_is_used(self, login, tokens, clock) -> None:
        issued = login()
        for _ in range(17):
            clock.move(days=5)
            issued = refresh(issued.refresh, settings=tokens)

        assert 5 * 86_400 == issued.refresh_expires_in
        clock.move(days=4, hours=23, minutes=50)
        issued = refresh(issued.refresh, settings=tokens)
        assert (600, 600) == (issued.expires_in, issued.refresh_expires_in)
        clock.move(minutes=10)
        with pytest.raises(TokenExpiredError):
            user_of_token(issued.access, settings=tokens)
        with pytest.raises(TokenExpiredError):
            refresh(issued.refresh, settings=tokens)

    def test_refuses_other_tokens(self, login, tokens) -> None:
        issued, session = login(), login(session=True)

        for token in (issued.access, session.access, issued.refresh[:-1], "", "flexr_", "x.y"):
            with pytest.raises(AuthenticationFailedError):
                refresh(token, settings=tokens)

    def test_a_change_of_the_key_keeps_logins_while_it_is_a_fallback(
        self, login, tokens, settings, ana: User
    ) -> None:
        first = login()
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["older", "tests"]
        assert ana == user_of_token(first.access, settings=tokens).user
        second = refresh(first.refresh, settings=tokens)
        settings.SECRET_KEY_FALLBACKS = []

        assert ana == user_of_token(second.access, settings=tokens).user
        assert not refused(refresh(second.refresh, settings=tokens).access, tokens)
        assert refused(first.access, tokens)


class TestSession:
    def test_one_token_is_for_both(self, login, tokens, ana: User) -> None:
        first = login(session=True)

        assert ("", 86_400) == (first.refresh, first.expires_in)
        assert ana == user_of_token(first.access, settings=tokens, kinds=COOKIE).user
        second = refresh(first.access, settings=tokens, session=True)
        assert ana == user_of_token(second.access, settings=tokens, kinds=COOKIE).user

    def test_the_one_before_passes_for_some_seconds(self, login, tokens, clock) -> None:
        first = login(session=True)
        second = refresh(first.access, settings=tokens, session=True)
        clock.move(seconds=10)

        assert not refused(first.access, tokens, kinds=COOKIE)
        assert second.access == refresh(first.access, settings=tokens, session=True).access
        clock.move(seconds=1)
        assert refused(first.access, tokens, kinds=COOKIE)
        assert not refused(second.access, tokens, kinds=COOKIE)

    def test_reuse_revokes_the_login(self, login, tokens, clock) -> None:
        first = login(session=True)
        second = refresh(first.access, settings=tokens, session=True)
        clock.move(seconds=11)

        with pytest.raises(AuthenticationFailedError):
            refresh(first.access, settings=tokens, session=True)
        assert refused(second.access, tokens, kinds=COOKIE)

    def test_is_no_bearer_token(self, login, tokens) -> None:
        assert refused(login(session=True).access, tokens)


class TestTheEnd:
    @pytest.mark.parametrize("which", ["access", "refresh"])
    def test_logging_out_revokes_every_token_of_the_login(self, login, tokens, which: str) -> None:
        issued, other = login(), login()
        log_out(getattr(issued, which))

        assert refused(issued.access, tokens)
        with pytest.raises(AuthenticationFailedError):
            refresh(issued.refresh, settings=tokens)
        assert not refused(other.access, tokens)
        log_out(issued.refresh)  # and again, as a client does that got no reply
        assert "logout" == Login.objects.get(pk=issued.login_id).revoked_for

    def test_an_expired_token_logs_out(self, login, clock) -> None:
        issued = login()
        clock.move(days=1)
        log_out(issued.access)

        assert Login.objects.get().revoked_at == clock.now

    @pytest.mark.parametrize("token", ["", "x", "flexr_a.b", "flexs_abc"])
    def test_nothing_else_logs_out(self, login, token: str) -> None:
        login()
        with pytest.raises(AuthenticationFailedError):
            log_out(token)

        assert Login.objects.get().revoked_at is None

    @pytest.mark.parametrize("how", ["password", "deactivated", "deleted", "operator"])
    def test_ends_all_logins_of_a_user_at_once(self, login, tokens, ana: User, how: str) -> None:
        every = [login(), login()]
        if how == "password":
            ana.set_password("another one")
            ana.save()
        elif how == "deactivated":
            User.objects.update(is_active=False)
        elif how == "deleted":
            ana.delete()
        else:
            assert 2 == revoke_all(ana)
            assert 0 == revoke_all(ana)

        for issued in every:
            assert refused(issued.access, tokens)
            with pytest.raises(AuthenticationFailedError):
                refresh(issued.refresh, settings=tokens)

    def test_a_refresh_after_a_new_password_revokes_for_good(
        self, login, tokens, ana: User
    ) -> None:
        issued, old = login(), ana.password
        ana.set_password("another one")
        ana.save()
        with pytest.raises(AuthenticationFailedError):
            refresh(issued.refresh, settings=tokens)
        User.objects.update(password=old)

        assert refused(issued.access, tokens)

    def test_another_login_after_a_new_password_is_valid(self, tokens, ana: User) -> None:
        start(ana, settings=tokens)
        ana.set_password("another one")
        ana.save()

        assert not refused(start(ana, settings=tokens).access, tokens)
