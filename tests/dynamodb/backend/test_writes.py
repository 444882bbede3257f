"""What is written through the doors: each write depends on what it has looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.faults import FaultTransport, client_error
from tests.dynamodb.models import Account, Play

NEW = {"listener": "ada", "moment": 1, "title": "new", "tags": ["b", "a"], "extra": {"k": [1, 2.5]}}
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


def send(
    api: Client, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    response = getattr(api, method)(
        f"/api/{path}", body or {}, content_type="application/json", headers=headers
    )
    found: dict[str, Any] = response.json() if response.content else {}
    return response.status_code, found


@pytest.fixture
def together(database: str) -> None:
    """A server that has transactions."""
    if database == "dynalite":
        pytest.skip("dynalite has no transactions")


@pytest.fixture
def one(api: Client) -> Play:
    made: Play = Play.objects.create(listener="ada", moment=1, title="old", plays=2, genre="rock")
    return made


def stored() -> Play:
    found: Play = Play.objects.consistent().get(listener="ada", moment=1)
    return found


def meanwhile(write: Callable[[], Any]) -> FaultTransport:
    """Return a transport by which somebody else writes right before each of our own writes."""
    inner = current_transport()
    transport = FaultTransport(inner=inner)

    def before(operation: str, parameters: Any) -> None:
        if operation in WRITES:
            with override_transport(inner):
                write()
        else:
            transport.faults.append(before)

    transport.faults.append(before)
    return transport


def test_an_item_is_added(api: Client) -> None:
    status, found = send(api, "post", "play/", NEW)

    assert (201, "ada~1", ["a", "b"], {"k": [1, 2.5]}) == (
        status,
        found["pk"],
        found["tags"],
        found["extra"],
    )
    assert ("new", {"a", "b"}) == (stored().title, stored().tags)
    status, found = send(api, "post", "play/", NEW)
    assert (409, "write.duplicate") == (status, found["code"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"moment": 1}, "listener", id="no-hash"),
        pytest.param({"listener": "ada"}, "moment", id="no-range"),
        pytest.param({"listener": "", "moment": 1}, "listener", id="empty-key"),
        pytest.param({"listener": "a" * 2049, "moment": 1}, "listener", id="long-key"),
        pytest.param({**NEW, "title": 7}, "title", id="type"),
        pytest.param({**NEW, "tags": []}, "tags", id="empty-set"),
        pytest.param({**NEW, "genre": ""}, "genre", id="empty-key-of-an-index"),
        pytest.param({**NEW, "price": "1" * 39}, "price", id="digits"),
        pytest.param({**NEW, "place": {"nowhere": 1}}, "place", id="map"),
        pytest.param({**NEW, "title_sort": "x" * 410_000}, "__all__", id="400-kilobytes"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_sent(
    api: Client, body: dict[str, Any], field: str
) -> None:
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        status, found = send(api, "post", "play/", body)

    assert (400, [field]) == (status, [*found["fields"]]), found
    assert not WRITES & {*transport.operations}


def test_only_what_has_changed_is_sent(api: Client, one: Play) -> None:
    transport = meanwhile(lambda: Play.objects.filter(listener="ada", moment=1).update(plays=7))
    with override_transport(transport):
        status, _ = send(api, "patch", "play/ada~1", {"title": "edited", "genre": None})

    assert (200, "edited", 7) == (status, stored().title, stored().plays)
    assert stored().genre is None
    assert ["GetItem", "UpdateItem"] == transport.operations


def test_a_change_by_what_is_stored_loses_no_other_change(api: Client, one: Play) -> None:
    def others() -> None:
        Play.objects.filter(listener="ada", moment=1).update(plays__inc=10)

    transport = meanwhile(others)
    with override_transport(transport):
        status, found = send(api, "patch", "play/ada~1", {"plays": {"$inc": 1}})

    assert (200, 13, 13) == (status, found["plays"], stored().plays)
    assert ["GetItem", "UpdateItem"] * 2 == transport.operations


def test_a_write_that_always_loses_is_a_conflict(
    api: Client, one: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_flex.engine.writing.FIRST_WAIT", 0)

    def refuses(operation: str, parameters: Any) -> Any:
        transport.faults.append(refuses)
        if operation == "UpdateItem":
            raise client_error("ConditionalCheckFailedException")

    transport = FaultTransport(inner=current_transport(), faults=[refuses])
    with override_transport(transport):
        status, found = send(api, "patch", "play/ada~1", {"plays": {"$inc": 1}})

    assert (409, "write.conflict") == (status, found["code"])
    assert 2 == stored().plays


BODIES: dict[str, Any] = {"get": None, "patch": {"title": "edited"}, "delete": None}
RULES: dict[str, dict[str, Any]] = {
    "rows": {"rows": {"genre": "rock"}},
    "check": {"check": {"genre": "rock"}},
}


@pytest.mark.parametrize("method", ["patch", "delete"])
def test_a_row_that_leaves_the_rule_in_between_is_not_written(
    api: Client, one: Play, settings: Any, method: str
) -> None:
    grant = {**GRANT, **RULES["rows"]}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    def leaves() -> None:
        Play.objects.filter(listener="ada", moment=1).update(genre="jazz")

    with override_transport(meanwhile(leaves)):
        status, found = send(api, method, "play/ada~1", BODIES[method])

    assert (404, "object.not_found") == (status, found["code"])
    assert ("old", "jazz") == (stored().title, stored().genre)


def test_hidden_rows_are_written_like_rows_that_are_not_there(
    api: Client, one: Play, settings: Any
) -> None:
    grant = {**GRANT, "rows": {"genre": "jazz"}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    for method in ("get", "patch", "delete"):
        hidden = send(api, method, "play/ada~1", BODIES[method])
        missing = send(api, method, "play/ada~2", BODIES[method])
        assert 404 == hidden[0]
        assert missing == hidden
    assert "old" == stored().title


@pytest.mark.parametrize("name", RULES)
def test_no_row_is_written_out_of_the_rule(
    api: Client, one: Play, settings: Any, name: str
) -> None:
    grant = {**GRANT, **RULES[name]}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"play": {"anon": grant}}}

    edited = send(api, "patch", "play/ada~1", {"genre": "jazz"})
    added = send(api, "post", "play/", {"listener": "eve", "moment": 1, "genre": "jazz"})

    assert (403, "row.denied") == (edited[0], edited[1]["code"])
    assert (403, "row.denied") == (added[0], added[1]["code"])
    assert "rock" == stored().genre
    assert not Play.objects.filter(listener="eve", moment=1).exists()


def test_a_tag_is_the_condition_of_a_write(api: Client, one: Play) -> None:
    tag = api.get("/api/play/ada~1").headers["ETag"]

    def others() -> None:
        Play.objects.filter(listener="ada", moment=1).update(size=5)

    with override_transport(meanwhile(others)):
        late, found = send(api, "patch", "play/ada~1", {"title": "edited"}, **{"If-Match": tag})
    assert (412, "write.precondition") == (late, found["code"])
    assert "old" == stored().title
    tag = api.get("/api/play/ada~1").headers["ETag"]
    assert 200 == send(api, "patch", "play/ada~1", {"title": "new"}, **{"If-Match": tag})[0]
    assert 412 == send(api, "delete", "play/ada~1", **{"If-Match": tag})[0]


@pytest.mark.django_db
def test_a_key_writes_once(api: Client, settings: Any) -> None:
    headers = {"Idempotency-Key": "k" * 20}
    first = send(api, "post", "play/", NEW, **headers)
    again = send(api, "post", "play/", NEW, **headers)
    other = send(api, "post", "play/", {**NEW, "moment": 2}, **headers)

    assert (201, first) == (first[0], again)
    assert 422 == other[0]
    assert 1 == Play.objects.set_hash_key("ada").count()


def test_several_rows_are_written_together_or_not_at_all(
    together: None, api: Client, one: Play
) -> None:
    items = [{**NEW, "moment": number} for number in (5, 1, 6)]
    status, _ = send(api, "post", "play/", {"_items": items})
    assert (409, 1) == (status, Play.objects.set_hash_key("ada").count())

    status, found = send(api, "post", "play/", {"_items": [items[0], items[2]]})
    assert (201, ["ada~5", "ada~6"]) == (status, [row["pk"] for row in found["results"]])
    edits = [{"_id": f"ada~{number}", "title": "a"} for number in (5, 1)]
    status, _ = send(api, "post", "play/", {"_action": "edit", "_items": edits})
    assert (200, "a") == (status, stored().title)


@pytest.mark.exhaustive
def test_a_race_for_one_of_several_rows_writes_none(together: None, api: Client, one: Play) -> None:
    def takes() -> None:
        Play.objects.filter(listener="ada", moment=5).delete()
        Play.objects.create(listener="ada", moment=5, title="theirs")

    items = [{**NEW, "moment": number} for number in (4, 5)]
    with override_transport(meanwhile(takes)):
        status, found = send(api, "post", "play/", {"_items": items})

    assert (409, "write.duplicate") == (status, found["code"])
    assert [1, 5] == [row["moment"] for row in Play.objects.set_hash_key("ada").values("moment")]


@pytest.mark.parametrize("action", ["bulk_edit", "bulk_delete"])
def test_rows_are_written_by_a_filter(together: None, api: Client, action: str) -> None:
    Play.objects.bulk_create([Play(listener="ada", moment=n, size=n % 2) for n in range(6)])
    body = {"_action": action, "filters": {"listener": "ada", "size": 1}, "_max_affected": 3}
    if action == "bulk_edit":
        body["_set"] = {"title": "odd"}

    assert 400 == send(api, "post", "play/", {**body, "_max_affected": 2})[0]
    assert 200 == send(api, "post", "play/", {**body, "_dry_run": True})[0]
    assert 6 == Play.objects.set_hash_key("ada").exclude(title="odd").count()
    status, found = send(api, "post", "play/", body)

    assert (200, 3) == (status, found["affected"])
    assert 3 == Play.objects.set_hash_key("ada").exclude(title="odd").count()
    refused = send(api, "post", "play/", {**body, "filters": {"size": 1}})
    assert (400, "query.unsupported") == (refused[0], refused[1]["code"])


def test_a_row_is_edited_or_added_by_its_key(together: None, api: Client, one: Play) -> None:
    items = [{"listener": "ada", "moment": n, "title": f"t{n}"} for n in (1, 2)]
    body = {"_action": "upsert", "_match": ["listener", "moment"], "_items": items}

    status, _ = send(api, "post", "play/", body)

    assert 200 == status
    assert (2, "t1") == (stored().plays, stored().title)
    assert 2 == Play.objects.set_hash_key("ada").count()


def test_a_version_is_counted(api: Client, settings: Any) -> None:
    grant = {**GRANT, "add": {"fields": ["owner", "balance"]}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": {"account": {"anon": grant}}}

    assert 201 == send(api, "post", "account/", {"owner": "ada"})[0]
    status, found = send(api, "patch", "account/ada", {"balance": {"$inc": 2.5}})

    assert (200, 2.5, 2) == (status, found["balance"], found["version"])
    assert 2 == Account.objects.get(owner="ada").version


def test_an_atomic_batch_is_one_transaction(
    together: None, api: Client, one: Play, settings: Any
) -> None:
    parts = [
        {"_model": "play", "_action": "add", "listener": "ada", "moment": 9},
        {"_model": "play", "_action": "get", "_id": "ada~9", "fields": "moment"},
        {"_model": "play", "_action": "edit", "_id": "ada~9", "title": "late"},
        {"_model": "play", "_action": "delete", "_id": "ada~1"},
    ]
    missing = {"_model": "play", "_action": "delete", "_id": "ada~77"}
    transport = FaultTransport(inner=current_transport())

    assert 404 == send(api, "post", "", {"_batch": [*parts, missing]})[0]
    assert [1] == [row["moment"] for row in Play.objects.set_hash_key("ada").values("moment")]
    with override_transport(transport):
        status, found = send(api, "post", "", {"_batch": parts})

    assert (200, {"moment": 9}) == (status, found["results"][1])
    assert ["late"] == [row["title"] for row in Play.objects.set_hash_key("ada").values("title")]
    assert 1 == sum(one in WRITES for one in transport.operations)


def test_a_list_does_not_miss_what_the_batch_has_written(api: Client, one: Play) -> None:
    parts = [
        {"_model": "play", "_action": "delete", "_id": "ada~1"},
        {"_model": "play", "_action": "list", "filters": {"listener": "ada"}},
    ]

    status, found = send(api, "post", "", {"_batch": parts})

    assert (400, "query.unsupported") == (status, found["code"])
    assert "old" == stored().title
