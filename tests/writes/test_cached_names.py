"""A name that may be written is looked up once for a grant; what it depends on decides each time."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

import pytest

from django_flex import FlexQuery
from django_flex.analysis.writes import writable
from django_flex.binding.grant_cache import GrantCache
from tests.testapp.models import Booking, Team
from tests.writes.conftest import GRANT, ask, exposed

NODE = str(UUID(int=7))
DENIED = (403, "field.denied")


def asked(model: str, action: str, **spec: Any) -> tuple[int, str | None]:
    status, reply = ask(model, action, **spec)
    return status, reply.get("code")


def test_what_may_be_added_may_not_be_edited(configure):
    rules = {"add": {"fields": ["*"]}, "edit": {"fields": ["status"]}}
    configure(exposed(booking={"anon": {**GRANT, **rules}}))

    for seats in (1, 2):
        assert (201, None) == asked("booking", "add", customer=1, seats=seats)
        assert DENIED == asked("booking", "edit", id=1, seats=seats)
        assert (200, None) == asked("booking", "edit", id=1, status=f"done {seats}")
        assert DENIED == asked("booking", "edit", id=1, customer=1)


def test_a_key_that_may_be_added_is_never_edited(configure):
    configure(exposed(node={"anon": {**GRANT, "write_fields": ["id", "title"]}}))

    assert (201, None) == asked("node", "add", id=NODE, title="one")
    for _ in range(2):
        assert DENIED == asked("node", "edit", _id=NODE, pk=str(UUID(int=8)))


def test_one_role_opens_nothing_for_another(configure, django_user_model):
    user = django_user_model(username="ada")
    entry = {"authenticated": GRANT, "anon": {**GRANT, "write_fields": ["status"]}}
    configure(exposed(booking=entry))
    edit = {"_action": "edit", "id": 1, "seats": 3}

    for _ in range(2):
        assert 200 == FlexQuery("booking").execute(edit, user=user).status_code
        assert DENIED == asked("booking", "edit", id=1, seats=3)


@pytest.mark.parametrize(
    "narrower",
    [{"write_fields": ["status"]}, {"exclude": ["seats"]}, {"fields": ["id", "status"]}],
    ids=["write-fields", "exclude", "fields"],
)
def test_other_settings_decide_anew(narrower: Any, configure):
    assert (200, None) == asked("booking", "edit", id=1, seats=3)

    configure(exposed(booking={"anon": {**GRANT, **narrower}}))
    for _ in range(2):
        assert DENIED == asked("booking", "edit", id=1, seats=3)


def test_guarded_names_of_other_settings_decide_anew(configure):
    entries = exposed(booking={"anon": GRANT})
    configure(entries)
    assert (200, None) == asked("booking", "edit", id=1, seats=3)

    configure(entries, GUARDED_FIELDS=["seats"])
    for _ in range(2):
        assert DENIED == asked("booking", "edit", id=1, seats=3)


def test_code_without_grants_writes_the_columns_of_each_model():
    team = Team.objects.create(name="a").pk
    for model, key in (("customer", 1), ("team", team), ("customer", 1)):
        query = FlexQuery(model).unrestricted()
        edit = {"_action": "edit", "id": key, "name": f"a {model}", "_fields": "name"}
        assert {"name": f"a {model}"} == query.execute(edit).to_dict()


def test_a_refused_name_is_refused_again():
    for _ in range(3):
        assert DENIED == asked("booking", "edit", id=1, missing=1)
        assert DENIED == asked("booking", "edit", id=1, customer__name="x")


def test_keys_in_json_that_clients_make_up_are_not_cached(monkeypatch):
    cache: GrantCache[Any] = GrantCache()
    monkeypatch.setattr(writable, "_cache", cache)

    for number in range(3):
        metadata = {f"metadata.key{number}": number}
        assert (200, None) == asked("customer", "edit", id=1, name="a", **metadata)

    questions: list[Any] = [*itertools.chain.from_iterable(cache._answers.values())]
    names = {question[2] for question in questions}
    assert names == {"name"}


def test_a_cached_name_is_not_resolved_again(monkeypatch):
    ask("booking", "edit", id=1, seats=1)
    monkeypatch.setattr(writable, "may_write", None)

    assert (200, None) == asked("booking", "edit", id=1, seats=2)
    assert 2 == Booking.objects.get(pk=1).seats
