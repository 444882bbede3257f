"""Exports chunk by chunk: in which order, within which time, and that nothing is left behind."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from django_flex import FlexQuery, FlexQueryView
from django_flex.backends.orm.reading import streams
from django_flex.exceptions import TimeLimitExceededError
from django_flex.plan.nodes import SelectOutput, Weight
from tests.backends.conftest import ON_POSTGRES, Threads, run
from tests.doors.fronts import MIDDLEWARE, Urls, grant
from tests.testapp.models import Company

pytestmark = pytest.mark.django_db(transaction=True)

OPS = ["list", "export"]
GRANTS = grant("company", ops=OPS)


@pytest.fixture(autouse=True)
def companies(configure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven companies, and exports in chunks of two."""
    monkeypatch.setattr(streams, "CHUNK", 2)
    Company.objects.bulk_create(Company(name=f"Company {n}") for n in range(7))
    configure(GRANTS, MAX_LIMIT=1)


def names(pieces: Any) -> list[str]:
    return [json.loads(line)["name"] for line in b"".join(pieces).splitlines()]


EVERY = [f"Company {n}" for n in range(7)]


@pytest.mark.parametrize("order_by", [None, "name"])
def test_rows_come_in_chunks(order_by: str | None) -> None:
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


# --- What is left behind --------------------------------------------------------------------------


def read_out(stream: Any, threads: Threads) -> None:
    list(stream)
    stream.close()


def give_up(stream: Any, threads: Threads) -> None:
    next(stream)
    stream.close()


def never_start(stream: Any, threads: Threads) -> None:
    stream.close()


def forget(stream: Any, threads: Threads) -> None:
    next(stream)
    del stream
    gc.collect()


def close_elsewhere(stream: Any, threads: Threads) -> None:
    next(stream)
    assert [None] == threads.outcomes(stream.close)


ENDINGS = [read_out, give_up, never_start, forget, close_elsewhere]


@contextmanager
def unchanged() -> Iterator[None]:
    """Compare the state of the connection before and after."""

    def state() -> tuple[Any, ...]:
        timeout = run("SHOW statement_timeout") if connection.vendor == "postgresql" else None
        cursors = timeout and run("SELECT count(*) FROM pg_cursors")
        block = (connection.in_atomic_block, connection.needs_rollback)
        inner = (tuple(connection.savepoint_ids), len(connection.execute_wrappers))
        return (connection.get_autocommit(), *block, *inner, timeout, cursors)

    before = state()
    yield
    assert before == state()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("order_by", [None, "name"], ids=["by key", "sorted"])
@pytest.mark.parametrize("within", [nullcontext, transaction.atomic], ids=["alone", "in-atomic"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_however_a_stream_ends_the_connection_is_as_before(
    ending: Callable[..., None], within: Any, order_by: str | None, threads: Threads
) -> None:
    query = {"fields": "name", **({"order_by": order_by} if order_by else {})}
    with within():
        Company.objects.create(name="of the project")
        with unchanged():
            ending(FlexQuery("company").stream(query), threads)
        Company.objects.create(name="of the project")

    assert 2 == Company.objects.filter(name="of the project").count()


@pytest.mark.parametrize("within", [nullcontext, transaction.atomic], ids=["alone", "in-atomic"])
def test_a_stream_that_fails_in_the_middle_leaves_the_connection_as_it_was(
    within: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(children: Any, rows: Any, *_rest: Any) -> Any:
        return run("SELECT nonsense FROM nowhere") if rows[0][0] > first else rows

    first = Company.objects.order_by("pk").values_list("pk", flat=True)[1]
    monkeypatch.setattr(streams, "with_lists", breaking)
    with within():
        with unchanged():
            *rows, last = list(FlexQuery("company").stream({"fields": "name"}))
        assert (1, "internal") == (len(rows), json.loads(last)["code"])
        Company.objects.create(name="of the project")

    assert Company.objects.filter(name="of the project").exists()


def test_rows_of_an_open_transaction_are_exported() -> None:
    with transaction.atomic():
        Company.objects.create(name="not stored yet")

        found = names(FlexQuery("company").stream({"fields": "name"}))

    assert [*EVERY, "not stored yet"] == found


@pytest.mark.parametrize("order_by", [None, "-id", "name"])
def test_a_row_that_leaves_the_caller_s_sight_in_between_is_left_out(
    order_by: str | None, configure: Any
) -> None:
    rule = {"name.startswith": "Company"}
    configure(grant("company", ops=OPS, rows=rule), MAX_LIMIT=1)
    query = {"fields": "name", **({"order_by": order_by} if order_by else {})}
    expected = EVERY[::-1] if order_by == "-id" else EVERY

    stream = FlexQuery("company").stream(query)
    first = next(stream)
    Company.objects.filter(name="Company 3").update(name="hidden")

    assert [name for name in expected if name != "Company 3"] == names([first, *stream])


@pytest.mark.parametrize(
    ("query", "statements"),
    [
        pytest.param({}, 1, id="by key"),
        pytest.param({"order_by": "-id"}, 1, id="by key, last first"),
        pytest.param({"order_by": "name"}, 2, id="sorted"),
        pytest.param({"distinct": True}, 1, id="combinations"),
    ],
)
def test_the_first_rows_need_only_statements_of_their_own(
    query: dict[str, Any], statements: int
) -> None:
    with CaptureQueriesContext(connection) as captured:
        next(FlexQuery("company").stream({"fields": "name", **query}))

    of_keys = connection.vendor == "mysql" and statements == 1 and "distinct" not in query
    assert statements + of_keys == len(captured)


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_a_sorted_export_takes_its_keys_some_at_a_time(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MANY", chunk)

    found = names(FlexQuery("company").stream({"fields": "name", "order_by": "-name"}))

    assert EVERY[::-1] == found


def test_a_sorted_export_of_what_nothing_can_be_is_empty() -> None:
    query = {"fields": "name", "order_by": "-name", "filters": {"id.in": []}}

    assert b"" == b"".join(FlexQuery("company").unrestricted().stream(query))


@pytest.mark.parametrize("chunks", [1, 2, 10])
def test_combinations_come_once_each(chunks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "CHUNKS_OF_COMBINATIONS", chunks)
    query = {"fields": "name", "distinct": True, "offset": 1, "limit": 5}

    assert EVERY[1:6] == names(FlexQuery("company").stream(query))


@pytest.mark.parametrize(
    ("size", "rows"),
    [(1, 400), (2 * streams.CHUNK_BYTES, 100), (10**12, 1), (math.inf, 200)],
    ids=["grow", "shrink", "one", "unknown"],
)
def test_a_chunk_has_as_many_rows_as_fit_its_size_in_bytes(size: float, rows: int) -> None:
    weight = Weight(each=0, least=0, open=((0, 6, 3),), masked=(), repeats=False, extra=0)
    output = SelectOutput((), (), (), lambda _row: {}, weight)
    chunk_size = streams.ChunkSize(output, 400)
    assert 200 == chunk_size.rows

    chunk_size.reply_size.upper_bound = size
    chunk_size.took(200)

    assert rows == chunk_size.rows
