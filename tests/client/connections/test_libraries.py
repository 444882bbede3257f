"""The client over either HTTP library: httpx2, or httpx if a program has that."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from django_flex.client import AsyncClient, Client, ConnectionFailed, TimedOut
from django_flex.client.shells.transport import default_library
from tests.client.shells import QUICK, Shell

LIBRARIES = [pytest.param(httpx, id="httpx"), pytest.param(httpx2, id="httpx2")]


def client(shell: Shell, library: Any, answered: Any) -> Any:
    kinds = (library.Client, Client) if shell.name == "sync" else (library.AsyncClient, AsyncClient)
    http = kinds[0](transport=library.MockTransport(answered))
    return kinds[1]("https://directus.example/", dialect="directus", http=http, retries=QUICK)


@pytest.mark.parametrize("library", LIBRARIES)
def test_rows_and_files_are_read_and_sent(shell: Shell, library: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"what it says")
    bodies: list[bytes] = []

    def answered(request: Any) -> Any:
        bodies.append(request.content)
        if "export" in dict(request.url.params):
            return library.Response(200, text="id\r\n1\r\n")
        row = {"id": 1}
        return library.Response(200, json={"data": row if request.method == "POST" else [row]})

    made = client(shell, library, answered)
    assert shell.run(made.collection("people").list()).items == [{"id": 1}]
    assert shell.rows(made.collection("people").iter(5)) == [{"id": 1}]
    assert shell.run(made.collection("directus_files").create({"file": path})) == {"id": 1}
    assert b"what it says" in bodies[-1]
    assert shell.run(made.collection("people").export(tmp_path / "people.csv")) == 7


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        ("ConnectError", ConnectionFailed),
        ("ReadTimeout", TimedOut),
        ("ReadError", ConnectionFailed),
    ],
)
def test_its_faults_are_ours(
    shell: Shell, library: Any, error: str, raised: type[Exception]
) -> None:
    asked: list[Any] = []

    def fail(request: Any) -> Any:
        asked.append(request)
        raise getattr(library, error)("it broke", request=request)

    with pytest.raises(raised, match=r"directus\.example"):
        shell.run(client(shell, library, fail).collection("people").list())
    assert len(asked) == 4


def test_httpx2_is_preferred_and_httpx_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_library() is httpx2
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ImportError):
        import httpx2 as gone  # noqa: F401 # it is not there any more
    assert default_library() is httpx
