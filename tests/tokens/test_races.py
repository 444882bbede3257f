"""Requests with one refresh token at the same moment, on databases that run them at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections

from django_flex.exceptions import AuthenticationFailedError
from django_flex.tokens import logins
from django_flex.tokens.bearers import COOKIE, HEADER, user_of_token
from django_flex.tokens.logins import log_out, refresh, start
from django_flex.tokens.models import Login

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="one connection in memory"),
]


def at_once(count: int, work: Callable[[], Any]) -> list[Any]:
    """Run something in threads, and return what each returned or raised."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 - the test looks at it
            found.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let requests wait for each other between reading the login and rotating it."""

    def wait_for(count: int) -> None:
        barrier, rotate = Barrier(count), logins._rotate

        def rotate_together(*args: Any) -> bool:
            barrier.wait(30)
            return rotate(*args)

        monkeypatch.setattr(logins, "_rotate", rotate_together)

    return wait_for


@pytest.mark.parametrize("session", [False, True], ids=["tokens", "session"])
def test_refreshes_at_once_all_get_the_same_next_token(
    transactional_db, tokens, together, session: bool
) -> None:
    ana = User.objects.create_user("ana")
    first = start(ana, settings=tokens, session=session)
    token = first.access if session else first.refresh
    together(6)

    found = at_once(6, lambda: refresh(token, settings=tokens, session=session))

    assert 1 == len({one.access if session else one.refresh for one in found})
    row = Login.objects.get()
    assert (2, None) == (row.generation, row.revoked_at)
    kinds = HEADER | COOKIE
    assert ana == user_of_token(found[0].access, settings=tokens, kinds=kinds).user


def test_a_logout_meanwhile_wins(transactional_db, tokens, monkeypatch) -> None:
    first = start(User.objects.create_user("ana"), settings=tokens)
    rotate = logins._rotate

    def log_out_first(*args: Any) -> bool:
        at_once(1, lambda: log_out(first.access))
        return rotate(*args)

    monkeypatch.setattr(logins, "_rotate", log_out_first)
    with pytest.raises(AuthenticationFailedError):
        refresh(first.refresh, settings=tokens)

    row = Login.objects.get()
    assert (1, "logout") == (row.generation, row.revoked_for)
