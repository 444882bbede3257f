"""Files in forms: what is refused leaves no file, and is no fault of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import checks
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from django_flex import FlexQuery
from tests.wild.models import Dossier
from tests.writes.conftest import GRANT
from tests.writes.uploading import FILES, OPEN, URL, image, send, stored, text


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, storage: Any, configure: Callable[..., None]) -> None:
    configure(OPEN)


def failing(**parts: Any) -> dict[str, Any]:
    return {
        "wild.dossier": {"anon": {**GRANT, "files": FILES, **parts}},
        "wild.scan": OPEN["wild.scan"],
    }


def veto(**_: Any) -> None:
    raise ValueError("no")


@pytest.mark.parametrize(
    ("expose", "data"),
    [
        pytest.param(OPEN, {"code": "taken"}, id="unique"),
        pytest.param(failing(rows={"number.gt": 5}), {"code": "b", "number": 1}, id="row-rule"),
        pytest.param(failing(check={"code": "z"}), {"code": "b"}, id="check"),
        pytest.param(OPEN, {"code": "b", "scans": [{"label": "no file"}]}, id="nested-row"),
        pytest.param(OPEN, {"code": "b", "scans": [{"file": None}]}, id="nested-file"),
        pytest.param(OPEN, {"code": "b", "news": [999]}, id="link"),
        pytest.param(OPEN, {"code": "b", "_dry_run": True}, id="dry-run"),
        pytest.param(OPEN, {"code": "b", "_fields": "nothing"}, id="fields"),
        pytest.param(
            {**OPEN, "wild.dossier": {**OPEN["wild.dossier"], "hooks": {"after_add": veto}}},
            {"code": "b"},
            id="hook",
        ),
    ],
)
def test_write_that_is_not_stored_leaves_no_file(
    storage: Any, configure: Any, expose: dict[str, Any], data: dict[str, Any]
) -> None:
    configure(OPEN)
    send("POST", code="taken")
    configure(expose)

    status, reply = send("POST", _data=data, document=text(), photo=image())

    assert (status < 300) == ("_dry_run" in data), reply
    assert ([], 1) == (stored(storage), Dossier.objects.count())


@pytest.mark.parametrize("extra", [{"code": "a"}, {"code": "b", "number": "x"}])
@pytest.mark.parametrize("shape", ["list", "batch"])
def test_other_row_that_fails_leaves_no_file(
    storage: Any, extra: dict[str, Any], shape: str
) -> None:
    rows = [{"code": "a", "document": {"$file": "x"}}, {**extra, "document": {"$file": "y"}}]
    batch = [{"_model": "wild.dossier", "_action": "add", **row} for row in rows]
    data = {"_items": rows} if shape == "list" else {"_batch": batch}
    url = URL if shape == "list" else "/api/"

    status, reply = send("POST", url, _data=data, x=text("x.txt"), y=text("y.txt"))

    assert status in {400, 409}, reply
    assert ([], 0) == (stored(storage), Dossier.objects.count())


def test_batch_that_is_not_atomic_keeps_what_is_stored(storage: Any) -> None:
    batch = [
        {"_model": "wild.dossier", "_action": "add", "code": "a", "document": {"$file": "x"}},
        {"_model": "wild.dossier", "_action": "add", "code": "a", "document": {"$file": "y"}},
    ]
    send(
        "POST", "/api/", _data={"_batch": batch, "_atomic": False}, x=text("x.txt"), y=text("y.txt")
    )
    assert ["dossiers/x.txt"] == stored(storage)


def test_edit_that_fails_keeps_the_old_file(storage: Any, configure: Any) -> None:
    row = send("POST", code="a", document=text())[1]
    configure(failing(check={"code": "z"}))

    status, _ = send("PATCH", f"{URL}{row['id']}", document=text("b.txt"))

    assert (403, ["dossiers/a.txt"]) == (status, stored(storage))


def test_storage_that_cannot_remove_is_logged(
    storage: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(self: Any, name: str) -> None:
        raise OSError

    monkeypatch.setattr(FileSystemStorage, "delete", fail)
    status, _ = send("POST", _data={"code": "a", "_dry_run": True}, document=text())

    assert status < 300
    assert "could not be removed" in caplog.text


def test_storage_that_fails_stores_nothing(storage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    storing: Any = FileSystemStorage
    saved = storing._save

    def fail(self: Any, name: str, content: Any) -> Any:
        if "photos" in name:
            raise ConnectionError
        return saved(self, name, content)

    monkeypatch.setattr(FileSystemStorage, "_save", fail)
    status, _ = send("POST", code="a", document=text(), photo=image())
    assert (500, [], 0) == (status, stored(storage), Dossier.objects.count())


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        pytest.param(
            {"_data": {"code": "a", "document": None}, "document": text()}, "document", id="both"
        ),
        pytest.param({"_data": {"code": "a"}, "unknown": text()}, "unknown", id="not-a-column"),
        pytest.param({"_data": {"code": "a"}, "_scan": text()}, "_scan", id="control"),
        pytest.param({"_data": {"code": "a"}, "code": "b"}, "code", id="text-beside-json"),
        pytest.param({"_data": {"code": "a", "document": {"$file": "x"}}}, None, id="no-such-part"),
        pytest.param(
            {"_data": {"code": "a", "data": {"$file": "x"}}, "x": text()}, None, id="in-json"
        ),
        pytest.param({"_data": {"code": {"$file": "x"}}, "x": text()}, None, id="in-text"),
        pytest.param({"_data": {"number": {"$file": "x"}}, "x": text()}, None, id="in-a-number"),
        pytest.param({"_data": "{"}, "_data", id="no-json"),
        pytest.param({"_data": "[1]"}, None, id="list-of-no-objects"),
        pytest.param({"code": ["a", "b"]}, None, id="text-twice"),
        pytest.param({"_items": "[]"}, "_items", id="items-as-text"),
        pytest.param(
            {"code": "a", "document": [text(), text("b.txt")]}, "document", id="file-twice"
        ),
        pytest.param({"code": text()}, None, id="file-for-text"),
    ],
)
def test_form_that_makes_no_sense_is_refused(
    storage: Any, parts: dict[str, Any], path: str | None
) -> None:
    for part in parts.values():
        for one in part if isinstance(part, list) else [part]:
            if isinstance(one, File):
                one.seek(0)
    status, error = send("POST", **parts)
    assert status in {400, 403}, error
    assert path is None or path in (error.get("path"), *error.get("fields", {}))
    assert ([], 0) == (stored(storage), Dossier.objects.count())


@pytest.mark.parametrize(
    ("method", "url", "parts"),
    [
        ("GET", URL, {"fields": "id"}),
        ("QUERY", URL, {"fields": "id"}),
        ("QUERY", "/api/", {"_model": "wild.dossier"}),
        ("POST", f"{URL}query", {"fields": "id"}),
        ("POST", "/api/", {"_model": "wild.dossier", "_action": "list"}),
        ("POST", "/api/", {"_model": "wild.dossier", "_action": "delete", "_id": "1"}),
        ("DELETE", f"{URL}1", {"_id": "1"}),
    ],
)
def test_form_reads_and_deletes_nothing(method: str, url: str, parts: dict[str, str]) -> None:
    status, error = send(method, url, **parts)
    assert (415, "request.media_type") == (status, error["code"])


def test_form_is_limited(storage: Any, configure: Any, settings: Any) -> None:
    configure(OPEN, MAX_FILE_BYTES=50, MAX_BODY_BYTES=100)
    assert 413 == send("POST", code="a", document=text(content=b"x" * 51))[0]
    assert 201 == send("POST", code="a", document=text(content=b"x" * 50))[0]
    assert 413 == send("POST", code="b", data='"' + "x" * 100 + '"')[0]
    assert 413 == send("POST", _data={"code": "x" * 100})[0]
    configure(OPEN)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert 413 == send("PATCH", f"{URL}1", data="x" * 200)[0]
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 1
    assert 400 == send("POST", code="c", document=text(), photo=image())[0]
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    assert 400 == send("POST", code="c", number="1", active="true")[0]
    assert 1 == len(stored(storage))


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    "body", [b"nothing", b"--x\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n"]
)
def test_malformed_form_is_refused(method: str, body: bytes) -> None:
    row = Dossier.objects.create(code="a")
    url = URL if method == "POST" else f"{URL}{row.pk}"
    client = Client(raise_request_exception=False)
    for kind in ("multipart/form-data; boundary=x", "multipart/form-data"):
        assert 400 == client.generic(method, url, body, kind).status_code
    zipped = {"content-encoding": "gzip"}
    reply = client.generic(method, url, body, "multipart/form-data; boundary=x", headers=zipped)
    assert 415 == reply.status_code
    assert 1 == Dossier.objects.count()


def test_idempotency_key_covers_the_content(storage: Any) -> None:
    headers = {"Idempotency-Key": "k"}
    first = send("POST", headers=headers, code="a", document=text())
    assert first == send("POST", headers=headers, code="a", document=text())
    assert 1 == len(stored(storage))
    for other in (text(content=b"hellO"), text("b.txt")):
        assert 422 == send("POST", headers=headers, code="a", document=other)[0]


def test_audit_has_the_name_and_size(storage: Any, configure: Any, caplog: Any) -> None:
    configure(OPEN, AUDIT_QUERIES=True)
    with caplog.at_level("INFO", "django_flex.audit"):
        send("POST", _data={"code": "a", "document": {"$file": "x"}}, x=text("x y.txt", b"secret"))
    assert "files='x y.txt:6'" in caplog.text
    assert "secret" not in caplog.text


def test_options_has_the_limits(storage: Any) -> None:
    described = Client().options(URL).json()["inputs"]["add"]

    assert {"max_bytes": 1_000, "types": ["application/pdf", ".txt"]} == described["document"][
        "file"
    ]
    assert {"max_bytes": 10_485_760} == described["photo"]["file"]
    assert ["object", "null"] == described["document"]["schema"]["type"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 201),
        ({"Origin": "http://testserver"}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Authorization": "Negotiate x"}, 403),
        ({"Origin": "https://app.example", "Authorization": "Token x"}, 201),
        ({"Origin": "https://app.example", "Authorization": "Bearer x"}, 401),  # nobody's token
    ],
)
def test_form_of_another_site_is_refused(
    storage: Any, headers: dict[str, str], expected: int
) -> None:
    assert expected == send("POST", headers=headers, code="a", document=text())[0]
    assert (expected == 201) == bool(stored(storage))


def test_session_needs_a_token(storage: Any, django_user_model: Any) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(django_user_model.objects.create_user("u"))
    for method, url in (("POST", URL), ("PATCH", f"{URL}1")):
        body = encode_multipart(BOUNDARY, {"code": "a", "document": text()})
        reply = client.generic(method, url, body, MULTIPART_CONTENT)
        assert (403, "csrf.failed") == (reply.status_code, reply.json()["code"])
    assert [] == stored(storage)


def test_failed_write_keeps_a_file_that_a_row_has(storage: Any, settings: Any) -> None:
    """Some storages overwrite a file of the same name; what is left of it belongs to the row."""
    settings.STORAGES["default"]["OPTIONS"]["allow_overwrite"] = True
    settings.STORAGES = {**settings.STORAGES}
    row = send("POST", code="a", document=text())[1]
    assert "dossiers/a.txt" == row["document"]["name"]

    for method, url, code in (("PATCH", f"{URL}{row['id']}", "a"), ("POST", URL, "b")):
        data = {"code": code, "_dry_run": True}
        assert send(method, url, _data=data, document=text())[0] < 300

    assert ["dossiers/a.txt"] == stored(storage)


def test_level_that_has_no_file_does_not_take_those_around_it(storage: Any) -> None:
    add = {"_model": "wild.dossier", "_action": "add"}
    batch = [
        {**add, "code": "a"},
        {**add, "code": "b", "document": {"$file": "x"}},
        {**add, "code": "c"},
        {**add, "code": "b"},
    ]
    assert 400 == send("POST", "/api/", _data={"_batch": batch}, x=text())[0]
    assert [] == stored(storage)
    assert 200 == send("POST", "/api/", _data={"_batch": batch[:3]}, x=text())[0]
    assert 1 == len(stored(storage))


FILE = object()
#: A file where none belongs: each is refused, and none is a fault of ours.
PLACES: list[Any] = [
    {"_action": "list", "filters": {"code": FILE}},
    {"_action": "list", "filters": {"code.in": [FILE]}},
    {"_action": "list", "filters": FILE},
    {"_action": "list", "fields": FILE},
    {"_action": "list", "order_by": [FILE]},
    {"_action": "list", "limit": FILE},
    {"_action": "list", "search": FILE},
    {"_action": FILE},
    {"_action": "get", "_id": FILE},
    {"_action": "edit", "_id": FILE, "code": "x"},
    {"_action": "edit", "id": FILE, "code": "x"},
    {"_action": "add", "code": "x", "_fields": FILE},
    {"_action": "add", "code": "x", "_dry_run": FILE},
    {"_action": "add", "_items": FILE},
    {"_action": "add", "_items": [FILE]},
    {"_action": "add", "code": "x", "news": FILE},
    {"_action": "add", "code": "x", "news": [FILE]},
    {"_action": "add", "code": "x", "news": {"$add": FILE}},
    {"_action": "add", "code": "x", "scans": FILE},
    {"_action": "add", "code": "x", "scans": [FILE]},
    {"_action": "add", "code": "x", "scans": [{"file": FILE, "label": FILE}]},
    {"_action": "add", "code": "x", "data": {"deep": [FILE]}},
    {"_action": "add", "code": "x", "data.key": FILE},
    {"_action": "add", "code": "x", "active": FILE},
    {"_action": "add", "code": "x", "document": [FILE]},
    {"_action": "add", "code": "x", "document": {"name": "x"}},
    {"_action": "add", "code": "x", "document": 5},
    {"_action": "upsert", "_match": FILE, "code": "x"},
    {"_action": "upsert", "_match": "code", "code": FILE},
    {"_action": "bulk_edit", "filters": {}, "_set": FILE},
    {"_action": "bulk_edit", "filters": {}, "_max_affected": FILE, "_set": {"code": "x"}},
    {"_batch": FILE},
    {"_batch": [FILE]},
    {"_batch": [{"_model": FILE, "_action": "add"}]},
]


def with_file(value: Any) -> Any:
    if value is FILE:
        return ContentFile(b"x", name="a.txt")
    if isinstance(value, dict):
        return {key: with_file(part) for key, part in value.items()}
    return [with_file(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("spec", PLACES, ids=range(len(PLACES)))
def test_file_where_none_belongs_is_refused(storage: Any, spec: dict[str, Any]) -> None:
    result = FlexQuery("wild.dossier").execute(with_file(spec))
    assert 400 <= result.status_code < 500, result.data
    assert ([], 0) == (stored(storage), Dossier.objects.count())


@pytest.mark.parametrize("name", ["id", "_id", "_action", "_fields", "filters", "_items", "_data"])
def test_file_in_a_part_named_like_a_key_is_refused(storage: Any, name: str) -> None:
    parts: dict[str, Any] = {"code": "a", name: text()}
    assert send("POST", **parts)[0] in {400, 403}
    assert ([], 0) == (stored(storage), Dossier.objects.count())


@pytest.mark.parametrize(
    "files",
    [
        5,
        ["document"],
        {"max_bytes": "5"},
        {"max_bytes": True},
        {"max_bytes": 0},
        {"max_byte": 5},
        {"types": []},
        {"types": ["pdf"]},
        {"code": {}},
        {"nothing": {}},
        {"document": {"types": "image"}},
        {"document": {"max": 5}},
        {"document": 5},
    ],
)
def test_mistake_in_files_is_reported_and_allows_nothing(
    storage: Any, configure: Any, files: Any
) -> None:
    configure(
        {"wild.dossier": {"anon": {**GRANT, "write_fields": ["*", "document"], "files": files}}}
    )
    assert send("POST", code="a", document=text())[0] in {400, 403}
    assert [] == stored(storage)
    assert any("files" in (one.msg + str(one.obj)) for one in checks.run_checks())


def test_form_without_a_length_says_so(storage: Any) -> None:
    body = encode_multipart(BOUNDARY, {"code": "a", "document": text()})
    reply = Client().generic("POST", URL, body, MULTIPART_CONTENT, CONTENT_LENGTH="")
    assert (400, "send a Content-Length") == (reply.status_code, reply.json()["hint"])
    assert [] == stored(storage)
