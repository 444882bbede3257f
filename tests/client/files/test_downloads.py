"""Files of rows that are read from Directus, and what arrives in their place."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from django_flex.client import (
    Asset,
    BuildError,
    Client,
    ConnectionFailed,
    Forbidden,
    NotFoundOrForbidden,
    ProtocolError,
    ReplyTooLarge,
    Unsupported,
)
from tests.client.directus_server import DirectusServer
from tests.client.shells import Shell, directus

PICTURE = bytes(range(256)) * 500
PAGE = "<!doctype html><p>Please sign in"


def server(**options: Any) -> DirectusServer:
    row = {"id": "f1", "filename_download": "cover.png", "type": "image/png"}
    made = DirectusServer({"directus_files": [row], "posts": []}, **options)
    made.files["f1"] = PICTURE
    return made


def test_a_file_is_read_into_memory_or_written(shell: Shell, tmp_path: Path) -> None:
    made = server(static_tokens={"token"})
    files = directus(shell, made, auth="token").collection("directus_files")
    asset = shell.run(files.download("f1"))
    assert asset == Asset(filename="cover.png", media_type="image/png", content=PICTURE)
    assert "content" not in repr(asset)
    assert made.asked[-1].headers["authorization"] == "Bearer token"
    told: list[int] = []
    target = tmp_path / "again.png"
    asset = shell.run(files.download("f1", target, progress=told.append))
    assert (asset.content, asset.filename) == (b"", "cover.png")
    assert target.read_bytes() == PICTURE
    assert told[-1] == len(PICTURE)
    memory = BytesIO()
    transform = {"width": 20, "withoutEnlargement": True, "transforms": [["blur", 5]]}
    shell.run(files.download("f1", memory, transform=transform))
    assert memory.getvalue() == PICTURE
    assert dict(made.asked[-1].url.params) == {
        "download": "", "width": "20", "withoutEnlargement": "true", "transforms": '[["blur",5]]',
    }  # fmt: skip
    assert [one.name for one in tmp_path.iterdir()] == ["again.png"]


def test_a_file_that_is_refused_leaves_none(shell: Shell, tmp_path: Path) -> None:
    made = server(static_tokens={"token"})
    for auth, key, error in ((None, "f1", Forbidden), ("token", "f2", NotFoundOrForbidden)):
        files = directus(shell, made, auth=auth).collection("directus_files")
        for target in (None, tmp_path / "x"):
            with pytest.raises(error):
                shell.run(files.download(key, target))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_too_large_for_memory_can_be_written(shell: Shell) -> None:
    files = directus(shell, server(), max_bytes=1_000).collection("directus_files")
    with pytest.raises(ReplyTooLarge):
        shell.run(files.download("f1"))
    shell.run(files.download("f1", BytesIO()))


@pytest.mark.parametrize(
    ("dialect", "collection", "key", "error", "told"),
    [
        ("directus", "posts", "f1", Unsupported, "in 'directus_files' only"),
        ("flex", "booklets", 1, Unsupported, r"'document\.url' of 'booklets'"),
        *(("directus", "directus_files", key, BuildError, "not the key") for key in ("..", "a/b", "")),
    ],
)  # fmt: skip
def test_what_is_no_file_is_refused_before_it_is_sent(
    shell: Shell, dialect: Any, collection: str, key: Any, error: type[Exception], told: str
) -> None:
    made = server()
    rows = directus(shell, made, dialect=dialect).collection(collection)
    with pytest.raises(error, match=told):
        shell.run(rows.download(key))
    assert made.asked == []


def test_a_read_of_a_file_is_sent_again(shell: Shell) -> None:
    made = server(faults=[lambda _: httpx2.Response(503)])
    files = directus(shell, made).collection("directus_files")
    assert shell.run(files.download("f1")).content == PICTURE
    assert len(made.asked) == 2


# --- what breaks, or is something else -------------------------------------------------


Read = Callable[[Any, Any], Any]
READS: dict[str, Read] = {
    "export": lambda client, target: client.collection("posts").export(target),
    "download": lambda client, target: client.collection("directus_files").download("f1", target),
}


class Breaks(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body whose connection breaks after one piece; ``closed`` says that it was let go."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"id\r\n"
        raise httpx2.ReadError("connection reset by peer")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize("name", READS)
def test_a_connection_that_breaks_in_a_file_is_an_error_of_ours(
    shell: Shell, name: str, tmp_path: Path
) -> None:
    body = Breaks()
    made = server(faults=[lambda _: httpx2.Response(200, stream=body)])
    with pytest.raises(ConnectionFailed, match=r"directus\.example"):
        shell.run(READS[name](directus(shell, made), tmp_path / "x"))
    assert body.closed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", READS)
def test_a_file_that_cannot_be_written_closes_the_reply(
    shell: Shell, name: str, tmp_path: Path
) -> None:
    body = Breaks()
    made = server(faults=[lambda _: httpx2.Response(200, stream=body)])
    with pytest.raises(FileNotFoundError):
        shell.run(READS[name](directus(shell, made), tmp_path / "missing" / "x"))
    assert body.closed


@pytest.mark.parametrize("name", READS)
def test_a_redirect_is_no_file(shell: Shell, name: str, tmp_path: Path) -> None:
    moved = httpx2.Response(302, headers={"Location": "https://login.example/"})
    made = server(faults=[lambda _: moved])
    with pytest.raises(ProtocolError, match=r"redirects to https://login\.example/"):
        shell.run(READS[name](directus(shell, made), tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


def test_a_page_is_no_export_but_may_be_a_file(shell: Shell, tmp_path: Path) -> None:
    made = server(faults=[lambda _: httpx2.Response(200, html=PAGE)] * 2)
    client = directus(shell, made)
    with pytest.raises(ProtocolError, match="Please sign in"):
        shell.run(READS["export"](client, tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []
    shell.run(READS["download"](client, tmp_path / "page.html"))
    assert (tmp_path / "page.html").read_text() == PAGE


def test_a_reply_that_is_packed_wrongly_is_an_error_of_ours(shell: Shell, tmp_path: Path) -> None:
    class Torn(httpx2.SyncByteStream, httpx2.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield gzip.compress(b"{}")[:8] + b"this is no gzip"

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in self:
                yield chunk

    def torn(_: Any) -> httpx2.Response:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return httpx2.Response(200, headers=headers, stream=Torn())

    made = server(faults=[torn] * 2)
    client = directus(shell, made)
    with pytest.raises(ProtocolError, match="cannot be read"):
        shell.run(client.collection("posts").list())
    with pytest.raises(ProtocolError, match="cannot be read"):
        shell.run(READS["export"](client, tmp_path / "x"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_redirects_without_an_end_are_an_error_of_ours(library: Any) -> None:
    moved = library.Response(302, headers={"Location": "https://a.example/x"})
    http = library.Client(transport=library.MockTransport(lambda _: moved), follow_redirects=True)
    with pytest.raises(ProtocolError, match="cannot be read"):
        Client("https://a.example/", dialect="directus", http=http).collection("posts").list()


def test_a_large_file_is_never_in_memory(shell: Shell) -> None:
    class Large(httpx2.SyncByteStream, httpx2.AsyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(100):
                yield bytes(1_000_000)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in self:
                yield chunk

    class Nowhere:
        def write(self, chunk: bytes) -> int:
            return len(chunk)

    made = server(faults=[lambda _: httpx2.Response(200, stream=Large())])
    told: list[int] = []
    tracemalloc.start()
    try:
        files = directus(shell, made).collection("directus_files")
        shell.run(files.download("f1", Nowhere(), progress=told.append))
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()
    assert told[-1] == 100_000_000
