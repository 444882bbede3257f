"""Writes and columns: only what is granted is written, and all that is not looks the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from tests.security.writes.writing import HIDDEN, OPEN, OTHER, ask, denied, expose, granted, refused
from tests.testapp.models import Booking, Customer, Line, Node, Tag

pytestmark = pytest.mark.usefixtures("attacked")

#: For a role that may write the status of a booking and add lines to it.
NARROW = expose(
    booking={
        "fields": ["id", "status", "seats", "customer"],
        "write_fields": ["status", "customer"],
    },
    line={"fields": ["product", "booking"], "ops": ["get"]},
    invoice={"ops": ["get", "list"]},
)
UNGRANTED = [
    "nothing",
    "seats",  # readable only
    "price",
    "internal_notes",
    "id",
    "pk",
    "customer.id",
    "customer.name",
    "customer.nothing",
    "lines",
    "lines.product",
    "lines.nothing",
    "line",
    "tags",
    "tags.slug",
    "invoice",
    "invoice_id",
    "team",
    "team.members",
    "created_by.is_superuser",
    "status.x",
    "metadata",
    "status.",
    "a__class__",
    "save",
    "objects",
    "*",
    "x" * 5_000,
    "status\0",
    "\ud800",
    ".".join(["customer", "booking_set"] * 40),
]
VALUES: list[Any] = [1, "x", None, [], {}, {"$add": [{"product": "x"}]}, {"$nothing": 1}, [1], True]


def masked(body: dict[str, Any], name: str) -> str:
    """Return a reply without the name that was asked for, and what is said to be near to it."""
    from django_flex.query.terms import excerpt

    body.pop("hint", None)
    return str(body).replace(repr(excerpt(name))[1:-1], "?")


@pytest.mark.parametrize("name", UNGRANTED, ids=range(len(UNGRANTED)))
def test_names_that_are_not_granted_look_like_names_that_do_not_exist(configure, name):
    configure(NARROW)
    writes: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
        lambda values: {"_action": "add", **values},
        lambda values: {"_action": "add", "_items": [{"status": "x"}, values]},
        lambda values: {"_action": "edit", "_id": OPEN, **values},
        lambda values: {"_action": "edit", "_id": HIDDEN, **values},
        lambda values: {"_action": "bulk_edit", "filters": {}, "_set": values},
    ]
    for write in writes:
        expected = masked(denied(write({"zzz": 1})), "zzz")
        for value in VALUES:
            orders: list[dict[str, Any]] = [{name: value}, {"status": 1, name: value}]
            orders.append(dict(reversed(orders[1].items())))
            for sent in orders:
                if name == "id" and "_id" in write({}):
                    continue  # that names the row, as `_id` does
                assert masked(denied(write(sent)), name) == expected


@pytest.mark.parametrize(
    "name", ["lines", "linez", "invoice", "invoices", "price", "prize", "pric"]
)
def test_hints_name_only_what_may_be_written(configure, name):
    configure(NARROW)
    sent: list[Any] = [1, {"$add": []}, []]
    for value in sent:
        body = denied({"_action": "edit", "id": OPEN, name: value})
        assert body.get("hint") in {None, "did you mean 'status'?", "did you mean 'customer'?"}


def test_a_hint_helps_with_a_name_that_may_be_written(configure):
    configure(expose(booking={"write_fields": ["price", "status"]}))
    assert denied({"_action": "add", "pric": 1})["hint"] == "did you mean 'price'?"


def test_write_fields_are_what_may_be_written(configure):
    configure(expose(booking={"fields": ["id", "seats"], "write_fields": ["status", "customer"]}))
    denied({"_action": "edit", "id": OPEN, "seats": 1})
    denied({"_action": "edit", "id": OPEN, "status": "x", "_fields": "status"})
    status, body = ask({"_action": "edit", "id": OPEN, "status": "x"})
    assert (status, body) == (200, {"id": OPEN, "seats": OPEN})
    assert Booking.objects.get(pk=OPEN).status == "x"


def test_fields_of_one_operation_go_before_write_fields(configure):
    narrow = {"write_fields": ["status"], "add": {"fields": ["customer"]}, "edit": {"fields": []}}
    configure(expose(booking=narrow))
    denied({"_action": "add", "customer": OPEN, "status": "x"})
    assert ask({"_action": "add", "customer": OPEN})[0] == 201
    denied({"_action": "edit", "id": OPEN, "status": "x"})
    denied({"_action": "edit", "id": OPEN, "customer": OPEN})


def test_nothing_granted_is_nothing_to_write(configure):
    empty: list[Any] = [[], None, "", {}]
    for nothing in empty:
        configure(expose(booking={"write_fields": nothing, "fields": "*"}))
        for name in ("status", "customer", "seats", "tags", "metadata"):
            denied({"_action": "edit", "id": OPEN, name: 1})


# Columns under no wildcard


def test_the_key_is_written_only_where_it_is_written_out(configure):
    sent = {"id": 5005, "customer": OPEN}
    denied({"_action": "add", **sent})
    denied({"_action": "add", "pk": 5005, "customer": OPEN})
    configure(expose(booking={"fields": ["*", "id"]}))  # written out for reading
    denied({"_action": "add", **sent})
    configure(expose(booking={"write_fields": ["*", "id"]}))
    status, body = ask({"_action": "add", **sent})
    assert (status, body["id"]) == (201, 5005)
    refused(400, {"_action": "add", "id": HIDDEN, "customer": OPEN})
    refused(400, {"_action": "add", "id": 6006, "pk": 7007, "customer": OPEN})


@pytest.mark.parametrize("name", ["pk", "slug"])
def test_the_key_is_never_edited(configure, name):
    configure(expose(tag={"fields": ["*", "slug"], "edit": {"fields": ["*", "slug"]}}))
    denied({"_action": "edit", "_id": "red", name: "green"}, "tag")
    denied({"_action": "bulk_edit", "filters": {}, "_set": {name: "green"}}, "tag")
    assert not Tag.objects.filter(slug="green").exists()


def test_two_keys_of_a_row_are_one_too_many():
    refused(400, {"_action": "edit", "id": OPEN, "_id": OTHER, "seats": 1})
    refused(400, {"_action": "delete", "id": OPEN, "_id": OPEN})
    refused(400, {"_action": "add", "_id": OPEN, "customer": OPEN})


@pytest.mark.parametrize("action", ["add", "edit"])
def test_guarded_columns_are_written_only_where_they_are_written_out(configure, action):
    spec = {"_action": action, "api_token": "mine", "vip": True, "name": "x"}
    spec |= {"id": OPEN} if action == "edit" else {}
    denied(spec, "customer")
    configure(expose(customer={"write_fields": ["*", "api_token"]}))
    assert ask(spec, "customer")[0] in {200, 201}
    assert Customer.objects.filter(api_token="mine").count() == 1


@pytest.mark.parametrize(
    "name", ["is_superuser", "is_staff", "password", "groups", "user_permissions"]
)
@pytest.mark.parametrize(
    "fields", ["*", ["*", "groups.name", "user_permissions.*"]], ids=["all", "more"]
)
def test_nobody_makes_himself_a_superuser_by_a_wildcard(configure, name, fields):
    grants: dict[str, Any] = {"user": {"anon": granted(fields=fields)}}
    grants |= {n: {"anon": "*"} for n in ("group", "permission")}
    configure({**expose(), **grants})
    for value in (True, "x", [1], {"$add": [1]}):
        denied({"_action": "edit", "id": OPEN, name: value}, "user")
        denied({"_action": "add", "username": "x", name: value}, "user")
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.parametrize("name", ["user", "user_set"])
def test_links_from_the_other_side_are_in_no_wildcard(configure, name):
    from django.contrib.auth.models import Group

    group = Group.objects.create(name="admins")
    configure({"group": {"anon": "*"}, "user": {"anon": "*"}, "permission": {"anon": "*"}})
    denied({"_action": "edit", "id": group.pk, name: [OPEN]}, "group")
    denied({"_action": "add", "name": "x", name: [OPEN]}, "group")


def test_links_are_written_from_the_other_side_only_where_they_are_written_out(configure):
    spec = {"_action": "edit", "_id": "blue", "bookings": [OPEN]}
    denied(spec, "tag")
    configure(expose(tag={"edit": {"fields": ["bookings"]}}))
    refused(400, {**spec, "bookings": [HIDDEN]}, "tag")
    assert ask(spec, "tag")[0] == 200
    assert set(Booking.objects.get(pk=OPEN).tags.values_list("pk", flat=True)) == {
        "red",
        "blue",
        "h-a",
    }


def test_excluded_columns_are_not_written_under_a_wildcard(configure):
    for action, key in (("add", {"customer": OPEN}), ("edit", {"id": OPEN})):
        denied({"_action": action, **key, "internal_notes": "x"})
    configure(expose(booking={"write_fields": ["*", "internal_notes"]}))
    assert ask({"_action": "edit", "id": OPEN, "internal_notes": "x"})[0] == 200


def test_columns_that_forms_do_not_show_are_written_only_where_they_are_written_out(configure):
    spec = {"_action": "edit", "id": OPEN, "digest": "AAEC"}
    denied(spec)
    configure(expose(booking={"write_fields": ["*", "digest"]}))
    assert ask(spec)[0] == 200
    assert bytes(Booking.objects.get(pk=OPEN).digest or b"") == b"\0\1\2"


def test_the_name_of_a_file_is_written_only_where_it_is_written_out(configure):
    default_storage.save("private.txt", ContentFile(b"x"))
    spec = {"_action": "edit", "id": OPEN, "document": "private.txt"}
    denied(spec)
    denied({"_action": "add", "customer": OPEN, "document": "private.txt"})
    configure(expose(booking={"write_fields": ["*", "document"]}))
    assert ask(spec)[0] == 200


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "", "..", "nothing"]
)
def test_the_name_of_a_file_leads_out_of_no_storage(configure, name, tmp_path, settings):
    settings.MEDIA_ROOT = str(tmp_path)
    configure(expose(booking={"write_fields": ["*", "document"]}))
    for backend in ("InMemoryStorage", "FileSystemStorage"):
        module = "memory" if backend == "InMemoryStorage" else "filesystem"
        path = f"django.core.files.storage.{module}.{backend}"
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": path}}
        spec = {"_action": "edit", "id": OPEN, "document": name, "_fields": "document"}
        assert ask(spec)[0] in {200, 400}
        assert ask({"_id": OPEN, "fields": "document"})[0] == 200


# Two names for one value


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("booking", {"customer": OPEN, "customer_id": OTHER}),
        ("booking", {"customer_id": OPEN, "customer": OPEN}),
        ("booking", {"lines": {"$add": []}, "line": []}),
        ("customer", {"metadata": {}, "metadata.level": 1}),
        ("customer", {"metadata.level": 1, "metadata": {}}),
        ("customer", {"metadata.a": 1, "metadata.a.b": 1}),
        ("customer", {"metadata.a.b": 1, "metadata.a": 1}),
    ],
)
def test_two_names_for_one_value_are_refused(model, values):
    if "line" in values:
        refused(403, {"_action": "edit", "id": OPEN, **values}, model)
        return
    refused(400, {"_action": "edit", "id": OPEN, **values}, model)
    refused(400, {"_action": "bulk_edit", "filters": {}, "_set": values}, model)
    refused(400, {"_action": "add", "name": "x", "vip": True, **values}, "customer") if (
        model == "customer"
    ) else refused(400, {"_action": "add", **values})


# Keys inside JSON


@pytest.mark.parametrize(
    ("fields", "yes", "no"),
    [
        (["metadata.level"], ["metadata.level", "metadata.level.x"], ["metadata", "metadata.pin"]),
        (["metadata.tags.*"], ["metadata.tags.0"], ["metadata", "metadata.tags", "metadata.level"]),
        (["metadata.*"], ["metadata.pin", "metadata.a.b"], ["metadata"]),
        (["metadata"], ["metadata", "metadata.pin"], ["name"]),
    ],
    ids=["key", "below", "any", "all"],
)
def test_keys_inside_json_are_granted_as_written(configure, fields, yes, no):
    configure(expose(customer={"edit": {"fields": fields}}))
    for name in no:
        denied({"_action": "edit", "id": OPEN, name: "x"}, "customer")
    for name in yes:
        status, body = ask({"_action": "edit", "id": OPEN, name: 5, "_dry_run": True}, "customer")
        assert status == 200 or body["code"] == "write.invalid"


@pytest.mark.parametrize(
    "fields", [["*"], ["metadata.*"], ["name", "metadata.*"]], ids=["all", "in", "two"]
)
def test_an_excluded_key_is_not_written_with_what_is_around_it(configure, fields):
    excluded = ["metadata.pin", "metadata.tags.0"]
    configure(expose(customer={"edit": {"fields": fields}, "exclude": excluded}))
    inside = ("pin", "pin.x", "tags", "tags.0", "tags.00")
    for name in ("metadata", *(f"metadata.{keys}" for keys in inside)):
        denied({"_action": "edit", "id": OPEN, name: {}}, "customer")
    assert ask({"_action": "edit", "id": OPEN, "metadata.level": 2}, "customer")[0] == 200
    assert Customer.objects.get(pk=OPEN).metadata == {"level": 2, "pin": "p", "tags": ["a"]}


@pytest.mark.parametrize("stored", ["text", 5, True])
def test_a_key_does_not_replace_the_value_that_it_would_be_in(configure, stored):
    Customer.objects.filter(pk=OPEN).update(metadata=stored)
    configure(expose(customer={"edit": {"fields": ["metadata.level"]}}))
    refused(400, {"_action": "edit", "id": OPEN, "metadata.level": 1}, "customer")


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (True, 1), (0, False), (1, 1.5), ({"a": 1}, {"a": True})]
)
def test_equal_values_of_different_types_are_different(old, new):
    Customer.objects.filter(pk=OPEN).update(metadata={"x": old})
    assert ask({"_action": "edit", "id": OPEN, "metadata.x": new}, "customer")[0] == 200
    assert repr(Customer.objects.get(pk=OPEN).metadata) == repr({"x": new})
    items = [{"id": OPEN, "metadata.x": [1]}, {"id": OTHER, "metadata": {"x": [True]}}]
    assert ask({"_action": "edit", "_items": items}, "customer")[0] == 200
    assert repr(Customer.objects.get(pk=OPEN).metadata) == repr({"x": [1]})
    assert repr(Customer.objects.get(pk=OTHER).metadata) == repr({"x": [True]})


# Rows inside rows


def test_a_row_inside_is_written_as_by_itself(configure):
    spec = {"_action": "edit", "id": OPEN, "lines": {"$add": [{"product": "x", "note": "n"}]}}
    configure(expose(line={"fields": ["*"], "write_fields": ["product", "booking"]}))
    body = denied(spec)
    assert body["path"] == "lines.$add[0].note"
    # Which booking a line is of is a column of the line.
    configure(expose(line={"fields": ["*"], "write_fields": ["product", "note"]}))
    denied({"_action": "add", "booking": OPEN, "product": "x"}, "line")
    denied(spec)
    spec["lines"] = {"$edit": [{"id": OPEN, "product": "y"}]}
    assert ask(spec)[0] == 200
    assert Line.objects.get(pk=OPEN).product == "y"


def test_rows_inside_rows_are_as_deep_as_paths(configure):
    node: dict[str, Any] = {"title": "end"}
    for _ in range(3):
        node = {"title": "t", "children": [node]}
    assert refused(400, {"_action": "add", **node}, "node")["code"] == "query.limit"
    assert ask({"_action": "add", **node["children"][0]}, "node")[0] == 201
    assert Node.objects.count() == 3


# What the reply shows


def test_a_role_that_may_not_read_gets_the_key_and_nothing_else(configure):
    writes = ["add", "edit", "delete", "bulk_edit", "bulk_delete"]
    configure(expose(booking={"ops": writes}))
    status, body = ask({"_action": "add", "customer": OPEN})
    assert (status, set(body)) == (201, {"id"})
    assert ask({"_action": "edit", "id": OPEN, "seats": 1}) == (200, {"id": OPEN})
    found = ask({"_action": "edit", "_items": [{"id": OPEN, "seats": 2}]})
    assert found == (200, {"results": [{"id": OPEN}]})
    body = ask({"_action": "bulk_edit", "filters": {"id": OPEN}, "_set": {"seats": 3}})[1]
    assert body == {"affected": 1, "results": [{"id": OPEN}]}
    denied({"_action": "edit", "id": OPEN, "_fields": "id"})
    denied({"_id": OPEN})
    assert ask({"_action": "delete", "id": OPEN}) == (200, {"id": OPEN, "deleted": True})


@pytest.mark.parametrize(
    "fields",
    ["internal_notes", "customer.email", "customer.api_token", "nothing", "created_by.password"],
)
def test_the_reply_shows_what_is_readable(configure, fields):
    configure(
        expose(
            booking={"fields": ["id", "status", "customer", "customer.name"], "write_fields": ["*"]}
        )
    )
    body = denied({"_action": "edit", "id": OPEN, "price": "1", "_fields": fields})
    assert body["error"] == f"Access denied: field '{fields}' not accessible"
    assert set(ask({"_action": "edit", "id": OPEN, "price": "1"})[1]) == {
        "id",
        "status",
        "customer",
    }


# What can be read is not written by that

SECRETIVE = {
    "key": ("booking", "add", "id", {"id": 5005, "customer": OPEN}),
    "file": ("booking", "edit", "document", {"id": OPEN, "document": "other/secret.pdf"}),
    "file-of-a-new-row": ("booking", "add", "document", {"customer": OPEN, "document": "a.pdf"}),
    "not-editable": ("booking", "edit", "digest", {"id": OPEN, "digest": "AP8="}),
    "guarded": ("customer", "edit", "api_token", {"id": OPEN, "api_token": "mine"}),
    "text-key": ("tag", "add", "slug", {"slug": "new"}),
    "links-from-the-other-side": ("tag", "edit", "bookings", {"_id": "red", "bookings": [OTHER]}),
    "links-in-both-names": ("tag", "edit", "bookings.id", {"_id": "red", "bookings": [OTHER]}),
}


@pytest.mark.parametrize(
    ("model", "action", "path", "sent"),
    [pytest.param(*c, id=name) for name, c in SECRETIVE.items()],
)
@pytest.mark.parametrize("wildcard", [[], ["*"]], ids=["alone", "beside-a-wildcard"])
def test_readable_fields_are_not_writable_by_default(
    configure, model, action, path, sent, wildcard
):
    readable = ["id", "customer", "seats"] if model == "booking" else []
    fields = [*wildcard, *readable, path]
    grant: dict[str, Any] = {"fields": fields, "add": {}}
    for rest in ({}, {"edit": {"rows": "*"}}, {"check": "*"}, {"write_fields": ["*"]}):
        configure(expose(**{model: {**grant, **rest}}))
        denied({"_action": action, **sent}, model)
    configure(expose(**{model: {**grant, "write_fields": [*fields, path.split(".")[0]]}}))
    status, _ = ask({"_action": action, **sent, "_dry_run": True}, model)
    assert status in {200, 201}


def test_readable_fields_are_not_writable_in_lists_and_nested_rows(configure):
    configure(expose(line={"fields": ["*", "id"]}, tag={"fields": ["*", "slug"], "add": {}}))
    denied({"_action": "add", "_items": [{"id": 1, "booking": OPEN, "product": "x"}]}, "line")
    denied({"_action": "edit", "id": OPEN, "lines": {"$add": [{"id": 1, "product": "x"}]}})
    denied({"_action": "upsert", "_match": ["slug"], "slug": "new"}, "tag")
    denied({"_action": "bulk_edit", "filters": {}, "_set": {"slug": "x"}}, "tag")
