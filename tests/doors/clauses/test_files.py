"""Files in replies: their URL and name, and their size where it is named."""

from __future__ import annotations

import json
import logging
from pathlib import PurePosixPath
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe

from tests.doors.fronts import EVERYTHING, OPEN, grant
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("bookings")

WHOLE = {"url": "/contract.txt", "name": "contract.txt"}


def rows(client: Any, model: str, **query: Any) -> list[dict[str, Any]]:
    """Return the rows of a list."""
    found = client.get(f"/api/{model}/", {"q": json.dumps(query)}).json()["results"]
    return list(found.values()) if isinstance(found, dict) else found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Store files; the names whose size is asked of the storage are in the list."""
    InMemoryStorage().save("contract.txt", ContentFile(b"12345"))
    names: list[str] = []

    def size(self: Any, name: str) -> int:
        names.append(name)
        return 5

    monkeypatch.setattr(InMemoryStorage, "size", size)
    monkeypatch.setattr(InMemoryStorage, "url", lambda self, name: f"/{name}")
    Booking.objects.filter(pk__in=[1, 2]).update(document="contract.txt")
    return names


@pytest.mark.parametrize(
    ("fields", "expected", "sizes"),
    [
        ("document", {"document": WHOLE}, 0),
        ("document.url", {"document": {"url": "/contract.txt"}}, 0),
        ("document.name, document.url", {"document": {"name": "contract.txt", **WHOLE}}, 0),
        ("document.*", {"document": WHOLE}, 0),
        ("document.size", {"document": {"size": 5}}, 1),
        ("document, document.size", {"document": {**WHOLE, "size": 5}}, 1),
        ("document.size, document", {"document": {"size": 5, **WHOLE}}, 1),
        ("document.size, document.size", {"document": {"size": 5}}, 1),
        ("document.*, document.size", {"document": {**WHOLE, "size": 5}}, 1),
        ("bytes:document.size", {"bytes": 5}, 1),
        ("link:document.url, file:document", {"link": "/contract.txt", "file": WHOLE}, 0),
    ],
)
def test_storage_is_asked_only_for_a_size_that_is_named(
    query_door: Any, asked: list[str], fields: str, expected: dict[str, Any], sizes: int
) -> None:
    assert expected == query_door.list({"fields": fields, "filters": {"id": 1}}).first
    assert sizes == len(asked)


def test_wildcard_asks_no_storage_unless_a_size_is_named_beside_it(
    door: Any, asked: list[str]
) -> None:
    plain = door.list({"fields": "*", "filters": {"id": 1}}).first
    assert (WHOLE, []) == (plain["document"], asked)

    sized = door.list({"fields": "*, document.size", "filters": {"id": 1}}).first
    assert plain | {"document": {**WHOLE, "size": 5}} == sized


def test_file_of_a_related_row_has_the_same_parts(
    client: Any, configure: Any, asked: list[str]
) -> None:
    configure()
    fields = "booking.document.size, booking.document, size:booking.document.size"
    row = {"booking": {"document": {"size": 5, **WHOLE}}, "size": 5}

    assert [row] == rows(client, "line", fields=fields, filters={"id": 1})


def test_file_in_a_nested_list_has_the_same_parts(
    client: Any, configure: Any, asked: list[str]
) -> None:
    configure()
    found = rows(client, "tag", fields="bookings.document.size", filters={"slug": "blue"})

    assert [{"bookings": [{"document": {"size": 5}}]}] == found
    assert 1 == len(asked)


def test_row_without_a_file_is_null_and_asks_nothing(door: Any, asked: list[str]) -> None:
    row = door.list(
        {"fields": "document, document.size, n:document.size", "filters": {"id": 4}}
    ).first
    assert ({"document": None, "n": None}, []) == (row, asked)


def test_distinct_combinations_have_parts_of_files(
    client: Any, configure: Any, asked: list[str]
) -> None:
    configure()
    fields = "document.url, bytes:document.size"
    found = rows(client, "booking", fields=fields, distinct=True, filters={"document.ne": ""})

    assert [{"document": {"url": "/contract.txt"}, "bytes": 5}] == found


def test_csv_has_the_parts_that_are_named(client: Any, configure: Any, asked: list[str]) -> None:
    configure({"booking": {"anon": {**EVERYTHING, "ops": ["list", "export"]}}})
    url = "/api/booking/?fields=id,size:document.size,link:document.url&filters.id=1&format=csv"

    reply = b"".join(client.get(url)).decode()

    assert "id,size,link\r\n1,5,/contract.txt\r\n" == reply


@pytest.mark.parametrize(
    "error", [OSError, NotImplementedError, ValueError, KeyError, ConnectionError]
)
@pytest.mark.parametrize("part", ["url", "size"])
def test_part_that_a_storage_cannot_tell_is_null_and_logged(
    door: Any,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
    error: type[Exception],
) -> None:
    def fail(self: Any, name: str) -> Any:
        raise error("secret")

    monkeypatch.setattr(InMemoryStorage, part, fail)
    with caplog.at_level(logging.ERROR, "django_flex"):
        row = door.list({"fields": "document, document.size", "filters": {"id": 1}}).first

    assert {"document": {**WHOLE, "size": 5, part: None}} == row
    assert [f"The storage has no {part} for a file"] == [one.getMessage() for one in caplog.records]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param(None, None, id="none"),
        pytest.param(lazystr("/lazy"), "/lazy", id="lazy"),
        pytest.param(mark_safe("/safe"), "/safe", id="safe"),
        pytest.param(PurePosixPath("/path"), "/path", id="path"),
    ],
)
def test_an_address_is_a_text_or_null(
    door: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch, url: Any, shown: str | None
) -> None:
    monkeypatch.setattr(InMemoryStorage, "url", lambda *_: url)

    for fields, wanted in (("document.url", {"url": shown}), ("link:document.url", shown)):
        row = door.list({"fields": fields, "filters": {"id": 1}}).first
        assert [wanted] == list(row.values())


@pytest.mark.parametrize(
    "query",
    [
        {"fields": "document.path"},
        {"fields": "document.size.url"},
        {"fields": "document.closed"},
        {"fields": "customer.size"},
        {"filters": {"document.size": 5}},
        {"filters": {"document.url.contains": "x"}},
        {"order_by": "document.size"},
        {"distinct": ["document.name"]},
    ],
)
def test_nothing_else_can_be_asked_of_a_file(
    query_door: Any, asked: list[str], query: dict[str, Any]
) -> None:
    assert query_door.list(query).status in {400, 403}
    assert [] == asked


@pytest.mark.parametrize("granted", ["document.url", "document.size", "document.name"])
def test_grant_of_a_part_is_of_no_other(
    client: Any, configure: Any, asked: list[str], granted: str
) -> None:
    configure(grant(fields=["id", granted]))
    part = granted.partition(".")[2]
    expected = {**WHOLE, "size": 5}[part]

    assert [{"id": 1}] == rows(client, "booking", fields="*", filters={"id": 1})
    assert [{"document": {part: expected}}] == rows(
        client, "booking", fields=granted, filters={"id": 1}
    )
    others = {"document", "document.size", "document.name", "document.url", "document.*"}
    for denied in others - {granted}:
        assert 403 == client.get("/api/booking/", {"fields": denied}).status_code, denied


def test_grant_of_all_parts_is_of_the_file(client: Any, configure: Any, asked: list[str]) -> None:
    configure(grant(fields=["id", "document.*"]))

    assert [{"document": {"size": 5}}] == rows(
        client, "booking", fields="document.size", filters={"id": 1}
    )


@pytest.mark.parametrize("exclude", ["document", "document.size", "document.*"])
def test_excluded_part_takes_the_file_out_of_wildcards(
    client: Any, configure: Any, asked: list[str], exclude: str
) -> None:
    configure({"booking": {"exclude": [exclude], "anon": EVERYTHING}})

    (row,) = rows(client, "booking", fields="*", filters={"id": 1})
    assert "document" not in row
    assert 403 == client.get("/api/booking/?fields=document.size").status_code


def test_size_counts_in_the_cost(client: Any, configure: Any, asked: list[str]) -> None:
    configure({"booking": {"anon": {**EVERYTHING, "limits": {"cost": 500}}}})

    plain = client.get("/api/booking/?fields=document&limit=20")
    sized = client.get("/api/booking/?fields=document.size&limit=20")

    assert (200, 400) == (plain.status_code, sized.status_code)
    assert ("query.cost", []) == (sized.json()["code"], asked)


def test_options_shows_the_part_that_is_granted(client: Any, configure: Any) -> None:
    configure(grant(fields=["id", "document.size"]))
    fields = client.options("/api/booking/").json()["fields"]

    assert {"id", "document.size"} == set(fields)
    assert "integer" == fields["document.size"]["type"]


def test_open_grant_has_no_part_twice(client: Any, configure: Any) -> None:
    configure(OPEN)
    fields = client.options("/api/booking/").json()["fields"]

    assert ["document"] == [name for name in fields if name.startswith("document")]
