"""How large a reply may be, whatever repeats a value in it, and what finding out may cost."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import pytest
from django.db.models import F, TextField
from django.db.models.functions import Repeat

from django_flex import FlexQuery
from django_flex.plan import sizes
from django_flex.plan.json_values import encode
from django_flex.plan.streams import PIECE
from tests.doors.fronts import EVERYTHING, OPEN, Door, grant
from tests.testapp.models import Booking, Customer, Line

pytestmark = pytest.mark.usefixtures("bookings")

TEXT = "x" * 10_000
MOST = 40_000
EXPOSE = {
    **OPEN,
    "booking": {
        "anon": {
            **EVERYTHING,
            "fields": ["*", "customer.*", "long"],
            "ops": "*",
            "aggregates": "*",
        },
        "computed": {"long": Repeat(F("status"), 2_000, output_field=TextField())},
    },
}
REFUSED = {
    "error": "The reply would be too large",
    "code": "query.reply_size",
    "path": "fields",
    "hint": "ask for fewer or smaller fields, for fewer rows, or for a stream",
    "max_bytes": MOST,
}


def aliases(path: str, times: int = 10) -> str:
    return ", ".join(f"a{n}:{path}" for n in range(times))


def inside(name: str, fields: str, **more: Any) -> dict[str, Any]:
    return {"fields": "id", "related": {name: {"fields": fields, **more}}}


@pytest.fixture
def large(configure: Any) -> None:
    """Some rows with values of ten kilobytes, and replies of forty."""
    Customer.objects.filter(pk__in=[1, 2]).update(
        metadata={"text": TEXT, "deep": {"text": TEXT[:5_000]}, "small": 1}
    )
    Booking.objects.filter(pk__in=[1, 2]).update(internal_notes=TEXT, digest=TEXT.encode())
    Line.objects.filter(pk=1).update(note=TEXT[:20])
    configure(EXPOSE, MAX_REPLY_BYTES=MOST)


#: The model, and a query whose reply repeats a value of some kilobytes.
TOO_LARGE: dict[str, tuple[str, dict[str, Any]]] = {
    "a JSON value": ("customer", {"fields": aliases("metadata")}),
    "a text": ("booking", {"fields": aliases("internal_notes")}),
    "bytes": ("booking", {"fields": aliases("digest")}),
    "a computed text": ("booking", {"fields": aliases("long")}),
    "one row": ("customer", {"_id": 1, "fields": aliases("metadata")}),
    "a part of a JSON value": ("customer", {"fields": aliases("metadata.text")}),
    "parts that overlap": (
        "customer",
        {"fields": f"metadata, {aliases('metadata.deep')}, b:metadata.text, c:metadata.deep.text"},
    ),
    "a value of a related row": ("booking", {"fields": aliases("customer.metadata")}),
    "rows of a list": ("customer", inside("booking_set", aliases("internal_notes"))),
    "a list in each row": (
        "booking",
        {"fields": "id", "related": {"customer.booking_set": {"fields": "internal_notes, long"}}},
    ),
    "combinations": ("booking", {"fields": aliases("internal_notes"), "distinct": True}),
    "as a list": ("customer", {"fields": aliases("metadata"), "shape": "list"}),
    "by cursor": ("customer", {"fields": aliases("metadata"), "cursor": True}),
    "totals": (
        "booking",
        {"_action": "aggregate", "aggregate": aliases("internal_notes.max")},
    ),
    "totals beside a list": (
        "booking",
        {"fields": "id", "limit": 1, "aggregate": aliases("internal_notes.max")},
    ),
    "groups": (
        "booking",
        {
            "_action": "aggregate",
            "group_by": "internal_notes, customer.metadata.text",
            "aggregate": aliases("internal_notes.max", 5),
        },
    ),
}


@pytest.mark.parametrize(("model", "query"), TOO_LARGE.values(), ids=TOO_LARGE)
def test_a_reply_that_repeats_large_values_is_refused(
    model: str, query: dict[str, Any], large: None, configure: Any
) -> None:
    result = FlexQuery(model).execute(query)

    assert (400, REFUSED) == (result.status_code, result.data)

    configure(EXPOSE)
    allowed = FlexQuery(model).execute(query)
    assert allowed.ok, allowed.data
    assert len(encode(allowed.data)) > MOST


def test_every_door_refuses_it(role_door: Door) -> None:
    Customer.objects.update(metadata={"text": TEXT})

    reply = role_door.list(
        {"fields": aliases("metadata")},
        model="customer",
        expose=EXPOSE,
        statements=2,
        MAX_REPLY_BYTES=MOST,
    )

    assert (400, "query.reply_size") == (reply.status, reply.body["code"])


@pytest.mark.parametrize(
    "caching", [{}, {"STATEMENT_CACHE_SIZE": 0}], ids=["cached", "compiled-each-time"]
)
@pytest.mark.parametrize(
    ("model", "query"),
    [
        pytest.param("customer", {"fields": "*", "shape": "list"}, id="rows"),
        pytest.param("customer", {"fields": aliases("metadata"), "shape": "list"}, id="aliases"),
        pytest.param("customer", {"fields": "metadata.deep, metadata.small"}, id="parts"),
        pytest.param("booking", {"fields": "*, customer.*, lines.*, tags"}, id="everything"),
        pytest.param("customer", inside("booking_set", "internal_notes", offset=0), id="paged"),
    ],
)
def test_what_is_allowed_is_the_size_of_the_objects(
    model: str,
    query: dict[str, Any],
    caching: dict[str, Any],
    large: None,
    configure: Any,
) -> None:
    configure(EXPOSE)
    size = len(encode(FlexQuery(model).execute(query).data["results"]))

    configure(EXPOSE, MAX_REPLY_BYTES=int(size * 1.05), **caching)
    assert FlexQuery(model).execute(query).ok
    configure(EXPOSE, MAX_REPLY_BYTES=int(size * 0.9), **caching)
    assert "query.reply_size" == FlexQuery(model).execute(query).data["code"]


def test_values_that_are_hidden_from_the_caller_change_nothing(configure: Any) -> None:
    hidden = {**OPEN, "customer": {"anon": {**EVERYTHING, "rows": {"name": "Zoe"}}}}
    query = {"fields": f"id, customer.name, {aliases('customer.metadata', 20)}"}
    configure(hidden, MAX_REPLY_BYTES=MOST)
    before = FlexQuery("booking").execute(query).data
    Customer.objects.exclude(name="Zoe").update(metadata={"text": TEXT * 20})

    assert before == FlexQuery("booking").execute(query).data


def test_visible_values_of_related_rows_are_refused_before_they_are_decoded(
    configure: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measuring(*_args: Any) -> None:
        raise AssertionError

    guarded = {**OPEN, "customer": {"anon": {**EVERYTHING, "rows": {"vip": True}}}}
    configure(guarded, MAX_REPLY_BYTES=MOST)
    Customer.objects.filter(vip=True).update(metadata={"text": TEXT * 5})
    monkeypatch.setattr(sizes._ObjectSizes, "object", measuring)

    result = FlexQuery("booking").execute({"fields": aliases("customer.metadata", 5), "limit": 1})

    assert (400, "query.reply_size") == (result.status_code, result.data["code"])


def test_a_role_may_have_a_cap_of_its_own(large: None, configure: Any) -> None:
    query = {"fields": "metadata"}
    configure(grant("customer", limits={"max_reply_bytes": 30_000}))
    assert "query.reply_size" == FlexQuery("customer").execute(query).data["code"]
    configure(grant("customer", limits={"max_reply_bytes": 60_000}), MAX_REPLY_BYTES=1_000)
    assert FlexQuery("customer").execute(query).ok


def test_small_replies_are_not_measured(configure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def measuring(*_args: Any) -> None:
        raise AssertionError

    configure(EXPOSE)
    monkeypatch.setattr(sizes, "_ObjectSizes", measuring)

    assert FlexQuery("booking").execute({"fields": "*, customer.*, lines.*, tags"}).ok


# --- Batches and writes ---------------------------------------------------------------------------

ONE = {"_model": "customer", "_action": "get", "_id": 1, "fields": "metadata"}


@pytest.mark.parametrize("atomic", [True, False])
def test_the_cap_holds_for_all_replies_of_a_batch(large: None, atomic: bool) -> None:
    result = FlexQuery("customer").execute({"_batch": [ONE] * 4, "_atomic": atomic})

    if atomic:
        assert (400, "query.reply_size", "_batch[2].fields") == (
            result.status_code,
            result.data["code"],
            result.data["path"],
        )
    else:
        codes = [one.get("code") for one in result.data["results"]]
        assert [None, None, "query.reply_size", "query.reply_size"] == codes


@pytest.mark.parametrize(
    ("write", "status"),
    [
        pytest.param({"_action": "edit", "_id": 1, "name": "New"}, 400, id="one"),
        pytest.param({"_action": "edit", "_items": [{"id": 1, "name": "New"}]}, 400, id="many"),
        pytest.param(
            {
                "_action": "bulk_edit",
                "filters": {"id": 1},
                "_set": {"name": "New"},
                "_max_affected": 5,
            },
            400,
            id="by-filter",
        ),
        pytest.param(
            {"_action": "edit", "_id": 1, "name": "New", "_if_match": '"other"'}, 400, id="if-match"
        ),
    ],
)
def test_a_write_whose_reply_is_too_large_does_not_happen(
    write: dict[str, Any], status: int, large: None, configure: Any
) -> None:
    ops = ["get", "list", "edit", "bulk_edit"]
    configure(grant("customer", ops=ops), MAX_REPLY_BYTES=MOST)

    result = FlexQuery("customer").execute({**write, "_fields": aliases("metadata")})

    assert (400, "query.reply_size") == (result.status_code, result.data["code"])
    assert not Customer.objects.filter(name="New").exists()


# --- Memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["metadata", "metadata.text", "name, metadata"], ids=["value", "part", "pair"]
)
def test_aliases_do_not_multiply_memory(path: str, configure: Any) -> None:
    """A megabyte under 150 names is refused in a few times the memory of one."""
    Customer.objects.filter(pk=1).update(metadata={"text": "x" * 1_000_000})
    configure(OPEN, MAX_REPLY_BYTES=20_000_000)
    query = {"_id": 1, "fields": aliases(path.removeprefix("name, "), 150)}
    FlexQuery("customer").execute({**query, "_id": 2})

    tracemalloc.start()
    try:
        result = FlexQuery("customer").execute(query)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert "query.reply_size" == result.data["code"]
    assert peak < 12_000_000


# --- Streams --------------------------------------------------------------------------------------

EXPORT = {"customer": {"anon": {**EVERYTHING, "ops": ["list", "export"]}}}


@pytest.mark.parametrize("limit", [{}, {"limit": 4}], ids=["export", "page"])
@pytest.mark.parametrize("format_", ["ndjson", "csv", "json"])
def test_a_stream_may_be_larger_than_a_reply(
    format_: str, limit: dict[str, Any], large: None, configure: Any
) -> None:
    configure(EXPORT, MAX_REPLY_BYTES=12 * len(TEXT))
    query = {"fields": aliases("metadata.text"), "format": format_, **limit}

    pieces = list(FlexQuery("customer").stream(query))

    assert sum(map(len, pieces)) > 2 * 10 * len(TEXT)
    assert max(map(len, pieces)) < PIECE + 11 * len(TEXT)


@pytest.mark.parametrize("limit", [{}, {"limit": 4}], ids=["export", "page"])
def test_a_row_that_is_too_large_ends_a_stream(
    limit: dict[str, Any], large: None, configure: Any
) -> None:
    Customer.objects.filter(pk=1).update(metadata={})
    configure(EXPORT, MAX_REPLY_BYTES=MOST)
    query = {"fields": aliases("metadata.text"), **limit}

    first, last = [
        json.loads(line) for line in b"".join(FlexQuery("customer").stream(query)).splitlines()
    ]

    assert (1, "query.reply_size") == (first["id"], last["code"])
