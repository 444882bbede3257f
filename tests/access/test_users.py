"""Users by what an operator calls them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from django_flex.access import users
from django_flex.access.users import find_user
from tests.testapp.models import Node, Tag

pytestmark = pytest.mark.django_db


def test_a_user_is_found_by_name_or_key() -> None:
    rosa, number = User.objects.create(username="rosa"), User.objects.create(username="99")
    assert [rosa, rosa, number, None] == [*map(find_user, ["rosa", str(rosa.pk), "99", None])]


@pytest.mark.parametrize(
    "name", ["", "nobody", "\0", "rosa\0", "1_0", " 10", "-1", "9" * 40, "²", "٣" * 30]
)
def test_what_names_nobody(name: str) -> None:
    User.objects.create(pk=10, username="rosa")
    with pytest.raises(CommandError):
        find_user(name)


@pytest.mark.parametrize(("model", "column"), [(Node, "title"), (Tag, "date")])
def test_keys_may_be_of_any_kind(monkeypatch: pytest.MonkeyPatch, model: Any, column: str) -> None:
    monkeypatch.setattr(users, "get_user_model", lambda: model)
    monkeypatch.setattr(model, "USERNAME_FIELD", column, raising=False)
    one = model.objects.create(**({} if model is Node else {"pk": "key"}), **{column: "rosa"})

    assert [one, one] == [find_user("rosa"), find_user(str(one.pk))]
    for name in ("5", "nobody", "\0"):
        with pytest.raises(CommandError):
            find_user(name)
