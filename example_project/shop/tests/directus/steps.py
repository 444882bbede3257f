"""What a client of Directus does at the music shop, step by step.

A step asks, and compares each value with what the models say. Steps come in this order, and each
role takes those that are listed for it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.core.files.base import ContentFile
from django.db.models import Count, Q, QuerySet, Sum
from shop.models import Album, Artist, Booklet, Customer, Genre, Invoice, Playlist, Track
from shop.tests.directus.asking import Client
from shop.tour import Account

PDF = b"%PDF-1.4\n% a booklet\n"


@dataclass(frozen=True)
class World:
    """Who asks, with what, which rows are theirs, and a folder for files."""

    client: Client
    account: Account
    user: int
    customers: QuerySet[Customer]
    invoices: QuerySet[Invoice]
    folder: Path

    @property
    def ask(self) -> Callable[..., Any]:
        return self.client.ask

    @property
    def refused(self) -> Callable[..., None]:
        return self.client.refused


Step = Callable[[World], None]


# --- signing in -----------------------------------------------------------------------------------


def wrong_password(world: World) -> None:
    email = world.account.email
    world.refused("INVALID_CREDENTIALS", "login", email=email, password="wrong")


def log_in(world: World) -> None:
    world.ask("login", email=world.account.email, password=world.account.password)

    assert world.ask("token")


def who_am_i(world: World) -> None:
    assert world.ask("me", fields=["id"]) == {"id": world.user}


def refresh(world: World) -> None:
    before = world.ask("token")

    world.ask("refresh")

    assert world.ask("token") not in {None, before}
    assert world.ask("me", fields=["id"]) == {"id": world.user}


def log_out(world: World) -> None:
    token = world.ask("token")
    assert _status_with(world, token) == 200

    world.ask("logout")

    assert world.ask("token") is None
    assert _status_with(world, token) == 401


def _status_with(world: World, token: str) -> int:
    """Return how a request with the token ends, sent by no client."""
    url = f"{world.client.url}/users/me"
    try:
        with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"})) as reply:
            return int(reply.status)
    except HTTPError as error:
        return error.code


# --- reading the catalogue, which is the same for all ------------------------------------------------


def read_nested(world: World) -> None:
    query = {
        "fields": ["id", "name", "album.title", "album.artist.name"],
        "filter": {
            "album": {"artist": {"name": {"_eq": "AC/DC"}}},
            "milliseconds": {"_gt": 200_000},
        },
        "sort": ["-milliseconds"],
        "limit": 4,
        "page": 2,
    }
    tracks = Track.objects.filter(album__artist__name="AC/DC", milliseconds__gt=200_000)
    expected = [
        {
            "id": track.pk,
            "name": track.name,
            "album": {"title": track.album.title, "artist": {"name": "AC/DC"}},
        }
        for track in tracks.select_related("album").order_by("-milliseconds")[4:8]
    ]

    assert len(expected) == 4
    assert world.ask("read", collection="tracks", query=query) == expected
    assert world.ask("search", collection="tracks", query=query) == expected


def read_all_fields(world: World) -> None:
    query = {"filter": {"title": {"_contains": "Rock"}}, "fields": ["*"], "sort": ["title"]}
    albums = Album.objects.filter(title__contains="Rock").order_by("title")

    assert world.ask("search", collection="albums", query=query) == [
        {"id": album.pk, "title": album.title, "artist": album.artist_id} for album in albums
    ]


def filter_by_any(world: World) -> None:
    query = {
        "fields": ["id"],
        "filter": {
            "_or": [
                {"genre": {"name": {"_in": ["Opera", "Bossa Nova"]}}},
                {
                    "_and": [
                        {"milliseconds": {"_between": [100_000, 130_000]}},
                        {"name": {"_starts_with": "S"}},
                    ]
                },
            ]
        },
        "sort": ["name"],
        "limit": 100,
    }
    tracks = Track.objects.filter(
        Q(genre__name__in=["Opera", "Bossa Nova"])
        | Q(milliseconds__range=(100_000, 130_000), name__startswith="S")
    )

    rows = world.ask("search", collection="tracks", query=query)

    assert 10 < len(rows) < 100
    assert sorted(row["id"] for row in rows) == sorted(tracks.values_list("pk", flat=True))


def filter_by_related_rows(world: World) -> None:
    query = {
        "fields": ["name"],
        "filter": {"tracks": {"genre": {"name": {"_eq": "Opera"}}}},
        "sort": ["name"],
    }
    playlists = Playlist.objects.filter(tracks__genre__name="Opera").distinct()
    # Two are called the same.
    expected = [{"name": playlist.name} for playlist in playlists.order_by("name")]

    assert len(expected) > 1
    assert world.ask("read", collection="playlists", query=query) == expected


def some_and_none(world: World) -> None:
    rock = {"title": {"_icontains": "rock"}}
    query = {
        "fields": ["name"],
        "filter": {
            "_and": [
                {"name": {"_starts_with": "B"}},
                {"_or": [{"albums": {"_some": rock}}, {"albums": {"_none": rock}}]},
            ]
        },
        "sort": ["-name"],
    }
    artists = Artist.objects.filter(name__startswith="B").order_by("-name")
    assert len(artists) < 50

    assert world.ask("search", collection="artists", query=query) == [
        {"name": artist.name} for artist in artists
    ]
    query["filter"] = {"albums": {"_some": rock}}
    artists = Artist.objects.filter(albums__title__icontains="rock").distinct().order_by("-name")
    assert world.ask("search", collection="artists", query=query) == [
        {"name": artist.name} for artist in artists
    ]


def deep(world: World) -> None:
    query = {
        "fields": ["name", "albums.title"],
        "filter": {"name": {"_in": ["Metallica", "U2"]}},
        "sort": ["name"],
        "deep": {
            "albums": {"_limit": 2, "_sort": ["-title"], "_filter": {"title": {"_contains": "e"}}}
        },
    }
    expected = []
    for name in ("Metallica", "U2"):
        albums = Album.objects.filter(artist__name=name, title__contains="e").order_by("-title")[:2]
        expected.append({"name": name, "albums": [{"title": album.title} for album in albums]})

    assert [len(artist["albums"]) for artist in expected] == [2, 2]
    assert world.ask("read", collection="artists", query=query) == expected
    assert world.ask("search", collection="artists", query=query) == expected


def alias(world: World) -> None:
    query = {
        "fields": ["name", "first.title", "last.title"],
        "alias": {"first": "albums", "last": "albums"},
        "deep": {
            "first": {"_limit": 1, "_sort": ["title"]},
            "last": {"_limit": 1, "_sort": ["-title"]},
        },
        "filter": {"name": {"_eq": "Metallica"}},
    }
    titles = list(
        Album.objects.filter(artist__name="Metallica")
        .order_by("title")
        .values_list("title", flat=True)
    )

    assert world.ask("search", collection="artists", query=query) == [
        {"name": "Metallica", "first": [{"title": titles[0]}], "last": [{"title": titles[-1]}]}
    ]


def read_one(world: World) -> None:
    track = Track.objects.select_related("album").get(pk=7)

    row = world.ask("get", collection="tracks", key=7, fields=["name", "album.title", "unit_price"])

    assert row == {
        "name": track.name,
        "album": {"title": track.album.title},
        "unit_price": str(track.unit_price),
    }
    world.refused("FORBIDDEN", "get", collection="tracks", key=99_999, fields=["name"])


def mistakes(world: World) -> None:
    sized = {"filter": {"milliseconds": {"_gt": "long"}}}
    world.refused("INVALID_QUERY", "read", collection="tracks", query=sized)
    for query in ({"fields": ["nothing"]}, {"filter": {"nothing": {"_eq": 1}}}):
        world.refused("FORBIDDEN", "read", collection="tracks", query=query)
        world.refused("FORBIDDEN", "search", collection="tracks", query=query)
    world.refused("FORBIDDEN", "read", collection="nothing", query={"limit": 1})


# --- reading the sales, of which each role has its own ------------------------------------------------


def own_invoices(world: World) -> None:
    query = {"fields": ["id", "total", "customer.last_name"], "sort": ["-total", "-invoiced_at"]}
    invoices = world.invoices.select_related("customer").order_by("-total", "-invoiced_at")[:50]

    rows = world.ask("search", collection="invoices", query=query)

    assert rows == [
        {
            "id": invoice.pk,
            "total": str(invoice.total),
            "customer": {"last_name": invoice.customer.last_name},
        }
        for invoice in invoices
    ]


def own_customers(world: World) -> None:
    names = list(world.customers.order_by("last_name").values_list("last_name", flat=True))

    rows = world.ask("read", collection="customers", query={"fields": ["last_name"], "limit": 100})

    assert sorted(row["last_name"] for row in rows) == sorted(names)


def others_rows(world: World) -> None:
    hidden = Customer.objects.exclude(pk__in=world.customers).values_list("pk", flat=True)[0]
    invoice = Invoice.objects.exclude(pk__in=world.invoices).values_list("pk", flat=True)[0]

    world.refused("FORBIDDEN", "get", collection="customers", key=hidden, fields=["id"])
    world.refused("FORBIDDEN", "get", collection="invoices", key=invoice, fields=["id"])


def sums(world: World) -> None:
    query = {"aggregate": {"count": "*", "sum": "total"}}
    # SQLite sums up in binary numbers.
    total = sum(world.invoices.values_list("total", flat=True))

    rows = world.ask("aggregate", collection="invoices", query=query)

    assert len(rows) == 1
    assert int(rows[0]["count"]) == world.invoices.count()
    assert Decimal(rows[0]["sum"]["total"]) == total


def groups(world: World) -> None:
    query = {
        "aggregate": {"count": "*", "sum": "total"},
        "groupBy": ["billing_country"],
        "sort": ["billing_country"],
        "limit": 100,
    }
    countries = world.invoices.values_list("billing_country").order_by("billing_country")

    rows = world.ask("aggregate", collection="invoices", query=query)

    assert [
        (row["billing_country"], int(row["count"]), Decimal(row["sum"]["total"])) for row in rows
    ] == [
        (country, count, round(Decimal(total), 2))
        for country, count, total in countries.annotate(Count("pk"), Sum("total"))
    ]


def years(world: World) -> None:
    query = {
        "aggregate": {"count": "*"},
        "groupBy": ["year(invoiced_at)"],
        "sort": ["year(invoiced_at)"],
    }
    found = world.invoices.values_list("invoiced_at__year").order_by("invoiced_at__year")

    rows = world.ask("aggregate", collection="invoices", query=query)

    assert [(row["invoiced_at_year"], int(row["count"])) for row in rows] == list(
        found.annotate(Count("pk"))
    )


def no_sums(world: World) -> None:
    world.refused(
        "FORBIDDEN", "aggregate", collection="invoices", query={"aggregate": {"count": "*"}}
    )


def no_sums_of_the_catalogue(world: World) -> None:
    world.refused(
        "FORBIDDEN", "aggregate", collection="tracks", query={"aggregate": {"count": "*"}}
    )


# --- writing ------------------------------------------------------------------------------------------


def create_and_change(world: World) -> None:
    made = world.ask("create", collection="artists", row={"name": "The Newcomers"})
    key = made["id"]
    assert made["name"] == "The Newcomers"
    assert Artist.objects.get(pk=key).name == "The Newcomers"

    row = {"title": "First", "artist": key}
    album = world.ask("create", collection="albums", row=row)
    assert album == {"id": album["id"], **row}

    changed = world.ask("update", collection="artists", key=key, row={"name": "The Regulars"})
    assert changed["name"] == "The Regulars"
    assert Artist.objects.get(pk=key).name == "The Regulars"

    world.ask("delete", collection="albums", key=album["id"])
    world.ask("delete", collection="artists", key=key)
    assert not Artist.objects.filter(pk=key).exists()


def many(world: World) -> None:
    made = world.ask(
        "create_many", collection="genres", rows=[{"name": "Skiffle"}, {"name": "Dub"}]
    )
    assert [row["name"] for row in made] == ["Skiffle", "Dub"]
    assert set(Genre.objects.values_list("name", flat=True)) > {"Skiffle", "Dub"}


def many_or_none(world: World) -> None:
    before = Genre.objects.count()

    world.refused(
        "RECORD_NOT_UNIQUE",
        "create_many",
        collection="genres",
        rows=[{"name": "Ska"}, {"name": "Rock"}],
    )

    assert Genre.objects.count() == before


def change_many(world: World) -> None:
    keys = [1, 2, 3]
    made = world.ask("update_many", collection="tracks", keys=keys, row={"unit_price": "1.19"})
    assert {row["unit_price"] for row in made} == {"1.19"}
    prices = Track.objects.filter(pk__in=keys).values_list("unit_price", flat=True)
    assert list(prices) == [Decimal("1.19")] * 3


def change_each(world: World) -> None:
    rows = [{"id": 1, "unit_price": "1.29"}, {"id": 2, "unit_price": "1.39"}]
    world.ask("update_each", collection="tracks", rows=rows)
    prices = Track.objects.filter(pk__in=[1, 2]).order_by("pk")
    assert [str(track.unit_price) for track in prices] == ["1.29", "1.39"]


def delete_many(world: World) -> None:
    keys = [Genre.objects.create(name=name).pk for name in ("Grime", "Zouk")]

    world.ask("delete_many", collection="genres", keys=keys)

    assert not Genre.objects.filter(pk__in=keys).exists()


def bad_values(world: World) -> None:
    before = Album.objects.count()
    lost = {"title": "Lost", "artist": 99_999}

    world.refused("INVALID_FOREIGN_KEY", "create", collection="albums", row=lost)
    world.refused("FORBIDDEN", "create", collection="albums", row={"nothing": 1})
    world.refused("FORBIDDEN", "update", collection="albums", key=99_999, row={"title": "x"})

    assert Album.objects.count() == before


def change_own_customer(world: World) -> None:
    customer = world.customers.order_by("pk")[0]

    row = world.ask("update", collection="customers", key=customer.pk, row={"phone": "+55 12 34"})

    assert row["phone"] == "+55 12 34"
    assert Customer.objects.get(pk=customer.pk).phone == "+55 12 34"


def change_others(world: World) -> None:
    hidden = Customer.objects.exclude(pk__in=world.customers)[0]
    own = world.customers.order_by("pk")[0]

    update = {"collection": "customers", "row": {"phone": "1"}}
    world.refused("FORBIDDEN", "update", key=hidden.pk, **update)
    world.refused("FORBIDDEN", "update", key=own.pk, collection="customers", row={"support_rep": 4})

    assert Customer.objects.get(pk=hidden.pk).phone == hidden.phone
    assert Customer.objects.get(pk=own.pk).support_rep_id == own.support_rep_id


def change_many_of_others(world: World) -> None:
    hidden = Customer.objects.exclude(pk__in=world.customers)[0]
    own = world.customers.order_by("pk")[0]
    update = {"collection": "customers", "row": {"phone": "1"}}

    world.refused("FORBIDDEN", "update_many", keys=[own.pk, hidden.pk], **update)

    assert not Customer.objects.filter(phone="1").exists()


def write_the_catalogue(world: World) -> None:
    artists, price = Artist.objects.count(), Track.objects.get(pk=9).unit_price

    world.refused("FORBIDDEN", "create", collection="artists", row={"name": "Mine"})
    world.refused("FORBIDDEN", "update", collection="tracks", key=9, row={"unit_price": "0.01"})
    world.refused("FORBIDDEN", "delete", collection="artists", key=1)

    assert Artist.objects.count() == artists
    assert Track.objects.get(pk=9).unit_price == price


def write_many_of_the_catalogue(world: World) -> None:
    genres = Genre.objects.count()

    world.refused("FORBIDDEN", "create_many", collection="genres", rows=[{"name": "Mine"}])

    assert Genre.objects.count() == genres


def delete_many_of_the_catalogue(world: World) -> None:
    genres = Genre.objects.count()

    world.refused("FORBIDDEN", "delete_many", collection="genres", keys=[1, 2])

    assert Genre.objects.count() == genres


# --- files --------------------------------------------------------------------------------------------


def upload(world: World) -> None:
    path = world.folder / "Lyrics.pdf"
    path.write_bytes(PDF)

    made = world.ask("upload", path=str(path), title="Lyrics")

    assert made["title"] == "Lyrics"
    with Booklet.objects.get(pk=made["id"]).document.open() as document:
        assert document.read() == PDF
    filed = world.ask("update_file", key=made["id"], row={"album": 1})
    assert filed["album"] == 1
    world.ask("delete_file", key=made["id"])
    assert not Booklet.objects.exists()


def upload_something_else(world: World) -> None:
    path = world.folder / "page.html"
    path.write_text("<script>")

    world.refused("FAILED_VALIDATION", "upload", path=str(path), title="page")

    assert not Booklet.objects.exists()


def upload_unasked(world: World) -> None:
    path = world.folder / "Mine.pdf"
    path.write_bytes(PDF)

    world.refused("FORBIDDEN", "upload", path=str(path), title="Mine")

    assert not Booklet.objects.exists()


def download(world: World) -> None:
    booklet = _booklet(album=Album.objects.get(pk=1))

    assert base64.b64decode(world.ask("download", key=booklet.pk)) == PDF
    rows = world.ask("files", query={"fields": ["id", "title", "album.title"]})
    assert rows == [
        {"id": booklet.pk, "title": "Lyrics", "album": {"title": Album.objects.get(pk=1).title}}
    ]


def download_unfiled(world: World) -> None:
    assert base64.b64decode(world.ask("download_private", key=_booklet().pk)) == PDF


def download_hidden(world: World) -> None:
    hidden = _booklet()

    world.refused("FORBIDDEN", "download_private", key=hidden.pk)


def see_no_hidden_file(world: World) -> None:
    _booklet()

    rows = world.ask("files", query={"fields": ["id", "album"]})

    assert [row for row in rows if row["album"] is None] == []


def _booklet(album: Album | None = None) -> Booklet:
    Booklet.objects.all().delete()
    booklet = Booklet(title="Lyrics", album=album)
    booklet.document.save("Lyrics.pdf", ContentFile(PDF))
    return booklet


# --- what the caller may do ---------------------------------------------------------------------------

CATALOGUE = {
    *("artists", "albums", "tracks", "genres", "media-types", "playlists", "directus_files"),
}
SALES = {"customers", "invoices", "invoice-lines"}
#: The collections of each role, and what it may do with three of them: create, read, update, delete.
COLLECTIONS = {
    "managers": CATALOGUE | SALES | {"employees", "action_events", "refunds", "track-statistics"},
    "agents": CATALOGUE | SALES | {"employees", "action_events"},
    "customers": CATALOGUE | SALES,
}
ACCESS = {
    "managers": {
        "tracks": ("full", "full", "full", "full"),
        "customers": ("full", "full", "full", "full"),
        "employees": ("full", "full", "full", "full"),
    },
    "agents": {
        "tracks": ("none", "full", "none", "none"),
        "customers": ("none", "partial", "partial", "none"),
        "employees": ("none", "full", "none", "none"),
    },
    "customers": {
        "tracks": ("none", "full", "none", "none"),
        "customers": ("none", "partial", "partial", "none"),
    },
}


def collections(world: World) -> None:
    found = {row["collection"] for row in world.ask("collections")}

    assert found == COLLECTIONS[world.account.group]


def fields(world: World) -> None:
    rows = world.ask("fields", collection="tracks")

    names = {row["field"] for row in rows}
    assert {"id", "name", "album", "unit_price"} < names
    # The size of a track is for managers.
    assert ("bytes" in names) is (world.account.group == "managers")
    assert rows[0]["schema"]["is_primary_key"]
    world.refused("FORBIDDEN", "fields", collection="nothing")


def relations(world: World) -> None:
    found = {row["field"]: row for row in world.ask("relations", collection="tracks")}

    assert {name: row["related_collection"] for name, row in found.items()} == {
        "album": "albums",
        "genre": "genres",
        "media_type": "media-types",
    }


def permissions(world: World) -> None:
    told = world.ask("permissions")

    for name, access in ACCESS[world.account.group].items():
        found = (told[name][action]["access"] for action in ("create", "read", "update", "delete"))
        assert (name, *found) == (name, *access)
    assert ("employees" in told) is ("employees" in ACCESS[world.account.group])


def row_permissions(world: World) -> None:
    own = world.customers.order_by("pk")[0]

    told = world.ask("row_permissions", collection="customers", key=own.pk)

    everything = world.account.group == "managers"
    assert told == {
        "update": {"access": True},
        "delete": {"access": everything},
        "share": {"access": False},
    }


SIGN_IN = (wrong_password, log_in, who_am_i)
READS = (
    read_nested,
    read_all_fields,
    filter_by_any,
    filter_by_related_rows,
    some_and_none,
    deep,
    alias,
    read_one,
    mistakes,
    own_invoices,
    own_customers,
)
CAN_DO = (collections, fields, relations, permissions, row_permissions)
VISITS = (
    others_rows,
    no_sums_of_the_catalogue,
    change_own_customer,
    change_others,
    change_many_of_others,
    write_the_catalogue,
    write_many_of_the_catalogue,
    delete_many_of_the_catalogue,
    upload_unasked,
    download,
    download_hidden,
    see_no_hidden_file,
)
#: What each role does, in this order.
STEPS: dict[str, tuple[Step, ...]] = {
    "managers": (
        *SIGN_IN,
        *READS,
        sums,
        groups,
        years,
        create_and_change,
        many,
        many_or_none,
        change_many,
        change_each,
        delete_many,
        bad_values,
        change_own_customer,
        upload,
        upload_something_else,
        download,
        download_unfiled,
        *CAN_DO,
        refresh,
        log_out,
    ),
    "agents": (*SIGN_IN, *READS, sums, groups, years, *VISITS, *CAN_DO, refresh, log_out),
    "customers": (*SIGN_IN, *READS, no_sums, *VISITS, *CAN_DO, refresh, log_out),
}
