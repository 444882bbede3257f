"""Scenarios of both clients against the music shop, which this package serves in both wire forms.

``python -m tests.client.matrix.demo SHELL SERVER PLACE`` plays them. The server is ``flex`` or
``directus``, which are the project, or ``stand-in``, which answers with the same rows as Directus does
and needs ``DIRECTUS_ROWS``. The place is a URL; ``in process``, which needs the project on the path and
its settings; or ``faults``, the same behind a fault injector.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from pydantic import BaseModel

from django_flex.client import (
    AsyncClient,
    Client,
    ClientError,
    Forbidden,
    InvalidCredentials,
    NotFound,
    Password,
    Progress,
    SessionLogin,
    Unsupported,
)
from tests.client.matrix.directus_app import ADMIN
from tests.client.matrix.fault_injector import FaultInjector
from tests.client.shells import AsyncShell, SyncShell

TRACKS = 3_503
#: Clients of Directus log in with an address, which the administrator has not.
MANAGER = ("andrew@chinookcorp.com", "andrew-demo")
#: Where the project serves the wire forms.
PATHS = {"flex": "api/", "directus": "cms/"}


class OneLoop(AsyncShell):
    """Runs all in one event loop, as connections to a real server need it."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()

    def run(self, value: Any) -> Any:
        async def awaited() -> Any:
            return await value

        return self.runner.run(awaited())

    def rows(self, iterator: Any) -> list[Any]:
        async def collected() -> list[Any]:
            return [row async for row in iterator]

        return self.runner.run(collected())


@dataclass(frozen=True)
class World:
    """Who plays, and where: ``client`` belongs to nobody."""

    shell: Any
    client: Any
    server: str

    @property
    def flex(self) -> bool:
        return self.server == "flex"

    def run(self, value: Any) -> Any:
        return self.shell.run(value)

    def signed_in(self, password: str = "") -> Any:
        name, right = MANAGER if self.server == "directus" else ADMIN
        kind = SessionLogin if self.flex else Password
        return self.client.with_auth(kind(name, password or right))


class Artist(BaseModel):
    id: int
    name: str


class Album(BaseModel):
    id: int
    title: str
    artist: Artist


def refused(error: type[ClientError], call: Callable[[], Any]) -> ClientError:
    """Make a call that has to be refused with this error, and return it."""
    try:
        found = call()
    except error as raised:
        return raised
    raise AssertionError(f"{found!r} instead of {error.__name__}")


def reads_models(world: World) -> None:
    query = world.client.collection(Album).filter(artist__name__icontains="iron").order_by("title")
    page = world.run(query.limit(5).with_count().list())
    assert all(isinstance(album, Album) and "Iron" in album.artist.name for album in page)
    titles = [album.title for album in page]
    following = world.run(page.next())
    assert len(titles) == 5
    assert page.filtered > 5
    assert titles[-1] <= following[0].title
    assert world.run(query.count()) == page.filtered


def reads_all_rows(world: World) -> None:
    told: list[Progress] = []
    # Paging by keys filters and sorts by the key, which visitors may not; cursors need no grant.
    client = world.signed_in() if world.server == "directus" else world.client
    tracks = client.collection("track").fields("id", "name").order_by("name")
    found = world.shell.rows(tracks.iter(200, concurrency=3, progress=told.append))
    assert len({row["id"] for row in found}) == len(found) == TRACKS
    assert told[-1].total == TRACKS


def writes_a_file(world: World) -> None:
    target = io.BytesIO()
    artists = world.client.collection("artist").fields("id", "name").limit(20)
    size = world.run(artists.export(target, "ndjson" if world.flex else "json"))
    text = target.getvalue().decode()
    rows = [json.loads(line) for line in text.splitlines()] if world.flex else json.loads(text)
    assert size == len(target.getvalue())
    assert [row["id"] for row in rows] == [*range(1, 21)]


def is_refused(world: World) -> None:
    artists = world.client.collection("artist")
    error = refused(Forbidden, lambda: world.run(artists.filter(nme="x").list()))
    assert "nme" in str(error) or not world.flex  # Directus does not say what it has forbidden
    refused(NotFound, lambda: world.run(artists.get(10**9)))
    refused(ClientError, lambda: world.run(artists.create({"name": "Nobody"})))
    refused(ClientError, lambda: world.run(world.client.collection("employee").list()))


