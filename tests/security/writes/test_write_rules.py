"""Rules of a write: which rows may be changed, what they must be afterwards, what is preset."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from tests.security.writes.writing import EVERY, HIDDEN, OPEN, OTHER, ask, denied, expose, refused
from tests.testapp.models import Booking, Line

pytestmark = pytest.mark.usefixtures("attacked")

NOT_HIDDEN: list[Any] = [
    {"status.ne": "hidden"},
    ~Q(status="hidden"),
    lambda user: ~Q(status="hidden"),
    lambda user, request: ~Q(status="hidden"),
]
EACH_KIND = pytest.mark.parametrize("rule", NOT_HIDDEN, ids=["data", "q", "user", "request"])
LEAVING = [
    {"_action": "edit", "id": OPEN, "status": "hidden"},
    {"_action": "edit", "_items": [{"id": OTHER, "seats": 1}, {"id": OPEN, "status": "hidden"}]},
    {"_action": "bulk_edit", "filters": {"id": OPEN}, "_set": {"status": "hidden"}},
    {"_action": "add", "customer": OPEN, "status": "hidden"},
    {"_action": "add", "_items": [{"customer": OPEN}, {"customer": OPEN, "status": "hidden"}]},
    {"_action": "add", "customer": OPEN, "status": "hidden", "lines": [{"product": "x"}]},
    {"_action": "edit", "id": OPEN, "status": "hidden", "tags": ["blue"], "_dry_run": True},
]


@EACH_KIND
@pytest.mark.parametrize("spec", LEAVING)
def test_a_row_cannot_be_written_out_of_the_rows(configure, rule, spec):
    configure(expose(booking={"rows": rule}))
    body = refused(403, spec)
    assert (body["code"], body["error"]) == (
        "row.denied",
        "Access denied: you may not write a row with these values",
    )


@EACH_KIND
@pytest.mark.parametrize("spec", LEAVING)
def test_a_write_cannot_violate_a_check(configure, rule, spec):
    configure(expose(booking={"rows": "*", "check": rule}))
    assert refused(403, spec)["code"] == "row.denied"


def test_a_check_of_one_operation_is_not_asked_of_the_other(configure):
    configure(expose(booking={"add": {"check": {"seats.lte": 5}}}))
    refused(403, {"_action": "add", "customer": OPEN, "seats": 6})
    refused(403, {"_action": "add", "customer": OPEN})
    assert ask({"_action": "add", "customer": OPEN, "seats": 5})[0] == 201
    assert ask({"_action": "edit", "id": OPEN, "seats": 6})[0] == 200


def test_checks_of_both_places_hold_together(configure):
    configure(expose(booking={"check": {"seats.gte": 2}, "edit": {"check": {"seats.lte": 5}}}))
    refused(403, {"_action": "edit", "id": OPEN, "seats": 1})
    refused(403, {"_action": "edit", "id": OPEN, "seats": 6})
    assert ask({"_action": "edit", "id": OPEN, "seats": 3})[0] == 200


def test_a_rule_over_links_is_held_against_the_links_as_written(configure):
    configure(expose(booking={"rows": {"tags.slug": "red"}}))
    refused(403, {"_action": "edit", "id": OPEN, "tags": ["blue"]})
    refused(403, {"_action": "add", "customer": OPEN, "tags": ["blue"]})
    assert ask({"_action": "add", "customer": OPEN, "tags": ["blue", "red"]})[0] == 201


def test_a_rule_over_rows_inside_is_held_against_them_as_written(configure):
    configure(expose(booking={"rows": {"lines.product": "mop"}}, line={"rows": "*"}))
    refused(403, {"_action": "edit", "id": OPEN, "lines": {"$set": [{"product": "x"}]}})
    refused(403, {"_action": "add", "customer": OPEN, "lines": [{"product": "x"}]})
    assert ask({"_action": "add", "customer": OPEN, "lines": [{"product": "mop"}]})[0] == 201


def test_a_rule_over_a_foreign_key_is_held_against_the_new_one(configure):
    configure(expose(booking={"rows": {"customer.name": "Aisha"}}))
    refused(403, {"_action": "edit", "id": OPEN, "customer": OTHER})


# Which rows may be changed


@EACH_KIND
def test_rows_of_editing_narrow_what_is_edited_and_nothing_else(configure, rule):
    configure(expose(booking={"rows": "*", "edit": {"rows": rule}}))
    refused(404, {"_action": "edit", "id": HIDDEN, "seats": 1})
    assert ask({"_id": HIDDEN})[0] == 200
    assert ask({"_action": "bulk_edit", "filters": {}, "_set": {"seats": 1}})[1]["affected"] == 2
    # What the row is afterwards is for `rows` and `check` to say.
    assert ask({"_action": "edit", "id": OPEN, "status": "hidden"})[0] == 200
    assert ask({"_action": "delete", "id": HIDDEN})[0] == 200


@EACH_KIND
def test_rows_of_deleting_narrow_what_is_deleted_and_nothing_else(configure, rule):
    configure(expose(booking={"rows": "*", "delete": {"rows": rule, "cascade": "*"}}))
    refused(404, {"_action": "delete", "id": HIDDEN})
    refused(404, {"_action": "delete", "_items": [OPEN, HIDDEN]})
    assert ask({"_action": "edit", "id": HIDDEN, "seats": 1})[0] == 200
    assert ask({"_action": "bulk_delete", "filters": {}})[1]["affected"] == 2
    assert Booking.objects.filter(pk=HIDDEN).exists()


def test_rows_of_editing_and_deleting_hold_for_rows_inside(configure):
    configure(expose(line={"edit": {"rows": {"quantity": 7}}, "delete": {"rows": {"quantity": 7}}}))
    refused(404, {"_action": "edit", "id": OPEN, "lines": {"$edit": [{"id": OPEN, "note": "x"}]}})
    refused(404, {"_action": "edit", "id": OPEN, "lines": {"$remove": [OPEN]}})
    assert ask({"_action": "edit", "id": OPEN, "lines": {"$set": []}})[0] == 200
    assert Line.objects.filter(pk=OPEN).exists()


def test_rows_of_editing_hold_for_an_upsert(configure):
    configure(
        expose(invoice={"fields": ["*", "booking"], "edit": {"rows": {"number": "none"}}}),
    )
    refused(
        400, {"_action": "upsert", "_match": "booking", "booking": OPEN, "number": "A-2"}, "invoice"
    )


def fails(user: Any) -> Q:
    raise RuntimeError("a rule of the project")


BROKEN: list[Any] = [
    fails,
    lambda user: None,
    lambda user: Q(),
    lambda user: True,
    lambda user: {"status": "open"},
    lambda user: Q(nothing=1),
    Q(),
    {},
    None,
    "",
    [],
    {"nothing": 1},
]


@pytest.mark.parametrize("place", ["rows", "check", "edit.rows", "edit.check"])
@pytest.mark.parametrize("rule", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.filterwarnings("ignore")
def test_a_broken_rule_denies(configure, place, rule):
    outer, _, inner = place.partition(".")
    configure(expose(booking={outer: {inner: rule} if inner else rule}))
    before = Booking.objects.get(pk=OPEN).seats
    for spec in (
        {"_action": "edit", "id": OPEN, "seats": 1},
        {"_action": "bulk_edit", "filters": {}, "_set": {"seats": 1}},
    ):
        status, body = ask(spec)
        assert status in {401, 403, 404} or body["affected"] == 0
    assert Booking.objects.get(pk=OPEN).seats == before


@pytest.mark.parametrize("rule", BROKEN, ids=range(len(BROKEN)))
@pytest.mark.filterwarnings("ignore")
def test_a_broken_rule_of_deleting_denies(configure, rule):
    configure(expose(booking={"delete": {"rows": rule}}))
    assert ask({"_action": "delete", "id": OPEN})[0] in {401, 403, 404}
    assert Booking.objects.filter(pk=OPEN).exists()


# Presets


def test_presets_win_over_what_was_sent(configure):
    presets = {"status": "preset", "customer": OTHER, "created_by": {"$user": "id"}}
    configure(expose(booking={"presets": presets}))
    user = User.objects.get(username="boss")
    sent = {"status": "mine", "customer_id": OPEN, "created_by": None}
    spec = {"_action": "add", **sent, "_fields": "status, customer, created_by"}
    expected = {"status": "preset", "customer": OTHER, "created_by": user.pk}
    status, body = ask(spec, user=user)
    assert (status, body) == (201, expected)
    status, body = ask({**spec, "_action": "edit", "id": OPEN}, user=user)
    assert (status, body) == (200, expected)
    assert ask({"_action": "bulk_edit", "filters": {}, "_set": sent}, user=user)[0] == 200
    assert Booking.objects.filter(**expected).count() == 3


def test_presets_need_not_be_writable_nor_readable(configure):
    configure(expose(booking={"fields": ["seats", "customer"], "presets": {"status": "preset"}}))
    denied({"_action": "add", "customer": OPEN, "status": "x"})
    status, body = ask({"_action": "add", "customer": OPEN})
    assert (status, set(body)) == (201, {"customer", "seats"})
    assert Booking.objects.get(status="preset").customer_id == OPEN


def test_a_preset_of_one_operation_replaces_the_common_one(configure):
    configure(
        expose(
            booking={"presets": {"status": "both", "seats": 3}, "add": {"presets": {"seats": 4}}}
        )
    )
    body = ask({"_action": "add", "customer": OPEN, "_fields": "status, seats"})[1]
    assert body == {"status": "both", "seats": 4}
    body = ask({"_action": "edit", "id": OPEN, "_fields": "status, seats"})[1]
    assert body == {"status": "both", "seats": 3}


def test_a_preset_covers_keys_inside_its_column(configure):
    configure(expose(customer={"presets": {"metadata": {"level": 0}}}))
    spec = {"_action": "edit", "id": OPEN, "metadata.pin": "mine", "_fields": "metadata"}
    assert ask(spec, "customer") == (200, {"metadata": {"level": 0}})


def test_presets_apply_to_nested_rows_whatever_the_outer_row_sends(configure):
    configure(expose(line={"presets": {"note": "preset"}}))
    line = {"product": "x", "note": "mine"}
    assert ask({"_action": "edit", "id": OPEN, "lines": {"$add": [line]}})[0] == 200
    assert Line.objects.get(product="x").note == "preset"
    configure(expose(line={"presets": {"booking": OTHER}}))
    spec = {"_action": "edit", "id": OPEN, "lines": {"$add": [{"product": "y"}]}}
    denied(spec)


@pytest.mark.parametrize("action", ["add", "edit"])
def test_a_preset_of_a_user_is_a_refusal_for_nobody(configure, action):
    configure(expose(booking={"presets": {"created_by": {"$user": "id"}}}))
    key = {"id": OPEN} if action == "edit" else {"customer": OPEN}
    denied({"_action": action, **key, "status": "x"})
    denied({"_action": action, **key, "created_by": OPEN})


def test_a_preset_value_is_held_against_the_rules(configure):
    configure(expose(booking={"presets": {"status": "hidden"}}))
    refused(403, {"_action": "add", "customer": OPEN})
    refused(403, {"_action": "edit", "id": OPEN})


@pytest.mark.parametrize(
    ("operation", "spec"),
    [
        ("add", {"_action": "add", "customer": OPEN}),
        ("add", {"_action": "add", "nothing": 1}),
        ("edit", {"_action": "edit", "id": OPEN, "seats": 1}),
        ("edit", {"_action": "edit", "id": HIDDEN, "nothing": 1}),
        ("delete", {"_action": "delete", "_items": [OPEN]}),
        ("bulk_edit", {"_action": "bulk_edit", "filters": {"nothing": 1}, "_set": {"seats": 1}}),
        ("bulk_delete", {"_action": "bulk_delete", "filters": {}}),
        ("add", {"_action": "upsert", "_match": "id", "id": OPEN}),
        ("edit", {"_action": "upsert", "_match": "nothing", "id": OPEN}),
    ],
)
def test_a_role_without_the_operation_is_denied_whatever_is_sent(configure, operation, spec):
    ops = [name for name in EVERY if name != operation]
    configure(expose(booking={"ops": ops}))
    name = spec["_action"]
    error = {"error": "Authentication required", "code": "auth.required"}
    assert denied(spec) == error
    configure(expose(booking={"ops": []}))
    assert denied(spec) == error
    configure({"booking": {"anon": "*"}})
    if name.startswith("bulk"):
        denied(spec)
