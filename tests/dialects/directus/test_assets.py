"""``/files`` and ``/assets``: a model with one column of files, under the usual grants."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.dialects.directus.asking import GRANT
from tests.wild.models import Dossier, Scan
from tests.writes import conftest

storage = conftest.storage  # the fixture

FIELDS = ["id", "label", "file", "dossier"]
FILES: dict[str, Any] = {
    **GRANT,
    "fields": FIELDS,
    "write_fields": ["label", "dossier"],
    "files": {"file": {"max_bytes": 1_000, "types": [".txt", ".png", ".html"]}},
    "rows": {"label.ne": "hidden"},
}


@pytest.fixture
def dossier(db: None, storage: Path, settings: Any) -> Dossier:
    """A server on which anybody may store scans, and see those that are not hidden."""
    configure(settings, FILES)
    return Dossier.objects.create(code="one")


def configure(settings: Any, grant: Any, **parts: Any) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "DIALECT": "directus",
        "EXPOSE": {"wild.scan": {"url_name": "directus_files", "anon": grant, **parts}},
    }


def text(name: str = "a.txt", content: bytes = b"hello") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/plain")


def upload(dossier: Dossier, **parts: Any) -> Any:
    return Client().post("/api/files", {"dossier": dossier.pk, "label": "x", **parts})


def code(response: Any) -> tuple[int, str]:
    (error,) = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


def stored(dossier: Dossier, name: str = "a.txt", label: str = "x") -> Scan:
    return Scan.objects.create(
        dossier=dossier, label=label, file=SimpleUploadedFile(name, b"<script>")
    )


@pytest.mark.parametrize("part", ["file", "upload", "x.y"])
def test_an_upload_is_stored_and_served(dossier: Dossier, part: str) -> None:
    response = upload(dossier, **{part: text()})
    assert 200 == response.status_code, response.content
    item = response.json()["data"]
    assert {"label": "x", "dossier": dossier.pk} == {key: item[key] for key in ("label", "dossier")}
    for url in (f"/api/assets/{item['id']}", f"/api/assets/{item['id']}/any-name.png"):
        asset = Client().get(url)
        assert b"hello" == b"".join(asset)
        assert "text/plain" == asset["Content-Type"]
        assert "5" == asset["Content-Length"]
        assert 'inline; filename="a.txt"' == asset["Content-Disposition"]


def test_files_are_items(dossier: Dossier) -> None:
    scan = stored(dossier)
    assert "x" == Client().get(f"/api/files/{scan.pk}").json()["data"]["label"]
    listed = Client().get("/api/files", {"filter[label][_eq]": "x", "fields": "id"})
    assert [{"id": scan.pk}] == listed.json()["data"]
    changed = Client().patch(
        f"/api/files/{scan.pk}?fields=label", {"label": "y"}, content_type="application/json"
    )
    assert {"label": "y"} == changed.json()["data"]
    assert 204 == Client().delete(f"/api/files/{scan.pk}").status_code
    assert (403, "FORBIDDEN") == code(Client().get(f"/api/assets/{scan.pk}"))


def test_a_form_replaces_a_file(dossier: Dossier) -> None:
    scan = stored(dossier)
    body = encode_multipart(BOUNDARY, {"label": "new", "file": text("b.txt", b"other")})
    response = Client().patch(f"/api/files/{scan.pk}", body, content_type=MULTIPART_CONTENT)
    assert 200 == response.status_code, response.content
    assert b"other" == b"".join(Client().get(f"/api/assets/{scan.pk}"))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"file": text("a.exe")}, (400, "FAILED_VALIDATION")),
        ({"file": text("a.txt", b"x" * 1_001)}, (400, "FAILED_VALIDATION")),
        ({}, (400, "FAILED_VALIDATION")),
        ({"file": text(), "other": text()}, (400, "INVALID_PAYLOAD")),
        ({"file": [text(), text()]}, (400, "INVALID_QUERY")),
        ({"upload": text(), "file": "name.txt"}, (400, "INVALID_PAYLOAD")),
        ({"file": "scans/other-users.txt"}, (400, "FAILED_VALIDATION")),
        ({"file": text(), "label": ["x", "y"]}, (400, "INVALID_PAYLOAD")),
        ({"file": text(), "folder": "x"}, (403, "FORBIDDEN")),
    ],
    ids=str,
)
def test_what_is_wrong_with_an_upload(
    dossier: Dossier, storage: Path, parts: dict[str, Any], expected: tuple[int, str]
) -> None:
    for one in parts.values():
        if isinstance(one, SimpleUploadedFile):
            one.seek(0)
    assert expected == code(upload(dossier, **parts))
    assert not Scan.objects.exists()
    assert not [one for one in storage.rglob("*") if one.is_file()]


def test_only_the_collection_of_files_takes_forms(dossier: Dossier) -> None:
    response = Client().post("/api/items/directus_files", {"label": "x", "file": text()})
    assert (415, "UNSUPPORTED_MEDIA_TYPE") == code(response)


UNREADABLE = {
    "no-role": {},
    "no-get": {**FILES, "ops": ["list", "add"]},
    "no-column": {**FILES, "fields": ["id", "label"]},
    "another-row": {**FILES, "rows": {"label": "other"}},
    "excluded": {**FILES, "fields": ["*"], "exclude": ["file"]},
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_may_not_be_read_looks_like_none(
    dossier: Dossier, settings: Any, name: str
) -> None:
    scan = stored(dossier)
    assert b"<script>" == b"".join(Client().get(f"/api/assets/{scan.pk}"))
    configure(settings, UNREADABLE[name])
    replies = [Client().get(f"/api/assets/{key}") for key in (scan.pk, scan.pk + 1)]
    assert [(403, "FORBIDDEN")] * 2 == [code(one) for one in replies]
    assert replies[0].content == replies[1].content


def test_a_hidden_row_looks_like_none(dossier: Dossier) -> None:
    scan = stored(dossier, label="hidden")
    replies = [Client().get(f"/api/assets/{key}") for key in (scan.pk, scan.pk + 1)]
    assert replies[0].content == replies[1].content
    assert (403, "FORBIDDEN") == code(replies[0])
    assert (403, "FORBIDDEN") == code(Client().get("/api/assets/x"))


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xml", "a.pdf", "a.js", "a", "a.txt.gz"])
def test_no_browser_runs_what_was_uploaded(dossier: Dossier, name: str) -> None:
    asset = Client().get(f"/api/assets/{stored(dossier, name).pk}")
    assert asset["Content-Disposition"].startswith("attachment")
    assert "nosniff" == asset["X-Content-Type-Options"]
    assert "default-src 'none'; sandbox" == asset["Content-Security-Policy"]
    assert "private, no-cache" == asset["Cache-Control"]
    assert "Authorization" in asset["Vary"]
    assert "Cookie" in asset["Vary"]
    b"".join(asset)


@pytest.mark.parametrize(
    ("query", "shown"), [("", "inline"), ("?download", "attachment"), ("?download=false", "inline")]
)
def test_a_file_is_downloaded_if_that_is_asked(dossier: Dossier, query: str, shown: str) -> None:
    asset = Client().get(f"/api/assets/{stored(dossier).pk}{query}")
    assert asset["Content-Disposition"].startswith(shown)
    b"".join(asset)


def test_head_has_no_body(dossier: Dossier) -> None:
    asset = Client().head(f"/api/assets/{stored(dossier).pk}")
    assert ("8", b"") == (asset["Content-Length"], asset.content)


def test_what_is_wrong_with_an_asset(dossier: Dossier, settings: Any) -> None:
    scan = stored(dossier)
    assert (400, "INVALID_QUERY") == code(Client().get(f"/api/assets/{scan.pk}?width=100"))
    assert (405, "METHOD_NOT_ALLOWED") == code(Client().delete(f"/api/assets/{scan.pk}"))
    for url in ("/api/assets", "/api/assets/", f"/api/assets/{scan.pk}/a/b"):
        assert (404, "ROUTE_NOT_FOUND") == code(Client().get(url))
    scan.file.storage.delete(str(scan.file.name))
    assert (404, "ROUTE_NOT_FOUND") == code(Client().get(f"/api/assets/{scan.pk}"))
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "EXPOSE": {}}
    assert (403, "FORBIDDEN") == code(Client().get(f"/api/assets/{scan.pk}"))
    assert (403, "FORBIDDEN") == code(Client().get("/api/files"))


class AwayStorage(FileSystemStorage):
    """Its server does not answer."""

    def open(self, name: str, mode: str = "rb") -> Any:
        raise ConnectionError("s3 of example.com is away")


def test_a_storage_that_is_away_is_said_so(dossier: Dossier, settings: Any) -> None:
    scan = stored(dossier)
    backend = f"{__name__}.{AwayStorage.__name__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}
    response = Client().get(f"/api/assets/{scan.pk}")
    assert (503, "SERVICE_UNAVAILABLE") == code(response)
    assert b"s3" not in response.content


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "/etc/passwd",
        "scans",
        "scans/a.txt/b.txt",
        "\N{EURO SIGN}" * 99,
    ],
)
def test_a_name_that_is_no_file_of_the_storage(dossier: Dossier, name: str) -> None:
    scan = stored(dossier)
    Scan.objects.filter(pk=scan.pk).update(file=name)
    assert (404, "ROUTE_NOT_FOUND") == code(Client().get(f"/api/assets/{scan.pk}"))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("embedded null byte"), 404),
        (OSError(errno.ENAMETOOLONG, "File name too long"), 404),
        (PermissionError(errno.EACCES, "Permission denied"), 503),
    ],
    ids=["value", "long", "permission"],
)
def test_a_storage_refuses_a_name_or_cannot_read(
    dossier: Dossier, monkeypatch: pytest.MonkeyPatch, caplog: Any, error: Exception, status: int
) -> None:
    scan = stored(dossier)

    def refuse(*_: object) -> Any:
        raise error

    monkeypatch.setattr(FileSystemStorage, "open", refuse)
    assert status == Client().get(f"/api/assets/{scan.pk}").status_code
    assert "The storage" in caplog.text


def test_two_columns_of_files_are_no_collection_of_files(
    db: None, storage: Path, settings: Any
) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "DIALECT": "directus",
        "EXPOSE": {
            "wild.dossier": {
                "url_name": "directus_files",
                "anon": {**GRANT, "files": {"photo": {}}},
            }
        },
    }
    dossier = Dossier.objects.create(code="one", document=text())
    assert (403, "FORBIDDEN") == code(Client().get(f"/api/assets/{dossier.pk}"))
    sent = {"code": "two", "photo": text()}
    assert (403, "FORBIDDEN") == code(Client().post("/api/files", sent))
