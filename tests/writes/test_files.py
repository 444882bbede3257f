"""Files in forms: which are taken, where they are stored, and that none is left by a failed write."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from django_flex import FlexQuery
from tests.wild.models import Dossier, News, Scan
from tests.writes.conftest import GRANT

FILES = {"document": {"max_bytes": 1_000, "types": ["application/pdf", ".txt"]}, "photo": {}}
OPEN = {
    "wild.dossier": {"anon": {**GRANT, "files": FILES}},
    "wild.scan": {"anon": {**GRANT, "files": {"file": {}}}},
    "wild.news": {"anon": GRANT},
}
URL = "/api/wild.dossier/"


@pytest.fixture(autouse=True)
def storage(
    open_to_everybody: None, configure: Callable[..., None], settings: Any, tmp_path: Any
) -> Any:
    """Store files on disk, where a test can count them."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path, "base_url": "/media/"},
        },
    }
    configure(OPEN)
    return tmp_path


def stored(root: Any) -> list[str]:
    """Return the names of all files in the storage."""
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def text(name: str = "a.txt", content: bytes = b"hello", kind: str = "text/plain") -> File[bytes]:
    return SimpleUploadedFile(name, content, kind)


def image(name: str = "a.png") -> File[bytes]:
    from PIL import Image

    written = BytesIO()
    Image.new("RGB", (3, 2)).save(written, "PNG")
    return SimpleUploadedFile(name, written.getvalue(), "image/png")


def send(method: str, url: str = URL, headers: Any = None, **parts: Any) -> Any:
    """Send a form, and return the status and the JSON of the reply."""
    parts = {
        name: json.dumps(part) if isinstance(part, dict | list) and name == "_data" else part
        for name, part in parts.items()
    }
    body = encode_multipart(BOUNDARY, parts)
    reply = Client(raise_request_exception=False).generic(
        method, url, body, MULTIPART_CONTENT, headers=headers
    )
    return reply.status_code, reply.json()


def test_fields_are_parts_of_the_form(storage: Any) -> None:
    status, row = send(
        "POST",
        code="a",
        number="7",
        active="false",
        data='{"x": [1]}',
        document=text(),
        photo=image(),
    )

    assert 201 == status, row
    expected = {"url": "/media/dossiers/a.txt", "name": "dossiers/a.txt"}
    assert (expected, "photos/a.png") == (row["document"], row["photo"]["name"])
    assert (7, False, {"x": [1]}, 3, 2) == tuple(
        row[name] for name in ("number", "active", "data", "width", "height")
    )
    assert ["dossiers/a.txt", "photos/a.png"] == stored(storage)
    assert b"hello" == (storage / "dossiers/a.txt").read_bytes()


def test_empty_parts_are_null_and_repeated_parts_are_lists(storage: Any) -> None:
    keys = [News.objects.create(name=name).pk for name in "ab"]

    status, row = send("POST", code="a", number="", document="", photo="", news=keys)
    assert (201, None, None, None) == (status, row["number"], row["document"], row["photo"])
    assert set(keys) == set(Dossier.objects.get().news.values_list("pk", flat=True))

    status, _ = send("PATCH", f"{URL}{row['id']}", news=keys[:1], csrfmiddlewaretoken="x")
    assert (200, keys[:1]) == (
        status,
        list(Dossier.objects.get().news.values_list("pk", flat=True)),
    )

    assert 200 == send("PATCH", f"{URL}{row['id']}", news="")[0]
    assert not Dossier.objects.get().news.exists()


def test_json_part_names_the_files(storage: Any) -> None:
    data = {"code": "a", "document": {"$file": "scan"}, "data": {"$file": 1}}
    status, row = send("POST", _data=data, scan=text("b.txt"), photo=image())

    assert 201 == status, row
    assert ("dossiers/b.txt", "photos/a.png") == (row["document"]["name"], row["photo"]["name"])
    assert {"$file": 1} == row["data"]


def test_json_part_may_be_a_blob(storage: Any) -> None:
    blob = SimpleUploadedFile("blob", b'{"code": "a"}', "application/json")
    status, row = send("POST", _data=blob, document=text())
    assert (201, "dossiers/a.txt") == (status, row["document"]["name"])


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_edit_replaces_a_file_and_leaves_the_old_one(storage: Any, method: str) -> None:
    row = send("POST", code="a", document=text())[1]

    status, edited = send(method, f"{URL}{row['id']}", document=text("a.txt", b"other"))

    assert 200 == status, edited
    assert row["document"]["name"] != edited["document"]["name"]
    assert b"other" == (storage / edited["document"]["name"]).read_bytes()
    assert 2 == len(stored(storage))


