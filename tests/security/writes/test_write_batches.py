"""Writes of many rows, several operations, dry runs and hooks: all of it or nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.signals import WRITE_SIGNALS
from tests.security.writes.writing import (
    HIDDEN,
    OPEN,
    OTHER,
    ask,
    denied,
    expose,
    refused,
    snapshot,
)
from tests.testapp.models import Booking, Customer, Line, Node

pytestmark = pytest.mark.usefixtures("attacked")


def batch(*operations: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"_batch": list(operations), **more}


# Lists and filters


@pytest.mark.parametrize(
    ("bad", "status"),
    [
        ({"customer": "x"}, 400),
        ({"customer": HIDDEN}, 400),
        ({"customer": OPEN, "status": "hidden"}, 403),
        ({"customer": OPEN, "nothing": 1}, 403),
        ({"customer": OPEN, "lines": [{"product": "x", "quantity": -1}]}, 403),
        ({"customer": OPEN, "tags": ["h-b"]}, 400),
        ({"customer": OPEN, "_id": 1}, 400),
        ({}, 400),
        (1, 400),
        ([], 400),
        (None, 400),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_one_bad_item_undoes_all(bad, status, first):
    good = {"customer": OPEN, "lines": [{"product": "x"}], "tags": ["blue"]}
    items = [bad, good, good] if first else [good, good, bad]
    body = refused(status, {"_action": "add", "_items": items})
    assert body["path"].startswith("_items[0]" if first else "_items[2]")


@pytest.mark.parametrize(
    "items",
    [
        [{"id": OPEN, "seats": 1}, {"id": OPEN, "seats": 2}],
        [{"id": OPEN, "seats": 1}, {"_id": str(OPEN), "seats": 2}],
        [{"id": OPEN, "seats": 1}, {"_id": f"0{OPEN}", "seats": 2}],
    ],
    ids=range(3),
)
def test_a_row_cannot_be_meant_twice(items):
    refused(400, {"_action": "edit", "_items": items})
    refused(
        400, {"_action": "delete", "_items": [item.get("id", item.get("_id")) for item in items]}
    )
    lines = [{"product": "x", **item} for item in items]
    for line in lines:
        line.pop("seats")
    refused(400, {"_action": "edit", "_id": OPEN, "lines": {"$edit": lines}})


def test_two_spellings_of_a_uuid_are_one_row():
    node = Node.objects.create(title="a")
    keys = [str(node.pk), str(node.pk).upper(), node.pk.hex]
    refused(400, {"_action": "delete", "_items": keys}, "node")
    refused(400, {"_action": "edit", "_items": [{"id": key, "title": "b"} for key in keys]}, "node")


def test_an_upsert_list_cannot_name_a_row_twice():
    items = [{"slug": "new", "date": "a"}, {"slug": "new", "date": "b"}]
    refused(400, {"_action": "upsert", "_match": "slug", "_items": items}, "tag")


def test_the_columns_that_a_row_is_known_by_are_not_edited(configure):
    configure(expose(tag={"add": {"fields": ["slug"]}, "edit": {"fields": ["date"]}}))
    spec = {"_action": "upsert", "_match": "slug", "slug": "red", "date": "x"}
    denied(spec, "tag")  # it might have to be added
    configure(expose(tag={"add": {"fields": ["slug", "date"]}, "edit": {"fields": ["date"]}}))
    assert ask(spec, "tag") == (200, {"slug": "red", "date": "x"})
    assert ask({**spec, "slug": "new"}, "tag") == (201, {"slug": "new", "date": "x"})
    for slug in ("h-a", "h-free"):  # one is taken, and none may be written
        assert refused(403, {**spec, "slug": slug}, "tag")["code"] == "row.denied"


@pytest.mark.parametrize("value", [None, [], {}, True])
def test_an_upsert_needs_a_value_to_match_by(configure, value):
    configure(expose(invoice={"write_fields": ["*", "booking"]}))
    for name in ("booking", "id"):
        spec = {"_action": "upsert", "_match": name, name: value, "number": "A-2"}
        assert ask(spec, "invoice")[0] in {400, 403}
    assert ask({"_action": "upsert", "_match": "number", "number": "A-1"}, "invoice")[0] == 400


@pytest.mark.parametrize(
    "spec", [{"_action": "bulk_edit", "_set": {"seats": 1}}, {"_action": "bulk_delete"}]
)
def test_a_write_by_filter_is_bounded(configure, spec):
    refused(400, spec)  # no filters are not "every row"
    refused(400, {**spec, "filters": None})
    refused(403, {**spec, "filters": {"internal_notes": ""}})
    refused(403, {**spec, "filters": {"nothing": ""}})
    assert refused(400, {**spec, "filters": {}, "_max_affected": 1})["code"] == "query.limit"
    values: list[Any] = [0, -1, "x", None, [], True, 1.5]
    for value in values:
        refused(400, {**spec, "filters": {}, "_max_affected": value})
    configure(expose(), MAX_ITEMS=1)
    refused(400, {**spec, "filters": {}, "_max_affected": 1_000})
    configure(expose(), MAX_ITEMS=2)
    assert ask({**spec, "filters": {}})[1]["affected"] == 2


def test_a_write_by_filter_multiplies_no_rows():
    spec = {"_action": "bulk_edit", "filters": {}, "_set": {"lines": {"$add": [{"product": "x"}]}}}
    refused(400, spec)


def test_one_bad_row_of_a_write_by_filter_undoes_all(configure):
    configure(expose(booking={"check": {"customer": OPEN}}))
    refused(403, {"_action": "bulk_edit", "filters": {}, "_set": {"seats": 1}})


def test_lists_are_bounded(configure):
    configure(expose(), MAX_ITEMS=2, MAX_BATCH=2)
    three = [{"customer": OPEN}] * 3
    assert refused(400, {"_action": "add", "_items": three})["code"] == "query.limit"
    assert refused(400, {"_action": "delete", "_items": [1, 2, 3]})["code"] == "query.limit"
    assert (
        refused(400, {"_action": "edit", "id": OPEN, "tags": ["a", "b", "c"]})["code"]
        == "query.limit"
    )
    lines = [{"product": "x"}] * 5
    refused(400, {"_action": "add", "customer": OPEN, "lines": lines})
    refused(400, {"_action": "edit", "id": OPEN, "lines": {"$remove": [1, 2, 3]}})
    step = {"_model": "booking", "_action": "add", "customer": OPEN}
    assert refused(400, batch(step, step, step))["code"] == "query.limit"


@pytest.mark.parametrize("items", [[], {}, None, "x", 1, True, {"0": {}}], ids=range(7))
def test_an_empty_list_or_none_is_refused(items):
    for action in ("add", "edit", "delete"):
        refused(400, {"_action": action, "_items": items})
    refused(400, {"_batch": items})


# Several operations

ADD = {"_model": "customer", "_action": "add", "name": "x", "vip": True, "_name": "c"}
USE = {"_model": "booking", "_action": "add", "customer": {"$ref": "c.id"}, "_name": "b"}


def test_a_reference_gives_what_the_earlier_reply_shows():
    status, body = ask(batch(ADD, {**USE, "_fields": "customer.name"}))
    assert (status, body["results"][1]) == (200, {"customer": {"name": "x"}})


@pytest.mark.parametrize(
    "reference",
    [
        "b.id",  # itself
        "later.id",
        "nothing.id",
        "c",
        "c.",
        "c.nothing",
        "c.email",  # not shown
        "c.api_token",
        "c.__class__",
        "c.id.real",
        "c.name.0",
        "c.metadata.x",
        "c.company",  # null
        "",
        ".",
        None,
        1,
        [],
        {},
        {"$ref": "c.id"},
        "x" * 5_000,
        "\ud800",
    ],
    ids=range(22),
)
def test_a_reference_to_anything_else_is_refused(reference):
    later = {"_model": "tag", "_action": "add", "slug": "x", "_name": "later"}
    use = {**USE, "customer": {"$ref": reference}}
    body = refused(400, batch(ADD, use, later))
    assert body["path"].startswith("_batch[1].customer")


def test_a_reference_does_not_lead_past_the_rules():
    # A hidden row's key, found out by a foreign key that may be read, is no more than the key.
    see = {"_model": "booking", "_id": OTHER, "_name": "b"}
    assert ask(batch(see))[1]["results"][0]["customer"] == HIDDEN
    for use, status in (
        ({"_model": "customer", "_id": {"$ref": "b.customer"}}, 404),
        ({"_model": "customer", "_action": "delete", "_id": {"$ref": "b.customer"}}, 404),
        ({"_model": "booking", "_action": "add", "customer": {"$ref": "b.customer"}}, 400),
        ({"_model": "customer", "_action": "delete", "_items": [{"$ref": "b.customer"}]}, 404),
    ):
        refused(status, batch(see, use))
    by_filter = {
        "_model": "customer",
        "_action": "bulk_delete",
        "filters": {"id": {"$ref": "b.customer"}},
    }
    assert ask(batch(see, by_filter))[1]["results"][1]["affected"] == 0


def test_what_an_operation_is_cannot_be_a_reference():
    named = {"_model": "tag", "_action": "add", "slug": "delete", "_name": "t"}
    for key in ("_action", "_model", "_name"):
        use = {"_model": "booking", "_action": "delete", "_id": OPEN, key: {"$ref": "t.slug"}}
        refused(400, batch(named, use))
    inner = {"_model": "booking", "_action": "edit", "_id": OPEN, "_batch": {"$ref": "t"}}
    refused(400, batch(named, inner))


def test_references_in_filters_keys_and_lists():
    look = {"_model": "line", "_action": "list", "_name": "l", "shape": "list"}
    use = {
        "_model": "line",
        "_action": "bulk_edit",
        "filters": {"id": {"$ref": "l.results.0.id"}},
        "_set": {"note": {"$ref": "l.results.1.product"}},
    }
    assert ask(batch(look, use))[1]["results"][1]["affected"] == 1
    assert Line.objects.filter(note="mop").count() == 1


def test_references_cannot_grow_without_bound():
    first = {"_model": "customer", "_action": "edit", "id": OPEN, "metadata": {"a": "x" * 20_000}}
    steps = [{**first, "_name": "s0"}]
    for n in range(12):
        value = [{"$ref": f"s{n}.metadata"}] * 10
        steps.append({**first, "metadata": value, "_name": f"s{n + 1}"})
    with CaptureQueriesContext(connection) as captured:
        assert refused(400, batch(*steps))["code"] == "query.limit"
    assert sum(len(one["sql"]) for one in captured.captured_queries) < 5_000_000


@pytest.mark.parametrize("depth", [40, 3_000])
def test_a_deep_operation_is_refused(depth):
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    step = {"_model": "customer", "_action": "edit", "id": OPEN, "metadata": value}
    assert refused(400, batch(step))["code"] == "query.limit"


def test_names_of_operations_are_valid_and_distinct():
    names: list[Any] = ["", "a.b", "a b", "1", 1, [], "x" * 65, "é"]
    for name in names:
        refused(400, batch({**ADD, "_name": name}))
    refused(400, batch(ADD, ADD))


def test_an_operation_is_no_batch_and_no_dry_run():
    refused(400, batch({**ADD, "_dry_run": True}))
    refused(400, batch({**ADD, "_batch": [ADD]}))
    refused(400, {**batch(ADD), "customer": OPEN})
    refused(400, {**batch(ADD), "_items": [{}]})


def test_of_a_batch_that_is_not_atomic_each_operation_stands_for_itself():
    bad = {"_model": "booking", "_action": "delete", "id": HIDDEN}
    status, body = ask(batch(ADD, bad, USE, _atomic=False))
    assert status == 200
    assert [one.get("status_code") for one in body["results"]] == [None, 404, None]
    assert Booking.objects.filter(customer__name="x").count() == 1
    refused(400, batch(ADD, _atomic=False, _dry_run=True))


# Dry runs and hooks


@pytest.mark.parametrize(
    "spec",
    [
        {"_action": "add", "customer": OPEN, "tags": ["blue"], "lines": [{"product": "x"}]},
        {"_action": "edit", "id": OPEN, "status": "x", "tags": [], "lines": {"$set": []}},
        {"_action": "delete", "id": OPEN},
        {"_action": "bulk_edit", "filters": {}, "_set": {"seats": 1, "tags": ["blue"]}},
        {"_action": "bulk_delete", "filters": {}},
        {"_action": "add", "_items": [{"customer": OPEN}, {"customer": OTHER}]},
        {"_batch": [ADD, USE]},
    ],
    ids=range(7),
)
def test_a_dry_run_leaves_nothing(configure, django_capture_on_commit_callbacks, spec):
    ran: list[str] = []
    hooks = {
        f"after_commit_{name}": lambda **_: ran.append("x") for name in ("add", "edit", "delete")
    }
    written = {**expose(), "booking": {**expose()["booking"], "hooks": hooks}}
    configure(written)
    before = snapshot()
    with django_capture_on_commit_callbacks(execute=True):
        result = FlexQuery("booking").execute({**spec, "_dry_run": True})
    assert result.status_code in {200, 201}
    assert (snapshot() == before, ran) == (True, [])
    assert "Location" not in result.headers
    assert result.created is None
    with django_capture_on_commit_callbacks(execute=True):
        assert FlexQuery("booking").execute(spec).status_code in {200, 201}
    assert (snapshot() == before, ran == []) == (False, False)


def test_a_dry_run_is_refused_as_the_write_would_be():
    refused(403, {"_action": "edit", "id": OPEN, "status": "hidden", "_dry_run": True})
    refused(404, {"_action": "delete", "id": HIDDEN, "_dry_run": True})
    denied({"_action": "edit", "id": OPEN, "internal_notes": "x", "_dry_run": True})
    values: list[Any] = ["yes", 1, None, [], "true"]
    for value in values:
        refused(400, {"_action": "delete", "id": OPEN, "_dry_run": value})


WRITES: dict[str, dict[str, Any]] = {
    "add": {"_action": "add", "customer": OPEN, "lines": [{"product": "x"}], "tags": ["red"]},
    "edit": {"_action": "edit", "id": OPEN, "seats": 1, "lines": {"$remove": [OPEN]}, "tags": []},
    "delete": {"_action": "delete", "_items": [OPEN, OTHER]},
}


def raising(error: Exception) -> Any:
    def hook(**_kwargs: Any) -> None:
        raise error

    return hook


@pytest.mark.parametrize("operation", list(WRITES))
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("way", ["hook", "signal"])
@pytest.mark.parametrize(
    "veto",
    [
        (PermissionDenied("not today"), 403, "not today"),
        (PermissionDenied(), 403, "Access denied"),
        (ValidationError({"seats": "too few"}), 400, "too few"),
        (ValidationError("not so"), 400, "not so"),
    ],
    ids=["text", "bare", "field", "row"],
)
def test_a_hook_may_veto(configure, request, operation, moment, way, veto):
    error, status, text = veto
    name, hook = f"{moment}_{operation}", raising(error)
    if way == "hook":
        configure({**expose(), "booking": {**expose()["booking"], "hooks": {name: hook}}})
    else:
        WRITE_SIGNALS[name].connect(hook, sender=Booking, weak=False)
        request.addfinalizer(lambda: WRITE_SIGNALS[name].disconnect(hook, sender=Booking))
    assert text in str(refused(status, WRITES[operation]))
    refused(status, batch(ADD, {"_model": "booking", **WRITES[operation]}))


@pytest.mark.parametrize("operation", list(WRITES))
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_hook_that_fails_undoes_all_and_is_logged(configure, client, operation, moment):
    hooks = {f"{moment}_{operation}": raising(RuntimeError("a secret of the project"))}
    configure({**expose(), "booking": {**expose()["booking"], "hooks": hooks}})
    before = snapshot()
    with pytest.raises(RuntimeError):
        ask(WRITES[operation])
    assert snapshot() == before
    client.raise_request_exception = False
    response = client.post(
        "/api/", {"_model": "booking", **WRITES[operation]}, content_type="application/json"
    )
    assert response.status_code == 500
    assert response.json() == {"error": "Internal error", "code": "internal"}
    assert snapshot() == before


@pytest.mark.parametrize("hooks", [{"before_add": "no.such.hook"}, {"before_add": 1}, "x", 5])
def test_a_hook_that_cannot_be_imported_vetoes(configure, hooks):
    configure({**expose(), "booking": {**expose()["booking"], "hooks": hooks}})
    refused(403, {"_action": "add", "customer": OPEN})
    assert Customer.objects.count() == 3


@pytest.mark.parametrize("ops", [["get", "list"], [], ["edit"]], ids=["reads", "nothing", "edits"])
@pytest.mark.parametrize("action", ["add", "upsert"])
def test_a_batch_is_not_repeated_for_who_may_not_send_it_any_more(
    db: None, configure: Any, action: str, ops: list[str]
) -> None:
    def send() -> Any:
        row = {"_model": "tag", "_action": action, "slug": "a", "date": "today"}
        match = {"_match": "slug"} if action == "upsert" else {}
        batch = {"_batch": [{**row, **match}]}
        headers = {"Idempotency-Key": "one"}
        return Client().post("/api/", batch, "application/json", headers=headers)

    grant = {"rows": "*", "fields": ["*"], "add": {"fields": ["slug", "date"]}}
    configure({"tag": {"anon": {**grant, "ops": ["get", "add", "edit"]}}})
    assert ([200, 200], "true") == (
        [send().status_code, (again := send()).status_code],
        again.headers["Idempotency-Replayed"],
    )

    configure({"tag": {"anon": {**grant, "ops": ops}}})
    assert (401, "_batch[0]") == ((refused := send()).status_code, refused.json()["path"])
