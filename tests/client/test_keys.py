"""Text keys on their way: whatever is in one, its row is read and written, and no other."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote

import pytest
from django.test import Client

from django_flex.client import NotFound
from tests.client.shells import AsyncShell, Shell
from tests.testapp.models import Tag
from tests.writes.conftest import GRANT

pytestmark = pytest.mark.urls("tests.urls")

IN_URLS = [
    "a", "x%41", "xA", "x%2541", "50%", "%", "%25", "%2F", "%00", "a b", " ", "+", "a+b", "?",
    "a?b=c", "#", "a#b", "~", "~a", "...", "..a", ";", "a;b=c", ":", "a:b", "@", "&", "=", '"', "'",
    "\\", "<b>", "{id}", "ü", "日本", "😀", "list", "-", "_7E", "1~2",
]  # fmt: skip
IN_BODIES = ["/", "a/b", "/a", "a/", "a//b", "../a", "..", ".", "query", "aggregate", "actions"]

STORED = {
    one
    for key in (*IN_URLS, *IN_BODIES)
    for one in (key, unquote(key), unquote(unquote(key)), quote(key, safe=""))
    if "\x00" not in one
}


@pytest.fixture(autouse=True)
def exposed(db: None, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key has a row, beside the rows that it may be taken for; any text may be a key."""
    monkeypatch.setattr(Tag._meta.get_field("slug"), "validators", [])
    configure({"tag": {"anon": {**GRANT, "write_fields": ["*", "slug"]}}})
    Tag.objects.bulk_create([Tag(slug=one, date="old") for one in sorted(STORED)])


def changed() -> list[str]:
    return list(Tag.objects.exclude(date="old").values_list("slug", flat=True))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("key", IN_URLS)
def test_a_key_in_a_url_is_decoded_once(key: str, end: str) -> None:
    url = f"/api/tag/{quote(key, safe='')}{end}"
    client = Client()
    assert key == client.get(url, {"fields": "slug"}).json()["slug"]
    written = client.patch(url, {"date": "new"}, "application/json")
    assert 200 == written.status_code, written.content
    assert [key] == changed()
    assert 200 == client.delete(url).status_code
    assert not Tag.objects.filter(slug=key).exists()


@pytest.mark.one_in(3)
@pytest.mark.parametrize("key", IN_URLS)
def test_the_location_of_a_new_row_leads_to_it(key: str) -> None:
    Tag.objects.filter(slug=key).delete()
    client = Client()
    added = client.post("/api/tag/", {"slug": key, "date": "new"}, "application/json")
    assert 201 == added.status_code, added.content
    assert key == client.get(added.headers["Location"], {"fields": "slug"}).json()["slug"]


@pytest.mark.parametrize("key", IN_BODIES)
def test_a_key_that_no_url_has_goes_in_the_body(key: str) -> None:
    client = Client()
    body = {"_id": key, "fields": "slug"}
    found = client.post("/api/tag/query", body, "application/json").json()
    assert key == found["slug"]
    body = {"_model": "tag", "_action": "edit", "_id": key, "date": "new"}
    assert 200 == client.post("/api/", body, "application/json").status_code
    assert [key] == changed()
    Tag.objects.filter(slug=key).delete()
    added = client.post("/api/tag/", {"slug": key}, "application/json")
    assert (201, None) == (added.status_code, added.headers.get("Location"))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("key", [*IN_URLS, *IN_BODIES])
def test_the_client_reads_and_writes_the_row_of_a_key(shell: Shell, key: str) -> None:
    if shell.name == "sync" and not key.isascii():
        # The transport that calls a WSGI application here passes text where WSGI has bytes.
        shell = AsyncShell()
    tags = shell.project().collection("tag")
    assert key == shell.run(tags.fields("slug").get(key))["slug"]
    shell.run(tags.update(key, {"date": "new"}))
    assert [key] == changed()
    shell.run(tags.delete(key))
    assert not Tag.objects.filter(slug=key).exists()
    with pytest.raises(NotFound):
        shell.run(tags.get(key))
