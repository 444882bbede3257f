"""``manage.py flex_token``."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from django_flex.tokens import static
from django_flex.tokens.bearers import user_of_token
from django_flex.tokens.models import Login, StaticToken


def run(*arguments: Any) -> tuple[list[str], str]:
    """Return the lines on standard output, and what is on standard error."""
    out, err = StringIO(), StringIO()
    call_command("flex_token", *arguments, stdout=out, stderr=err, no_color=True)
    return out.getvalue().splitlines(), err.getvalue()


def test_create_prints_the_token_alone(ana: User, tokens) -> None:
    [token], told = run("create", "ana", "--name", "backup")

    assert ana == user_of_token(token, settings=tokens).user
    assert token not in told
    assert None is StaticToken.objects.get().expires_at


def test_create_takes_days(ana: User, clock) -> None:
    run("create", "ana", "--name", "backup", "--days", "30")

    ends = StaticToken.objects.get().expires_at
    assert ends is not None
    assert 30 == (ends - clock.now).days


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "nobody", "--name", "x"),
        ("create", "ana", "--name", " "),
        ("create", "ana", "--name", "x" * 101),
        ("create", "ana", "--name", "x", "--days", "0"),
        ("create", "ana", "--name", "x", "--days", "9999999999"),
        ("create", "out", "--name", "x"),
        ("create", "ana"),
        ("list", "nobody"),
        ("revoke",),
        ("revoke", "7"),
        ("revoke", "--user", "nobody"),
        ("prune", "--days", "-1"),
        (),
    ],
    ids=" ".join,
)
def test_mistakes_are_told(ana: User, arguments: tuple[str, ...]) -> None:
    User.objects.create_user("out", is_active=False)

    with pytest.raises(CommandError):
        run(*arguments)
    assert not StaticToken.objects.exists()


def test_list_is_a_plain_table_without_tokens(ana: User, login, clock, tokens) -> None:
    login()
    made = static.create(ana, "backup", expires_at=clock.now)
    gone = static.create(User.objects.create_user("bob"), "other")
    static.revoke(gone.id)
    lines, _ = run("list")

    assert lines[0].split() == ["id", "name", "user", "ends", "in", "created", "expires", "state"]
    assert [f"{gone.id}", "other", "bob"] == lines[1].split()[:3] or lines[2].split()[:3]
    assert {"expired", "revoked"} == {line.split()[-1] for line in lines[1:3]}
    assert "Logins that are valid: 1" == lines[-1]
    assert made.token not in "\n".join(lines)
    assert static.hash_of(made.token) not in "\n".join(lines)


def test_list_of_one_user_and_of_nobody(ana: User) -> None:
    static.create(User.objects.create_user("bob"), "other")

    assert ["No static tokens.", "Logins that are valid: 0"] == run("list", "ana")[0]
    assert 3 == len(run("list", "bob")[0])


@pytest.mark.parametrize("count", [1, 8])
def test_list_takes_two_statements(ana: User, count: int, django_assert_num_queries) -> None:
    for number in range(count):
        static.create(User.objects.create_user(f"u{number}"), "x")

    with django_assert_num_queries(2):
        run("list")


def test_revoke_one(ana: User) -> None:
    made, other = static.create(ana, "backup"), static.create(ana, "other")

    assert [f"Token {made.id} is revoked."] == run("revoke", made.id)[0]
    assert {made.id: "revoked", other.id: "valid"} == {
        one.pk: one.state for one in StaticToken.objects.all()
    }


def test_revoke_all_of_a_user(ana: User, login) -> None:
    login()
    static.create(ana, "backup")
    kept = static.create(User.objects.create_user("bob"), "other")

    assert ["Revoked: 1 static tokens, 1 logins."] == run("revoke", "--user", "ana")[0]
    assert [kept.id] == [*StaticToken.objects.filter(revoked_at=None).values_list("id", flat=True)]


def test_prune_deletes_what_is_over(ana: User, login, clock) -> None:
    login()
    static.revoke(static.create(ana, "old").id)
    static.create(ana, "kept")
    clock.move(days=36)
    login_kept = login()

    assert ["Deleted: 1 static tokens, 0 logins."] == run("prune")[0]
    clock.move(days=20)
    assert ["Deleted: 0 static tokens, 1 logins."] == run("prune", "--days", "5")[0]
    assert "kept" == StaticToken.objects.get().name
    assert not Login.objects.filter(pk=login_kept.login_id).exists()
