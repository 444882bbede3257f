"""Files in forms: which are taken, and where they are stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from django_flex import FlexQuery
from tests.wild.models import Dossier, News, Scan
from tests.writes.conftest import GRANT
from tests.writes.uploading import FILES, OPEN, URL, image, send, stored, text


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, storage: Any, configure: Callable[..., None]) -> None:
    configure(OPEN)


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


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_large_file_is_not_read_into_memory(
    storage: Any, configure: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    configure({"wild.dossier": {"anon": {**GRANT, "files": {"document": {}}}}})
    row = Dossier.objects.create(code="a")
    read: list[int] = []
    chunked = File.chunks

    def chunks(self: Any, chunk_size: Any = None) -> Any:
        for chunk in chunked(self, chunk_size):
            read.append(len(chunk))
            yield chunk

    monkeypatch.setattr(File, "chunks", chunks)
    url = URL if method == "POST" else f"{URL}{row.pk}"
    status, reply = send(method, url, code="b", document=text(content=b"x" * 3_000_000))

    assert status in {200, 201}, reply
    assert 3_000_000 == (storage / reply["document"]["name"]).stat().st_size
    assert (3_000_000, True) == (sum(read), max(read) <= File.DEFAULT_CHUNK_SIZE)


def test_refused_request_stores_nothing(storage: Any, configure: Any) -> None:
    configure({"wild.dossier": {"anon": {**GRANT, "files": FILES, "rate_limit": 1}}})
    statuses = [send("POST", code=code, document=text())[0] for code in "ab"]
    assert ([201, 429], 1) == (statuses, len(stored(storage)))