def test_upload_with_the_name_of_the_stored_file_is_stored(storage: Any) -> None:
    row = Dossier.objects.create(code="a", document="b.txt")

    status, edited = send("PATCH", f"{URL}{row.pk}", document=text("b.txt"))

    assert (200, "dossiers/b.txt") == (status, edited["document"]["name"])
    assert ["dossiers/b.txt"] == stored(storage)


@pytest.mark.parametrize("empty", [None, ""])
def test_file_is_removed_from_a_row_by_nothing(storage: Any, empty: object) -> None:
    row = send("POST", code="a", document=text(), photo=image())[1]
    body = {"document": empty, "photo": empty}

    reply = Client().patch(f"{URL}{row['id']}", body, content_type="application/json")

    assert (200, None, None) == (reply.status_code, *map(reply.json().get, ("document", "photo")))
    assert 2 == len(stored(storage)), "what becomes of old files is up to the project"


def test_required_file_cannot_be_removed_or_left_out(storage: Any) -> None:
    dossier = Dossier.objects.create(code="a")
    url = "/api/wild.scan/"
    assert 400 == send("POST", url, dossier=dossier.pk)[0]
    status, row = send("POST", url, dossier=dossier.pk, file=text())
    assert 201 == status

    status, error = send("PATCH", f"{url}{row['id']}", file="")
    assert (400, {"file": ["blank"]}) == (status, error["codes"])


def test_nested_rows_have_files(storage: Any) -> None:
    scans = [{"file": {"$file": "one"}}, {"file": {"$file": "two"}, "label": "x"}]
    status, row = send(
        "POST", _data={"code": "a", "scans": scans}, one=text("1.txt"), two=text("2.txt")
    )
    assert 201 == status, row
    assert ["scans/1.txt", "scans/2.txt"] == stored(storage)

    edited = {"$edit": [{"id": Scan.objects.get(label="").pk, "file": {"$file": "new"}}]}
    status, row = send("PATCH", f"{URL}{row['id']}", _data={"scans": edited}, new=text("3.txt"))
    assert 200 == status, row
    assert "scans/3.txt" == Scan.objects.get(label="").file.name


def test_lists_upserts_and_writes_by_filter_have_files(storage: Any) -> None:
    items = [{"code": "a", "document": {"$file": "x"}}, {"code": "b", "document": {"$file": "x"}}]
    status, _ = send("POST", _data=items, x=text())
    assert (201, 2) == (status, len(stored(storage))), "each row has a file of its own"

    items = [{"code": "a", "document": {"$file": "y"}}, {"code": "c", "document": {"$file": "z"}}]
    status, reply = send(
        "PUT", f"{URL}?match=code", _data={"_items": items}, y=text("y.txt"), z=text("z.txt")
    )
    assert 200 == status, reply
    names = dict(Dossier.objects.values_list("code", "document"))
    assert ("dossiers/y.txt", "dossiers/z.txt") == (names["a"], names["c"])

    data = {"_action": "bulk_edit", "filters": {}, "_set": {"document": {"$file": "all"}}}
    status, reply = send("POST", _data=data, all=text("all.txt", b"all"))
    assert 200 == status, reply
    for name in Dossier.objects.values_list("document", flat=True):
        assert b"all" == (storage / name).read_bytes()
    assert 3 == Dossier.objects.values("document").distinct().count()


def test_single_endpoint_and_batch_have_files(storage: Any) -> None:
    status, row = send(
        "POST", "/api/", _model="wild.dossier", _action="add", code="a", document=text()
    )
    assert (201, "dossiers/a.txt") == (status, row["document"]["name"])

    batch = [
        {
            "_name": "d",
            "_model": "wild.dossier",
            "_action": "add",
            "code": "b",
            "document": {"$file": "x"},
        },
        {
            "_model": "wild.scan",
            "_action": "add",
            "dossier": {"$ref": "d.id"},
            "file": {"$file": "y"},
        },
    ]
    status, reply = send("POST", "/api/", _data={"_batch": batch}, x=text("x.txt"), y=text("y.txt"))
    assert 200 == status, reply
    assert ["dossiers/a.txt", "dossiers/x.txt", "scans/y.txt"] == stored(storage)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        pytest.param({"document": text("a.exe")}, "file_type", id="extension"),
        pytest.param({"document": text("a.html", kind="application/pdf")}, "file_type", id="lie"),
        pytest.param({"document": text("a.pdf", kind="text/html")}, "file_type", id="declared"),
        pytest.param(
            {"document": text("pdf", kind="application/pdf")}, "file_type", id="no-suffix"
        ),
        pytest.param({"document": text(content=b"x" * 1_001)}, "file_too_large", id="size"),
        pytest.param({"document": text(content=b"")}, "empty", id="empty"),
        pytest.param({"document": text("a" * 70 + ".txt")}, "max_length", id="long-name"),
        pytest.param(
            {"photo": text("a.png", b"no image", "image/png")}, "invalid_image", id="image"
        ),
        pytest.param({"photo": text("a.txt")}, "invalid_image", id="text-as-image"),
        pytest.param({"document": "dossiers/other.txt"}, "no_file", id="name-of-a-stored-file"),
    ],
)
def test_file_that_does_not_fit_names_its_field(
    storage: Any, parts: dict[str, Any], code: str
) -> None:
    (name,) = parts
    for part in parts.values():
        if isinstance(part, File):
            part.seek(0)
    status, error = send("POST", code="a", **parts)

    assert (400, "write.invalid") == (status, error["code"]), error
    assert code in error["codes"][name]
    assert ([], 0) == (stored(storage), Dossier.objects.count())


