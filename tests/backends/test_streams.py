"""Exports outside of a transaction: cursors on the server, time limits, what is left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import path

from django_flex import FlexQuery, FlexQueryView
from django_flex.backends.orm import streams
from django_flex.exceptions import TimeLimitExceededError
from tests.backends.conftest import ON_POSTGRES, run
from tests.doors.fronts import MIDDLEWARE, Urls, grant
from tests.testapp.models import Company

pytestmark = pytest.mark.django_db(transaction=True)

OPS = ["list", "export"]
GRANTS = grant("company", ops=OPS)


@pytest.fixture(autouse=True)
def companies(configure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven companies, and exports in lots of two."""
    monkeypatch.setattr(streams, "LOT", 2)
    Company.objects.bulk_create(Company(name=f"Company {n}") for n in range(7))
    configure(GRANTS, MAX_LIMIT=1)


def names(pieces: Any) -> list[str]:
    return [json.loads(line)["name"] for line in b"".join(pieces).splitlines()]


EVERY = [f"Company {n}" for n in range(7)]


@pytest.mark.parametrize("order_by", [None, "name"])
def test_rows_come_in_lots(order_by: str | None) -> None:
    query = {"fields": "name", **({"order_by": order_by} if order_by else {})}

    stream = FlexQuery("company").stream(query)

    assert EVERY == names(stream)
    assert 7 == stream.rows


def test_errors_before_the_first_row_are_raised_at_once(configure: Any) -> None:
    configure(GRANTS, MAX_LIMIT=1, EXPORT_TIMEOUT=0.000_000_1)

    with pytest.raises(TimeLimitExceededError):
        FlexQuery("company").stream({"fields": "name"})


@ON_POSTGRES
@pytest.mark.parametrize("ending", ["read", "given up"])
def test_the_time_limit_of_the_session_is_put_back(ending: str) -> None:
    run("SET statement_timeout = '12345ms'")
    try:
        stream = FlexQuery("company").stream({"fields": "name"})
        next(stream)
        if ending == "read":
            list(stream)
        stream.close()
        assert "12345ms" == run("SHOW statement_timeout")
        assert 0 == run("SELECT count(*) FROM pg_cursors")
    finally:
        run("RESET statement_timeout")


@ON_POSTGRES
def test_a_cursor_is_limited_too(configure: Any) -> None:
    from django.db.models import Q
    from django.db.models.expressions import RawSQL
    from django.db.models.fields import BooleanField

    slow = Q(RawSQL("pg_sleep(30) IS NOT NULL", (), output_field=BooleanField()))
    configure(grant("company", ops=OPS, rows=lambda _user: slow), MAX_LIMIT=1, EXPORT_TIMEOUT=0.3)

    with pytest.raises(TimeLimitExceededError):
        FlexQuery("company").stream({"fields": "name"})


def test_rows_outlive_the_transaction_of_a_view(settings: Any) -> None:
    class View(FlexQueryView):
        model = Company
        flex_permissions = GRANTS["company"]

    settings.MIDDLEWARE = MIDDLEWARE
    settings.ROOT_URLCONF = Urls(path("own/", transaction.atomic(View.as_view())))

    response: Any = Client().get("/own/?fields=name&format=ndjson")

    assert not connection.in_atomic_block
    assert EVERY == names(response.streaming_content)
    response.close()


def test_writes_in_between_do_no_harm() -> None:
    stream = FlexQuery("company").stream({"fields": "name"})
    first = next(stream)
    Company.objects.filter(name="Company 0").delete()
    Company.objects.create(name="New")

    found = names([first, *stream])

    assert EVERY == found[:7]
    assert len(found) in {7, 8}