def signs_in_and_writes(world: World) -> None:
    wrong = world.signed_in(password="wrong")
    refused(InvalidCredentials, lambda: world.run(wrong.collection("genre").list()))
    admin = world.signed_in()
    genres = admin.collection("genre")
    made = world.run(genres.create({"name": "Of a test"}))
    try:
        changed = world.run(genres.update(made["id"], {"name": "Of the test"}))
        assert changed["name"] == "Of the test"
        error = refused(ClientError, lambda: world.run(genres.create({"name": "Of the test"})))
        assert set(getattr(error, "fields", ())) == {"name"}
    finally:
        assert world.run(genres.delete(made["id"])) == 1
    world.run(admin.logout())
    # Others over the same connection are who they were.
    refused(ClientError, lambda: world.run(world.client.collection("genre").create({"name": "No"})))


def sends_a_file(world: World) -> None:
    content = b"%PDF-1.7\n" + bytes(300_000)
    files = world.signed_in().collection("booklet" if world.flex else "directus_files")
    with TemporaryDirectory() as folder:
        path = Path(folder, "lyrics.pdf")
        path.write_bytes(content)
        size = "filesize" if world.server == "stand-in" else "document.size"
        row = {"title": "Lyrics", "document": path}
        made = world.run(files.fields("id", "title", size).create(row))
        assert made["title"] == "Lyrics"
        assert (made.get("filesize") or made["document"]["size"]) == len(content)
        if world.flex:
            error = refused(Unsupported, lambda: world.run(files.download(made["id"])))
            assert "document.url" in str(error)
        else:
            assert world.run(files.download(made["id"])).content == content
            world.run(files.download(made["id"], Path(folder, "again.pdf")))
            assert Path(folder, "again.pdf").read_bytes() == content
            refused(Forbidden, lambda: world.run(files.download(10**9)))
    assert world.run(files.delete(made["id"])) == 1


def runs_actions(world: World) -> None:
    admin = world.signed_in()
    if not world.flex:
        refused(Unsupported, lambda: world.run(admin.action("track", "rebuild_statistics")))
        return
    invoice = world.run(admin.collection("invoice").order_by("id").first())
    refunds = admin.collection("refund").filter(invoice=invoice["id"])
    error = refused(
        ClientError,
        lambda: world.run(
            admin.action("invoice", "refund", invoice["id"], reason="x", amount="10000")
        ),
    )
    assert "amount" in str(error)
    world.run(admin.action("invoice", "refund", invoice["id"], reason="Bought twice"))
    made = world.run(refunds.one())
    # The next to play this scenario has the same invoice.
    assert world.run(refunds.delete(made["id"])) == 1
    assert made["reason"] == "Bought twice"
    world.run(admin.action("track", "rebuild_statistics"))
    assert world.run(admin.collection("trackstatistics").count()) > 0


SCENARIOS = (
    reads_models,
    reads_all_rows,
    writes_a_file,
    is_refused,
    signs_in_and_writes,
    sends_a_file,
    runs_actions,
)


def application(shell: Any, server: str) -> Any:
    """The server in this process."""
    if server != "stand-in":
        return shell.application()
    from tests.client.matrix import directus_app

    if isinstance(shell, AsyncShell):
        asgi: Any = directus_app.asgi
        return httpx2.ASGITransport(asgi)
    return httpx2.WSGITransport(directus_app.wsgi)


def main(name: str, server: str, place: str) -> None:
    """Play all scenarios."""
    shell: Any = SyncShell() if name == "sync" else OneLoop()
    injector = None
    if place.startswith("http"):
        client: Any = {"sync": Client, "async": AsyncClient}[name](place)
    else:
        transport = application(shell, server)
        if place == "faults":
            transport = injector = FaultInjector(transport)
        client = shell.client(f"http://localhost/{PATHS.get(server, '')}", transport)
    for scenario in SCENARIOS:
        scenario(World(shell, client, server))
        print(scenario.__name__)  # noqa: T201 # for the test
    if injector is not None:
        kinds = {"502", "503", "504", "429", "reset", "slow", "unreachable", "lost"}
        assert set(injector.done) == kinds
        assert len(injector.done) > 30


if __name__ == "__main__":
    main(*sys.argv[1:])
