"""Files that the clients send: from a disk, from memory, inside rows, and again after a fault."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from django_flex.client import (
    BuildError,
    ClientError,
    ConnectionFailed,
    Unsupported,
    Upload,
    ValidationFailed,
)
from tests.client.directus_server import DirectusServer
from tests.client.shells import Shell, directus
from tests.client.test_connections import LosesReply
from tests.doors.fronts import FLEX_MIDDLEWARE
from tests.writes.uploading import OPEN, stored

SIZE = 32_000_000


@pytest.fixture
def media(settings: Any, tmp_path: Path, bookings: None, configure: Any) -> Path:
    """The folder in which the server stores files, and a server that takes them."""
    root = tmp_path / "media"
    root.mkdir()
    file_system = "django.core.files.storage.FileSystemStorage"
    options = {"location": root, "base_url": "/media/"}
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": file_system, "OPTIONS": options},
    }
    settings.MIDDLEWARE = [FLEX_MIDDLEWARE]
    configure(OPEN)
    return root


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"what it says")
    return path


def content(media: Path) -> dict[str, bytes]:
    return {name: (media / name).read_bytes() for name in stored(media)}


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param(lambda path: path, id="path"),
        pytest.param(lambda path: path.open("rb"), id="open file"),
        pytest.param(Upload, id="named path"),
        pytest.param(lambda path: Upload(str(path)), id="path as text"),
        pytest.param(lambda path: Upload(path.read_bytes(), "notes.txt"), id="bytes"),
        pytest.param(lambda path: Upload(io.BytesIO(path.read_bytes()), "notes.txt"), id="memory"),
    ],
)
def test_a_row_is_added_with_a_file(
    shell: Shell, media: Path, notes: Path, opened: Callable[[Path], Any]
) -> None:
    source = opened(notes)
    dossiers = shell.project().collection("wild.dossier")
    row = {"code": "a", "number": 7, "active": False, "data": {"x": [1]}, "document": source}
    made = shell.run(dossiers.create(row))
    assert made["document"] == {"name": "dossiers/notes.txt", "url": "/media/dossiers/notes.txt"}
    assert (made["number"], made["active"], made["data"]) == (7, False, {"x": [1]})
    assert content(media) == {"dossiers/notes.txt": b"what it says"}
    if isinstance(source, io.BufferedReader):
        source.close()


def test_files_are_replaced_removed_and_refused(shell: Shell, media: Path, notes: Path) -> None:
    dossiers = shell.project().collection("wild.dossier").fields("id", "document")
    made = shell.run(dossiers.create({"code": "a", "document": notes}))
    other = Upload(b"%PDF", 'ä "b"\r\n\\c.pdf')
    changed = shell.run(dossiers.update(made["id"], {"document": other}))
    assert changed["document"]["name"].endswith(".pdf")
    assert b"%PDF" in content(media).values()
    assert shell.run(dossiers.update(made["id"], {"document": None}))["document"] is None
    with pytest.raises(ValidationFailed) as raised:
        shell.run(dossiers.create({"code": "b", "document": Upload(b"MZ", "run.exe")}))
    assert set(raised.value.fields) == {"document"}


def test_rows_inside_a_row_and_rows_of_a_list_have_files(
    shell: Shell, media: Path, notes: Path
) -> None:
    dossiers = shell.project().collection("wild.dossier").fields("code", "document", "scans.label")
    scans = [{"label": name, "file": Upload(name.encode(), f"{name}.bin")} for name in ("x", "y")]
    made = shell.run(dossiers.create({"code": "a", "document": notes, "scans": {"$add": scans}}))
    assert [scan["label"] for scan in made["scans"]] == ["x", "y"]
    rows = [{"code": name, "document": Upload(name.encode(), f"{name}.txt")} for name in "bc"]
    shell.run(dossiers.create_many(rows))
    assert content(media) == {
        "dossiers/notes.txt": b"what it says",
        "dossiers/b.txt": b"b",
        "dossiers/c.txt": b"c",
        "scans/x.bin": b"x",
        "scans/y.bin": b"y",
    }


def test_operations_of_a_batch_have_files(shell: Shell, media: Path, notes: Path) -> None:
    client: Any = shell.project()

    async def batch_async() -> Any:
        async with client.batch() as batch:
            made = batch.create("wild.dossier", {"code": "a", "document": notes})
            batch.create("wild.scan", {"dossier": made.id, "file": notes})
        return made

    if shell.name == "async":
        made = shell.run(batch_async())
    else:
        with client.batch() as batch:
            made = batch.create("wild.dossier", {"code": "a", "document": notes})
            batch.create("wild.scan", {"dossier": made.id, "file": notes})
    assert made.result["document"]["name"] == "dossiers/notes.txt"
    assert set(content(media)) == {"dossiers/notes.txt", "scans/notes.txt"}


class Dossier(BaseModel):
    code: str
    document: Path


@dataclass
class Scan:
    dossier: int
    file: Path


def test_instances_of_models_have_files(shell: Shell, media: Path, notes: Path) -> None:
    client: Any = shell.project()
    dossiers = client.collection("wild.dossier").fields("id")
    made = shell.run(dossiers.create(Dossier(code="a", document=notes)))
    shell.run(client.collection("wild.scan").create(Scan(made["id"], notes)))
    assert set(content(media)) == {"dossiers/notes.txt", "scans/notes.txt"}


def test_json_that_looks_like_a_file_stays_json(shell: Shell, media: Path, notes: Path) -> None:
    dossiers = shell.project().collection("wild.dossier")
    data = {"$file": "document"}
    made = shell.run(dossiers.create({"code": "a", "data": data, "document": notes}))
    assert made["data"] == data


def test_a_file_is_sent_again_from_where_it_stood(shell: Shell, media: Path, notes: Path) -> None:
    transport = LosesReply(shell.application())
    client: Any = shell.client("http://testserver/api/", transport, dialect="flex")
    with notes.open("rb") as file:
        file.seek(5)
        made = shell.run(client.collection("wild.dossier").create({"code": "a", "document": file}))
    assert len(transport.keys) == 2
    assert made["document"]["name"] == "dossiers/notes.txt"
    assert content(media) == {"dossiers/notes.txt": b"it says"}


class Unseekable(io.RawIOBase):
    name = "pipe.txt"

    def readable(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (lambda folder: folder / "missing.txt", "There is no file"),
        (lambda folder: folder, "There is no file"),
        (lambda _: io.StringIO("text"), "binary mode"),
        (lambda _: io.BytesIO(b"x"), "needs a name"),
        (lambda _: Unseekable(), "has to tell and seek"),
        (lambda _: Upload(b"x"), "needs a name"),
        (lambda _: Upload(5), "a path, an open binary file or bytes, not int"),  # type: ignore[arg-type] # the point
    ],
    ids=range(7),
)
def test_what_cannot_be_sent_is_refused_at_once(
    shell: Shell, tmp_path: Path, value: Callable[[Path], Any], told: str
) -> None:
    made = DirectusServer({"directus_files": []})
    files = directus(shell, made).collection("directus_files")
    with pytest.raises(BuildError, match=told):
        shell.run(files.create({"file": value(tmp_path)}))
    assert made.asked == []


def test_a_filter_holds_no_file(shell: Shell, notes: Path) -> None:
    with pytest.raises(BuildError, match="only sent in a row"):
        directus(shell, DirectusServer({})).collection("x").filter(file=notes)


# --- Directus --------------------------------------------------------------------------


def test_directus_stores_a_file_with_what_is_said_about_it(shell: Shell, notes: Path) -> None:
    made = DirectusServer({"directus_files": []})
    files = directus(shell, made).collection("directus_files")
    row = {"file": notes, "title": "Notes", "folder": None, "embedded": True, "tags": ["a"]}
    added = shell.run(files.create(row))
    assert made.files == {"file-1": b"what it says"}
    assert made.asked[-1].url.path == "/files"
    expected = {
        "title": "Notes", "folder": "null", "embedded": "true", "tags": '["a"]',
        "filename_download": "notes.txt", "type": "text/plain", "filesize": 12,
    }  # fmt: skip
    assert {name: added[name] for name in expected} == expected
    shell.run(files.update("file-1", {"file": Upload(b"other", "new.txt")}))
    assert made.files == {"file-1": b"other"}
    assert (made.asked[-1].method, made.asked[-1].url.path) == ("PATCH", "/files/file-1")
    # Without a file it is a row like any other.
    assert shell.run(files.update("file-1", {"title": "Other"}))["title"] == "Other"


@pytest.mark.parametrize(
    "write",
    [
        lambda client, path: client.collection("posts").create({"cover": path}),
        lambda client, path: client.collection("directus_files").create({"a": path, "b": path}),
        lambda client, path: client.collection("directus_files").create({"a": {"b": path}}),
        lambda client, path: client.collection("directus_files").create_many([{"a": path}]),
    ],
    ids=["items", "two", "inside", "list"],
)
def test_files_that_directus_does_not_take_are_refused(
    shell: Shell, notes: Path, write: Callable[[Any, Path], Any]
) -> None:
    made = DirectusServer({"directus_files": [], "posts": []})
    with pytest.raises(Unsupported, match="Directus takes"):
        shell.run(write(directus(shell, made), notes))
    assert made.asked == []


def test_a_file_is_only_sent_again_to_directus_if_it_did_not_arrive(
    shell: Shell, notes: Path
) -> None:
    def away(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("away", request=request)

    def reset(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadError("reset", request=request)

    made = DirectusServer({"directus_files": []}, faults=[away, lambda _: httpx2.Response(429)])
    files = directus(shell, made).collection("directus_files")
    shell.run(files.create({"file": notes}))
    assert len(made.asked) == 3
    assert made.files == {"file-1": b"what it says"}
    made.faults = [reset]
    with pytest.raises(ConnectionFailed):
        shell.run(files.create({"file": notes}))
    assert len(made.asked) == 4


# --- from the disk to the connection ---------------------------------------------------


class Counts(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Count the bytes of each request, and keep none; ``shorten`` is called after the first."""

    def __init__(self, shorten: Callable[[], object] = lambda: None) -> None:
        self.told: list[tuple[int, int]] = []
        self.shorten = shorten

    def _reply(self, request: httpx2.Request, size: int) -> httpx2.Response:
        self.told.append((int(request.headers["content-length"]), size))
        assert "transfer-encoding" not in request.headers
        if len(self.told) == 1:
            return httpx2.Response(503)
        return httpx2.Response(201, json={"id": 1})

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        size = 0
        assert isinstance(request.stream, httpx2.SyncByteStream)
        for chunk in request.stream:
            size += len(chunk)
            self.shorten()
        return self._reply(request, size)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        size = 0
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        async for chunk in request.stream:
            size += len(chunk)
            self.shorten()
        return self._reply(request, size)