def test_validators_of_the_field_are_asked(storage: Any, configure: Any) -> None:
    configure({"wild.dossier": {"anon": {**GRANT, "files": {"document": {}}}}})
    status, error = send("POST", code="a", document=text("a.exe"))
    assert (400, ["invalid_extension"]) == (status, error["codes"]["document"])


def test_all_errors_of_a_row_come_at_once(storage: Any) -> None:
    status, error = send("POST", document=text("a.txt", b""), number="x" * 3, photo=text("a.png"))
    assert 400 == status
    assert {"number"} <= error["codes"].keys()


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"files": {}}, False, id="empty"),
        pytest.param({"files": "*"}, False, id="files-without-a-name"),
        pytest.param({"files": {"max_bytes": 9}}, False, id="limits-without-a-name"),
        pytest.param({"write_fields": ["*", "document"]}, False, id="name-without-files"),
        pytest.param({"files": {"photo": {}}}, False, id="another-column"),
        pytest.param({"files": "*", "write_fields": ["*", "document"]}, True, id="both"),
        pytest.param(
            {"files": {"max_bytes": 9}, "add": {"fields": ["*", "document"]}}, True, id="add"
        ),
        pytest.param({"files": {"document": "*"}}, True, id="column"),
        pytest.param({"files": {"max_bytes": 9, "document": {}}}, True, id="column-and-limits"),
        pytest.param({"files": {"max_bytes": 4, "document": {}}}, False, id="too-large"),
        pytest.param(
            {"files": {"max_bytes": 4, "document": {"max_bytes": 9}}}, True, id="own-limit"
        ),
        pytest.param({"files": {"types": ["image/*"], "document": {}}}, False, id="type"),
    ],
)
def test_upload_needs_a_grant(
    storage: Any, configure: Any, grant: dict[str, Any], *, allowed: bool
) -> None:
    configure({"wild.dossier": {"anon": {**GRANT, **grant}}})

    status, reply = send("POST", code="a", document=text())

    assert (allowed, allowed) == (status == 201, bool(stored(storage))), reply
    if not allowed:
        assert status in {400, 403}


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.txt", "/etc/a.txt", "..\\..\\a.txt", "a/b/../c.txt", "%2e%2e%2fa.txt"],
)
def test_name_of_a_file_leads_nowhere_else(storage: Any, name: str) -> None:
    body = encode_multipart(BOUNDARY, {"code": "a", "document": text("NAME.txt")})
    body = body.replace(b"NAME.txt", name.encode())

    reply = Client().generic("POST", URL, body, MULTIPART_CONTENT)

    assert 201 == reply.status_code
    (only,) = stored(storage)
    assert only.startswith("dossiers/")
    assert (1, 0) == (only.count("/"), only.count(".."))
    assert not list(storage.parent.glob("*.txt"))


@pytest.mark.parametrize("name", ["../a.txt", "/tmp/a.txt", "x/../../a.txt"])
def test_name_of_a_file_from_code_leads_nowhere_else(storage: Any, name: str) -> None:
    file = ContentFile(b"x", name=name)
    result = FlexQuery("wild.dossier").execute({"_action": "add", "code": "a", "document": file})
    assert (201, ["dossiers/a.txt"]) == (result.status_code, stored(storage))


@pytest.mark.parametrize("name", [None, "", ".", ".."])
def test_file_from_code_without_a_name_is_refused(storage: Any, name: str | None) -> None:
    file = ContentFile(b"x", name=name)
    result = FlexQuery("wild.dossier").execute({"_action": "add", "code": "a", "document": file})
    assert (400, []) == (result.status_code, stored(storage))


def test_upload_on_disk_is_copied(storage: Any) -> None:
    with TemporaryUploadedFile("t.txt", "text/plain", 3, "utf-8") as file:
        file.write(b"abc")
        file.seek(0)
        spec = {"_action": "add", "_items": [{"code": c, "document": file} for c in "ab"]}
        result = FlexQuery("wild.dossier").execute(spec)
    assert 201 == result.status_code, result.data
    assert [b"abc"] * 2 == [(storage / name).read_bytes() for name in stored(storage)]


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
        ({"Origin": "https://app.example", "Authorization": "Bearer x"}, 201),
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
