"""What HTTP adds to a write: methods, JSON, parameters, headers in and out."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.exceptions import ConflictError
from django_flex.idempotency.attempts import MAX_KEY_LENGTH
from django_flex.plan.shape import FlexResult
from tests.http.conftest import ADD, GRANT, KINDS, WRITES, Site, go_on_counting, make_acme
from tests.testapp.models import Company, Invoice


def names() -> list[str]:
    return list(Company.objects.order_by("id").values_list("name", flat=True))


# --- through every door ---------------------------------------------------------------------------


def test_add_is_a_201_with_the_url_of_the_row(site: Site) -> None:
    response = site.write("add", {"name": "New"})

    pk = Company.objects.get(name="New").pk
    assert (201, pk, "New") == (
        response.status_code,
        response.json()["id"],
        response.json()["name"],
    )
    if site.kind is KINDS["decorator"]:
        assert "Location" not in response.headers  # the reply is the view's own
        return
    slash = "/" if site.kind.prefix == "/own/" else ""
    model = "company/" if site.kind.prefix == "/api/" else ""
    assert f"{site.kind.prefix}{model}{pk}{slash}" == response["Location"]


def test_edit_is_a_200_with_the_row(site: Site) -> None:
    response = site.write("edit", {"name": "New"})

    assert (200, "New", ["New"]) == (response.status_code, response.json()["name"], names())


def test_delete_is_a_200_that_says_so(site: Site) -> None:
    response = site.write("delete")

    assert (200, {"id": 1, "deleted": True}) == (response.status_code, response.json())
    assert [] == names()


@pytest.mark.parametrize("operation", ["edit", "delete"])
def test_row_that_is_not_there_is_a_404(site: Site, operation: str) -> None:
    response = site.write(operation, pk=99)

    assert (404, "object.not_found") == (response.status_code, response.json()["code"])


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x", "x/y"],
)
def test_body_has_to_be_json_by_name(site: Site, operation: str, content_type: str) -> None:
    response = site.write(operation, {"name": "New"}, content_type=content_type)

    assert (415, "request.media_type", ["Acme"]) == (
        response.status_code,
        response.json()["code"],
        names(),
    )


@pytest.mark.parametrize("operation", WRITES)
def test_identity_is_asked_for_first(site: Site, operation: str) -> None:
    site.configure(REQUIRE_AUTHENTICATION=True)
    response = site.write(operation)

    assert (401, "auth.required", ["Acme"]) == (
        response.status_code,
        response.json()["code"],
        names(),
    )


@pytest.mark.parametrize("operation", WRITES)
def test_status_is_in_the_object_where_every_reply_is_a_200(site: Site, operation: str) -> None:
    site.configure(ALWAYS_HTTP_200=True)
    response = site.write(operation)

    status = 201 if operation == "add" else 200
    assert status == response.json()["status_code"]
    if site.kind is not KINDS["decorator"]:
        assert 200 == response.status_code


def test_refused_token_is_in_the_object_where_every_reply_is_a_200(site: Site) -> None:
    site.configure(ALWAYS_HTTP_200=True)
    site.sign_in()
    response = site.write("edit")

    assert (200, 403) == (response.status_code, response.json()["status_code"])


@pytest.mark.parametrize("operation", WRITES)
def test_values_in_the_url_are_refused(site: Site, operation: str) -> None:
    kind, pk = site.kind, "" if operation == "add" or site.kind.by_post else "1"
    method = "POST" if kind.by_post or operation == "add" else "PUT"
    method = "DELETE" if operation == "delete" and not kind.by_post else method
    body = {**kind.add, "_action": operation} if kind.by_post or operation == "add" else {}
    response = site.request(method, f"{kind.prefix}{pk}?name=New", body)

    assert (400, "request.invalid", "name") == (
        response.status_code,
        response.json()["code"],
        response.json()["path"],
    )
    assert ["Acme"] == names()


# --- the middleware -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/merge-patch+json", "Application/JSON; a=b", ""],
)
def test_media_types_of_json(api: Site, content_type: str) -> None:
    assert 200 == api.write("edit", content_type=content_type).status_code


def test_session_has_to_name_the_media_type(api: Site) -> None:
    api.sign_in()
    response = api.write("edit", content_type="", X_CSRFToken=api.get_token())

    assert (415, ["Acme"]) == (response.status_code, names())


@pytest.mark.parametrize(
    ("parameter", "status"),
    [
        ("_fields=id", 200),
        ("_dry_run=true", 200),
        ("_id=1", 200),
        ("_action=edit", 200),
        ("_id=2", 400),
        ("_action=delete", 400),
        ("fields=id", 400),
        ("limit=1", 400),
        ("q={}", 400),
        ("id=1", 400),
        ("_set.name=x", 400),
        ("_items=x", 400),
        ("match=name", 400),
        ("_nonsense=1", 400),
    ],
)
def test_only_control_keys_are_parameters(api: Site, parameter: str, status: int) -> None:
    response = api.request("PATCH", f"/api/company/1?{parameter}", {"name": "New"})

    assert status == response.status_code, response.content
    assert ["New" if status == 200 and "_dry_run" not in parameter else "Acme"] == names()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"id": 1, "name": "New"}, 200),
        ({"id": "1", "name": "New"}, 200),
        ({"_id": 1, "name": "New"}, 200),
        ({"id": 2, "name": "New"}, 400),
        ({"_id": 2, "name": "New"}, 400),
        ({"_id": None, "name": "New"}, 400),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_key_in_the_body_is_that_of_the_url(api: Site, method: str, body: Any, status: int) -> None:
    if method == "DELETE":
        body = {key: value for key, value in body.items() if key != "name"}

    assert status == api.request(method, "/api/company/1", body).status_code


def test_id_of_an_add_is_a_column(settings, db) -> None:
    site = Site(KINDS["middleware"], settings)
    site.configure(EXPOSE={"company": {"anon": {**GRANT, "write_fields": ["id", "name"]}}})
    response = site.request("POST", "/api/company/", {"id": 77, "name": "New"})

    assert (201, "/api/company/77") == (response.status_code, response["Location"])


def test_list_as_body_adds_all_of_it(api: Site) -> None:
    response = api.request("POST", "/api/company/", [{"name": "A"}, {"name": "B"}])

    assert (201, ["Acme", "A", "B"]) == (response.status_code, names())
    assert {"Location", "ETag"}.isdisjoint(response.headers)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "/api/"),
        ("POST", "/api/company/query"),
        ("QUERY", "/api/company/"),
        ("PATCH", "/api/company/1"),
        ("PUT", "/api/company/1"),
        ("DELETE", "/api/company/1"),
        ("PUT", "/api/company/?match=name"),
    ],
)
def test_list_is_no_body_elsewhere(api: Site, method: str, url: str) -> None:
    response = api.request(method, url, [{"name": "A"}])

    assert (400, "query.invalid") == (response.status_code, response.json()["code"])


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"_action": "list"}, 200),
        ({"_action": "get", "_id": 1}, 200),
        ({"_action": "create", "name": "x"}, 201),
        ({"_action": "update", "id": 1, "name": "x"}, 200),
        ({"_action": "delete", "id": 1}, 200),
        ({"_action": "delete", "_items": [1]}, 200),
        ({"_action": "bulk_edit", "filters": {}, "_set": {"name": "x"}}, 200),
        ({"_action": "bulk_delete", "filters": {"name": "Acme"}}, 200),
        ({"_action": "dance"}, 400),
        ({"_batch": []}, 400),
    ],
)
def test_post_to_a_model_may_name_any_action(api: Site, asked: Any, status: int) -> None:
    assert status == api.request("POST", "/api/company/", asked).status_code


@pytest.mark.usefixtures("bookings")
def test_put_with_match_is_an_upsert(settings) -> None:
    site = Site(KINDS["middleware"], settings)
    site.configure(EXPOSE={"invoice": {"anon": GRANT}, "booking": {"anon": GRANT}})
    go_on_counting(Invoice)
    edited = site.request("PUT", "/api/invoice/?match=booking", {"booking": 1, "number": "Z"})
    added = site.request("PUT", "/api/invoice/?match=booking", {"booking": 3, "number": "N"})

    assert (200, 201) == (edited.status_code, added.status_code), (edited.content, added.content)
    assert "Location" not in edited.headers
    assert added.json() == site.request("GET", added["Location"]).json()
    assert {"A-2", "Z", "N"} == set(Invoice.objects.values_list("number", flat=True))


def test_put_to_a_model_without_match_says_what_to_do(api: Site) -> None:
    response = api.request("PUT", "/api/company/", {"_match": "name", "name": "x"})

    assert (405, "GET, HEAD, OPTIONS, POST, QUERY") == (response.status_code, response["Allow"])
    assert "…/?match=field" in response.json()["hint"]


def test_allow_has_put_where_match_is(api: Site) -> None:
    assert "PUT" in api.request("OPTIONS", "/api/company/?match=name")["Allow"]
    assert "PUT" not in api.request("OPTIONS", "/api/company/")["Allow"]
    assert "DELETE" in api.request("OPTIONS", "/api/company/1")["Allow"]


# --- entity tags ----------------------------------------------------------------------------------


@pytest.mark.parametrize("always", [False, True])
def test_tag_of_a_written_row_is_that_of_its_get(site: Site, always: bool) -> None:
    site.configure(ALWAYS_HTTP_200=always)
    edited = site.write("edit", {"name": "New", "_fields": "id,name"})
    if site.kind is KINDS["decorator"]:
        assert "ETag" not in edited.headers  # the reply is the view's own
        return
    if site.kind is KINDS["endpoint"]:
        got = site.request("GET", "/api/company/1?fields=id,name")
    else:
        got = site.request("GET", f"{site.kind.prefix}1?fields=id,name")

    assert edited["ETag"] == got["ETag"]
    assert edited["ETag"].startswith('"')


def test_tag_of_an_add_is_that_of_its_get(api: Site) -> None:
    added = api.write("add")

    assert added["ETag"] == api.request("GET", added["Location"])["ETag"]


def test_tag_is_a_precondition(api: Site) -> None:
    tag = api.request("GET", "/api/company/1")["ETag"]
    first = api.write("edit", If_Match=tag)
    second = api.write("edit", {"name": "Newer"}, If_Match=tag)
    third = api.write("edit", {"name": "Newer"}, If_Match=first["ETag"])

    assert (200, 412, 200) == (first.status_code, second.status_code, third.status_code)
    assert "write.precondition" == second.json()["code"]


def test_reply_that_is_no_stored_row_has_no_tag(api: Site) -> None:
    assert "ETag" not in api.request("PATCH", "/api/company/1?_dry_run=true", {"name": "x"}).headers
    assert "ETag" not in api.write("delete").headers


def test_if_none_match_is_refused_by_writes_and_no_matter_of_reads_by_post(api: Site) -> None:
    tag = api.request("GET", "/api/company/1")["ETag"]
    assert 400 == api.write("edit", {"name": "Acme"}, If_None_Match=tag).status_code
    listed = api.request("POST", "/api/company/query", {})
    again = api.request("POST", "/api/company/query", {}, If_None_Match=listed["ETag"])
    assert 200 == again.status_code


# --- preferences and other headers ----------------------------------------------------------------


@pytest.mark.parametrize(("operation", "status"), [("add", 201), ("edit", 204), ("delete", 204)])
def test_minimal_reply_has_no_body(api: Site, operation: str, status: int) -> None:
    response = api.write(operation, Prefer="return=minimal")

    assert (status, b"", "return=minimal") == (
        response.status_code,
        response.content,
        response["Preference-Applied"],
    )
    assert "Content-Type" not in response.headers
    assert (operation == "add") == ("Location" in response.headers)


def test_minimal_reply_of_every_door(site: Site) -> None:
    response = site.write("edit", Prefer="return=minimal")

    if site.kind is KINDS["decorator"]:
        assert (200, "New") == (response.status_code, response.json()["name"])
    else:
        assert (204, b"") == (response.status_code, response.content)
    assert ["New"] == names()


def test_minimal_reply_where_every_reply_is_a_200(api: Site) -> None:
    api.configure(ALWAYS_HTTP_200=True)
    added = api.write("add", Prefer="return=minimal")
    edited = api.write("edit", Prefer="return=minimal")

    assert (200, {"status_code": 201}) == (added.status_code, added.json())
    assert (200, {"status_code": 204}) == (edited.status_code, edited.json())


def test_representation_is_what_is_given_anyway(api: Site) -> None:
    response = api.write("edit", Prefer="return=representation")

    assert ("New", "return=representation") == (
        response.json()["name"],
        response["Preference-Applied"],
    )


def test_errors_and_reads_are_never_minimal(api: Site) -> None:
    refused = api.write("edit", {"nothing": 1}, Prefer="return=minimal")
    read = api.request("GET", "/api/company/1", Prefer="return=minimal")

    assert (403, 200) == (refused.status_code, read.status_code)
    assert refused.content
    assert read.content
    assert "Preference-Applied" not in read.headers


@pytest.mark.parametrize("key", ["", " ", "x" * (MAX_KEY_LENGTH + 1), "é", "a\tb", "x" * 60_000])
def test_unusable_idempotency_key_is_a_400(api: Site, key: str) -> None:
    response = api.write("add", Idempotency_Key=key)

    assert (400, "Idempotency-Key", ["Acme"]) == (
        response.status_code,
        response.json()["path"],
        names(),
    )


def test_the_longest_idempotency_key_may_stand_in_quotes(api: Site) -> None:
    key = "x" * MAX_KEY_LENGTH

    quoted, plain = (api.write("add", Idempotency_Key=one) for one in (f'"{key}"', key))

    assert (201, quoted.json()) == (quoted.status_code, plain.json())


def test_idempotency_key_repeats_the_reply(api: Site) -> None:
    first = api.write("add", Idempotency_Key="k-1")
    again = api.write("add", Idempotency_Key="k-1")
    other = api.write("add", {"name": "Other"}, Idempotency_Key="k-1")

    assert (201, 201, 422) == (first.status_code, again.status_code, other.status_code)
    assert (first.content, first["Location"], first["ETag"]) == (
        again.content,
        again["Location"],
        again["ETag"],
    )
    assert ["Acme", "New"] == names()


@pytest.mark.parametrize("key", ["k", "x" * 60_000])
def test_reads_ignore_an_idempotency_key(api: Site, key: str) -> None:
    assert 200 == api.request("GET", "/api/company/1", Idempotency_Key=key).status_code


@pytest.mark.parametrize("value", ["x" * 60_000, '"a", "b", "', ",,,", "W/", ""])
def test_odd_precondition_fails_and_nothing_else(api: Site, value: str) -> None:
    assert (412, ["Acme"]) == (api.write("edit", If_Match=value).status_code, names())


def test_headers_of_a_result_are_in_the_reply(api: Site, monkeypatch) -> None:
    headers = {"X-Rate": "5"}
    results = [
        FlexResult(data={"id": 1}, headers=headers),
        FlexResult(data={"error": "x"}, error=ConflictError("x"), status_code=409, headers=headers),
    ]
    monkeypatch.setattr("django_flex.engine.execute", lambda *_args: results.pop())

    assert (409, "5") == ((bad := api.write("edit")).status_code, bad["X-Rate"])
    assert (200, "5") == ((good := api.write("edit")).status_code, good["X-Rate"])


# --- views ----------------------------------------------------------------------------------------


def test_view_reads_by_post_unless_told_otherwise(settings, db) -> None:
    make_acme()
    site = Site(KINDS["view"], settings)

    assert {"1": {"name": "Acme"}} == site.request("POST", "/own/", {"fields": "name"}).json()[
        "results"
    ]
    assert {"name": "Acme"} == site.request("POST", "/own/1", {"fields": "name"}).json()
    assert 400 == site.request("POST", "/own/", {"name": "New"}).status_code
    assert 400 == site.request("POST", "/own/1", {**ADD, "name": "New"}).status_code
    assert ["Acme"] == names()


@pytest.mark.parametrize("kind", ["view", "decorator"])
def test_view_serves_no_write_by_default(settings, db, kind: str) -> None:
    from django.urls import path

    from django_flex import FlexQueryView, flex_query
    from tests.doors.fronts import Urls

    make_acme()
    site = Site(KINDS["view"], settings)
    options = {"model": Company, "flex_permissions": {"anon": "*"}}
    view = type("ReadOnly", (FlexQueryView,), options).as_view()  # type: ignore[attr-defined]
    if kind == "decorator":
        view = flex_query(model=Company, allowed_fields=["*"])(lambda *_args, **_kwargs: None)
    settings.ROOT_URLCONF = Urls(path("own/", view), path("own/<pk>", view))

    for method in ("PUT", "PATCH", "DELETE"):
        response = site.request(method, "/own/1", {"name": "New"})
        assert (405, method in response["Allow"]) == (response.status_code, False)
    refused = site.request("POST", "/own/", {**ADD, "name": "New"})
    # What a decorator serves is what it grants; what a view serves no identity would change.
    expected = {"view": (403, "operation.denied"), "decorator": (401, "auth.required")}[kind]
    assert expected == (refused.status_code, refused.json()["code"])
    assert 405 == site.request("PUT", "/own/?match=name", {"name": "Acme"}).status_code
    assert ["Acme"] == names()


def test_view_with_add_and_edit_upserts(settings, db) -> None:
    site = Site(KINDS["view"], settings)
    response = site.request("PUT", "/own/?match=tax_id", {"tax_id": "T", "name": "New"})

    # It is understood as one; that the number is not unique is found out behind the door.
    assert (400, "_match") == (response.status_code, response.json()["path"])


@pytest.mark.parametrize("action", ["delete", "edit", "upsert", "bulk_delete", "list"])
def test_action_of_a_viewset_does_what_it_is_called(settings, db, action: str) -> None:
    make_acme()
    site = Site(KINDS["viewset"], settings)
    response = site.request("POST", "/own/", {"_action": action, "_id": 1})

    assert (400, "_action", ["Acme"]) == (response.status_code, response.json()["path"], names())


def test_viewset_edits_by_put_and_adds_lists(settings, db) -> None:
    make_acme()
    site = Site(KINDS["viewset"], settings)
    edited = site.request("PUT", "/own/1", {"name": "New"})
    added = site.request("POST", "/own/", [{"name": "A"}, {"name": "B"}])

    assert (200, 201, ["New", "A", "B"]) == (edited.status_code, added.status_code, names())


@pytest.mark.parametrize("signed_in", [True, False])
def test_body_beyond_the_cap_is_a_413_in_a_viewset(settings, db, signed_in: bool) -> None:
    site = Site(KINDS["viewset"], settings)
    if signed_in:
        site.sign_in()
    response = site.request("POST", "/own/", " " * 3_000_000)

    assert (413, "request.too_large") == (response.status_code, response.json()["code"])