def test_a_large_file_is_never_in_memory(shell: Shell, tmp_path: Path) -> None:
    path, transport = tmp_path / "large.bin", Counts()
    with path.open("wb") as file:
        file.truncate(SIZE)
    client: Any = shell.client("https://flex.example/", transport, dialect="flex")
    tracemalloc.start()
    try:
        assert shell.run(client.collection("x").create({"file": path})) == {"id": 1}
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert transport.told == [(transport.told[0][0], transport.told[0][0])] * 2
    assert transport.told[0][0] > SIZE


def test_a_file_that_shrinks_while_it_is_sent_is_an_error(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(1_000_000))
    transport = Counts(lambda: path.write_bytes(b""))
    client: Any = shell.client("https://flex.example/", transport, dialect="flex")
    with pytest.raises(ClientError, match="has become shorter"):
        shell.run(client.collection("x").create({"file": path}))


def test_a_file_that_is_gone_at_the_second_attempt_is_an_error(
    shell: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "short.bin"
    path.write_bytes(b"x")
    client: Any = shell.client(
        "https://flex.example/", Counts(lambda: path.unlink(missing_ok=True)), dialect="flex"
    )
    with pytest.raises(ClientError, match=r"'short.bin' cannot be read"):
        shell.run(client.collection("x").create({"file": path}))
