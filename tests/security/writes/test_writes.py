"""Writes and rows: what a caller may not see cannot be changed, nor pointed to, nor told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db.models import Q

from tests.security.writes.writing import (
    HIDDEN,
    MISSING,
    OPEN,
    OTHER,
    ask,
    denied,
    expose,
    refused,
)
from tests.testapp.models import Booking, Invoice, Line, Service

pytestmark = pytest.mark.usefixtures("attacked")


def swapped(value: Any) -> Any:
    """Return a request or a reply with keys of no row in place of those of hidden rows."""
    text = json.dumps(value).replace(str(HIDDEN), str(MISSING)).replace("h-b", "h-x")
    return json.loads(text)


# Rows by key


@pytest.mark.parametrize(
    "spec",
    [
        {"_action": "edit", "id": HIDDEN, "status": "open"},
        {"_action": "edit", "_id": str(HIDDEN), "status": "open"},
        {"_action": "edit", "id": HIDDEN},
        {"_action": "edit", "id": HIDDEN, "status": "x" * 99},
        {"_action": "edit", "id": HIDDEN, "lines": {"$add": [{"product": "x"}]}},
        {"_action": "edit", "id": HIDDEN, "tags": ["blue"]},
        {"_action": "delete", "id": HIDDEN},
        {"_action": "delete", "_id": HIDDEN, "_if_match": "*"},
        {"_action": "edit", "id": HIDDEN, "seats": 1, "_if_match": '"x"'},
        {"_action": "edit", "_items": [{"id": OPEN, "seats": 1}, {"id": HIDDEN, "seats": 1}]},
        {"_action": "delete", "_items": [OPEN, HIDDEN]},
        {"_action": "delete", "_items": [{"id": HIDDEN}]},
    ],
)
def test_a_hidden_row_is_treated_as_missing(spec):
    assert refused(404, spec) == refused(404, swapped(spec))


def test_filters_choose_among_visible_rows_only():
    status, body = ask({"_action": "bulk_edit", "filters": {"seats": HIDDEN}, "_set": {"seats": 1}})
    assert (status, body) == (200, {"affected": 0, "results": []})
    status, body = ask({"_action": "bulk_edit", "filters": {}, "_set": {"seats": 1}})
    assert (status, body["affected"]) == (200, 2)
    assert Booking.objects.get(pk=HIDDEN).seats == HIDDEN
    assert ask({"_action": "bulk_delete", "filters": {}})[1]["affected"] == 2
    assert list(Booking.objects.values_list("pk", flat=True)) == [HIDDEN]


def test_rows_that_the_manager_hides_are_hidden_from_writes():
    edit = {"_action": "edit", "id": HIDDEN, "name": "x"}
    assert refused(404, edit, "service") == refused(404, swapped(edit), "service")
    point = {"_action": "edit", "id": OPEN, "service": HIDDEN}
    assert swapped(refused(400, point, "offer")) == refused(400, swapped(point), "offer")
    assert ask({"_action": "bulk_delete", "filters": {}}, "service")[1]["affected"] == 1
    assert Service.everything.filter(pk=HIDDEN).exists()


def test_an_upsert_does_not_find_a_hidden_row(configure):
    configure(expose(invoice={"fields": ["*", "booking"]}))
    match = {"_action": "upsert", "_match": "booking", "booking": OPEN, "number": "A-9"}
    status, body = ask(match, "invoice")
    assert (status, body["id"]) == (200, OPEN)
    assert Invoice.objects.get(pk=OPEN).number == "A-9"
    hidden = {"_action": "upsert", "_match": "booking", "booking": HIDDEN, "number": "A-9"}
    assert swapped(refused(400, hidden, "invoice")) == refused(400, swapped(hidden), "invoice")


@pytest.mark.parametrize(
    "name", ["nothing", "internal_notes", "customer.id", "lines", "x" * 5_000, "", "\ud800", "a.b"]
)
def test_a_match_is_by_columns_that_may_be_read(configure, name):
    configure(expose(booking={"fields": ["id", "status"], "write_fields": "*"}))
    for names in (name, [name], ["status", name]):
        spec = {"_action": "upsert", "_match": names, "customer": OPEN, "status": "x"}
        if name:
            assert denied(spec)["path"] == "_match"
            assert len(str(denied(spec))) < 300
        else:
            refused(400, spec)
    refused(400, {"_action": "upsert", "_match": "status", "customer": OPEN, "status": "x"})


# Keys of other rows


@pytest.mark.parametrize("name", ["customer", "customer_id"])
@pytest.mark.parametrize("key", [HIDDEN, str(HIDDEN)], ids=["number", "text"])
@pytest.mark.parametrize(
    "spec",
    [
        {"_action": "add"},
        {"_action": "edit", "id": OPEN},
        {"_action": "add", "status": "x" * 99, "day": "2025-01-01"},
    ],
)
def test_a_foreign_key_to_a_hidden_row_is_treated_as_one_to_a_missing_row(spec, name, key):
    hidden = refused(400, {**spec, name: key})
    missing = refused(400, swapped({**spec, name: key}))
    assert swapped(hidden) == missing
    assert hidden["codes"][name] == ["does_not_exist"]


@pytest.mark.parametrize(
    "spec",
    [
        {"_action": "add", "_items": [{"customer": OPEN}, {"customer": HIDDEN}]},
        {"_action": "edit", "_items": [{"id": OPEN, "customer": HIDDEN}]},
        {"_action": "bulk_edit", "filters": {}, "_set": {"customer": HIDDEN}},
        {"_action": "add", "_items": [{"customer": HIDDEN}, {"customer": HIDDEN}]},
    ],
)
def test_a_hidden_row_is_not_changed_by_lists_or_filters(spec):
    assert swapped(refused(400, spec)) == refused(400, swapped(spec))


def test_a_reference_to_a_model_whose_grant_is_empty_is_to_no_row():
    body = refused(400, {"_action": "edit", "id": OPEN, "team": OPEN})
    missing = refused(400, {"_action": "edit", "id": OPEN, "team": MISSING})
    assert json.loads(json.dumps(body).replace(str(OPEN), str(MISSING))) == missing
    assert body["codes"] == {"team": ["does_not_exist"]}


@pytest.mark.parametrize(
    "links", [["red", "h-b"], {"$set": ["h-b"]}, {"$add": ["h-b"]}, {"$add": ["h-b", "h-a"]}]
)
@pytest.mark.parametrize("spec", [{"_action": "edit", "id": OPEN}, {"_action": "add"}])
def test_a_link_to_a_hidden_row_answers_as_one_to_a_missing_row(spec, links):
    spec = {**spec, "customer": OPEN, "tags": links}
    assert swapped(refused(400, spec)) == refused(400, swapped(spec))


def tags() -> set[str]:
    return set(Booking.objects.get(pk=OPEN).tags.values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("links", "left"),
    [
        ({"$remove": ["h-a"]}, {"red", "h-a"}),
        ({"$remove": ["h-a", "red", "h-x"]}, {"h-a"}),
        ({"$set": []}, {"h-a"}),
        ([], {"h-a"}),
        (["blue"], {"h-a", "blue"}),
        ({"$add": ["blue"], "$remove": ["h-a", "red"]}, {"h-a", "blue"}),
    ],
)
def test_links_to_hidden_rows_stay(links, left):
    assert ask({"_action": "edit", "id": OPEN, "tags": links})[0] == 200
    assert tags() == left


def test_links_by_filter_reach_visible_rows_only():
    assert ask({"_action": "bulk_edit", "filters": {}, "_set": {"tags": ["blue"]}})[0] == 200
    assert tags() == {"blue", "h-a"}
    assert not Booking.objects.get(pk=HIDDEN).tags.exists()


# Rows inside rows


@pytest.mark.parametrize(
    "lines",
    [
        {"$edit": [{"id": HIDDEN, "product": "x"}]},  # hidden
        {"$edit": [{"id": OTHER, "product": "x"}]},  # of another booking
        {"$edit": [{"id": OPEN, "product": "x"}, {"id": OTHER, "product": "x"}]},
        {"$remove": [HIDDEN]},
        {"$remove": [OPEN, OTHER]},
        {"$set": [{"id": HIDDEN, "product": "x"}]},
        {"$set": [{"id": OTHER, "product": "x"}]},
        {"$edit": [{"id": OPEN, "product": "x"}], "$remove": [OPEN]},
    ],
)
def test_rows_of_others_cannot_be_written_inside_a_row(lines):
    spec = {"_action": "edit", "id": OPEN, "lines": lines}
    missing = json.loads(json.dumps(spec).replace(str(OTHER), str(HIDDEN)))
    assert refused(404, spec) == refused(404, swapped(missing))


def test_setting_the_rows_inside_leaves_hidden_ones_alone():
    assert ask({"_action": "edit", "id": OPEN, "lines": {"$set": [{"product": "new"}]}})[0] == 200
    left = set(Line.objects.filter(booking=OPEN).values_list("product", "quantity"))
    assert left == {("new", 1), ("mop", -1)}
    assert Line.objects.filter(pk__in=[OTHER, 1004]).count() == 2


def test_a_row_inside_has_one_key():
    for lines in ({"$edit": [{"id": OPEN, "_id": OTHER}]}, {"$set": [{"id": OPEN, "_id": OPEN}]}):
        refused(400, {"_action": "edit", "id": OPEN, "lines": lines})


@pytest.mark.parametrize("name", ["booking", "booking_id"])
@pytest.mark.parametrize("verb", ["$add", "$edit"])
def test_a_row_inside_cannot_be_given_to_another_row(name, verb):
    line = {name: OTHER, "product": "x"} | ({"id": OPEN} if verb == "$edit" else {})
    refused(400, {"_action": "edit", "id": OPEN, "lines": {verb: [line]}})


@pytest.mark.parametrize(
    "line",
    [
        {"add": {"check": {"product": "mop"}}},
        {"add": {"check": Q(product="mop")}},
        {"check": lambda user: Q(product="mop")},
    ],
)
def test_a_nested_row_has_to_satisfy_the_rules_of_its_model(configure, line):
    configure(expose(line=line))
    refused(403, {"_action": "edit", "id": OPEN, "lines": {"$add": [{"product": "x"}]}})
    refused(403, {"_action": "add", "customer": OPEN, "lines": [{"product": "x"}]})
    refused(
        403, {"_action": "add", "customer": OPEN, "lines": [{"product": "mop", "quantity": -1}]}
    )
    assert ask({"_action": "add", "customer": OPEN, "lines": [{"product": "mop"}]})[0] == 201


@pytest.mark.parametrize(
    ("ops", "verbs"),
    [
        (["get", "list"], {"$add", "$edit", "$remove", "$set"}),
        (["add"], {"$edit", "$remove", "$set"}),
        (["edit", "delete"], {"$add", "$set"}),
        (["add", "edit"], {"$remove", "$set"}),
    ],
)
def test_nested_writes_need_the_operation_on_their_model(configure, ops, verbs):
    configure(expose(line={"ops": ops}))
    values: dict[str, Any] = {"$add": [{"product": "x"}], "$edit": [{"id": OPEN}]}
    for verb in ("$add", "$edit", "$remove", "$set"):
        spec = {"_action": "edit", "id": OPEN, "lines": {verb: values.get(verb, [])}}
        if verb in verbs:
            denied(spec)
        else:
            assert ask(spec)[0] == 200


# In a batch


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({"_model": "booking", "_action": "edit", "id": HIDDEN, "status": "open"}, 404),
        ({"_model": "booking", "_action": "delete", "id": HIDDEN}, 404),
        ({"_model": "booking", "_action": "add", "customer": HIDDEN}, 400),
        ({"_model": "line", "_action": "add", "booking": HIDDEN, "product": "x"}, 400),
        ({"_model": "team", "_action": "add", "name": "x"}, 401),
        ({"_model": "team", "_id": OPEN}, 401),
        ({"_model": "company", "_action": "add", "name": "x"}, 404),
        ({"_model": "booking", "_id": HIDDEN}, 404),
    ],
)
def test_a_batch_grants_nothing_that_its_operations_lack(spec, status):
    first = {"_model": "booking", "_action": "edit", "id": OPEN, "status": "done"}
    body = refused(status, {"_batch": [first, spec]})
    assert swapped(body) == refused(status, {"_batch": [first, swapped(spec)]})
    assert body["path"].startswith("_batch[1]")
