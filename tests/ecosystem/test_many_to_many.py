"""django-sortedm2m and django-modelcluster: managers of relations with rules of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.ecosystem.conftest import GRANT, added, ask, edited, expose, rows
from tests.ecosystem.models import (
    Clip,
    Conference,
    Event,
    Mixtape,
    Playlist,
    Song,
    Speaker,
    Topic,
)


@pytest.fixture
def songs() -> list[int]:
    return [Song.objects.create(title=title).pk for title in "abcde"]


def stored(name: str = "") -> list[str]:
    """What the package itself returns."""
    return [song.title for song in Mixtape.objects.get(name=name).songs.all()]


def titles(**spec: Any) -> list[list[str]]:
    found = rows("mixtape", "songs.title", **spec)
    return [[song["title"] for song in row["songs"]] for row in found]


@pytest.mark.parametrize("order", ["cab", "eabcd", "b", "", "dd"])
def test_a_sorted_list_is_stored_and_read_in_the_order_sent(order: str, songs: list[int]) -> None:
    keys = [songs["abcde".index(title)] for title in order]

    row = added("mixtape", songs=keys, _fields="id, songs")

    assert [*dict.fromkeys(keys)] == row["songs"]
    assert [*dict.fromkeys(order)] == stored()
    assert [stored()] == titles()


@pytest.mark.parametrize("order", ["bca", "cba", "cb", "dabc", "adb", "e", ""])
def test_a_sorted_list_is_put_in_another_order(order: str, songs: list[int]) -> None:
    row = added("mixtape", songs=songs[:3])
    keys = [songs["abcde".index(title)] for title in order]

    assert keys == edited("mixtape", row["id"], songs=keys, _fields="songs")["songs"]
    assert [[*order]] == [stored()] == titles()


def test_a_sorted_list_is_added_to_at_its_end(songs: list[int]) -> None:
    a, b, c, d, e = songs
    row = added("mixtape", songs=[c, a])

    edited("mixtape", row["id"], songs={"$add": [e, b, a]})
    assert [*"caeb"] == stored()
    edited("mixtape", row["id"], songs={"$remove": [a, e], "$add": [d]})
    assert [*"cbd"] == stored()


def test_songs_that_are_hidden_keep_their_place_in_a_sorted_list(
    songs: list[int], settings: Any
) -> None:
    a, b, c, d, e = songs
    row = added("mixtape", songs=[a, b, c, d])
    settings.DJANGO_FLEX = expose(song={"anon": {**GRANT, "rows": {"title.ne": "b"}}})

    assert [d, e, a] == edited("mixtape", row["id"], songs=[d, e, a], _fields="songs")["songs"]
    assert [*"dbea"] == stored()
    assert 400 == ask("mixtape", "edit", id=row["id"], songs=[b, a])[0]
    edited("mixtape", row["id"], songs=[])
    assert ["b"] == stored()


def test_sorted_lists_of_many_rows_are_one_statement(songs: list[int]) -> None:
    a, b, c, d, e = songs
    for name, keys in {"x": [e, a, c], "y": [b], "z": [], "w": [c, b, a, d]}.items():
        added("mixtape", name=name, songs=keys)

    with CaptureQueriesContext(connection) as queries:
        found = titles()
    assert [[*"eac"], ["b"], [], [*"cbad"]] == found
    assert 2 == len([one for one in queries if "ecosystem_" in one["sql"]])

    paged = {"songs": {"limit": 2, "offset": 1}}
    assert [[*"ac"], [], [], [*"ba"]] == titles(related=paged)
    assert [[*"ace"], ["b"], [], [*"abcd"]] == titles(related={"songs": {"order_by": "title"}})
    chosen = {"songs": {"filters": {"title.in": ["a", "b", "c"]}}}
    assert [[*"ac"], ["b"], [], [*"cba"]] == titles(related=chosen)
    first = {"songs": {"distinct": "id"}}
    assert [[*"eac"], ["b"], [], [*"cbad"]] == titles(related=first)
    named = {"songs": {"order_by": "-title", "limit": 2, "cursor": True}}
    assert [["e", "c"], ["b"], [], ["d", "c"]] == [
        [song["title"] for song in row["songs"]["results"]]
        for row in rows("mixtape", "songs.title", related=named)
    ]
    # The order that links keep has no places for cursors.
    status, refused = ask("mixtape", "list", related={"songs": {"cursor": True}})
    assert (400, "related.songs.cursor") == (status, refused["path"])
    assert "'order_by'" in refused["hint"]
    assert [["x", "w"]] == [
        [tape["name"] for tape in row["mixtapes"]]
        for row in rows("song", "mixtapes.name", filters={"title": "a"})
    ]


def test_a_cluster_stores_links_at_once() -> None:
    a, b, c = (Topic.objects.create(name=name).pk for name in "abc")

    row = added("conference", name="x", topics=[c, a], _fields="id, topics")
    assert [a, c] == sorted(row["topics"])
    edited("conference", row["id"], topics=[b, c])
    assert [*"bc"] == [topic.name for topic in Conference.objects.get().topics.order_by("name")]
    edited("conference", row["id"], name="y", topics={"$remove": [b], "$add": [a]})

    stored = Conference.objects.get()
    assert ("y", [*"ac"]) == (stored.name, [t.name for t in stored.topics.order_by("name")])
    assert 400 == ask("conference", "edit", id=row["id"], topics=[a, 99])[0]
    assert [["y"], []] == [
        [row["name"] for row in rows("conference", filters={"topics.name": name})]
        for name in ("a", "b")
    ]


def test_a_cluster_stores_its_children_at_once() -> None:
    row = added("conference", name="x", speakers=[{"name": "a"}, {"name": "b"}])
    a, b = Speaker.objects.order_by("name")

    edited(
        "conference", row["id"], speakers={"$edit": [{"id": a.pk, "name": "c"}], "$remove": [b.pk]}
    )
    added("speaker", name="d", conference=row["id"])
    edited("conference", row["id"], name="y")

    stored = Conference.objects.get()
    assert ("y", [*"cd"]) == (stored.name, [s.name for s in stored.speakers.order_by("name")])
    found = rows("conference", "name, speakers.name")
    assert [{"name": "y", "speakers": [{"name": "c"}, {"name": "d"}]}] == found
    assert 200 == ask("conference", "delete", id=row["id"])[0]
    assert not Speaker.objects.exists()


# --- other keys, other models, inherited ----------------------------------------------------------


@pytest.fixture
def clips(settings: Any) -> list[str]:
    """Their keys, which are not in this order."""
    keyed = {"anon": {**GRANT, "write_fields": ["*", "slug", *LISTS]}}
    settings.DJANGO_FLEX = expose(
        playlist={"anon": {**GRANT, "write_fields": ["*", "slug", "clips", "following"]}},
        sharedplaylist={"anon": {**GRANT, "write_fields": ["*", "slug", "clips", "following"]}},
        event={"anon": {**GRANT, "write_fields": ["*", "slug", "clips"]}},
        gathering=keyed,
    )
    for slug in "xyz":
        Playlist.objects.create(slug=slug)
    return [str(Clip.objects.create(key=UUID(int=number)).pk) for number in (3, 1, 2)]


LISTS = ["clips", "events", "lists"]


@pytest.mark.parametrize("model", ["playlist", "sharedplaylist"])
def test_sorted_lists_of_any_keys_keep_their_order(model: str, clips: list[str]) -> None:
    names = "clips, following"
    sent = {"clips": clips, "following": ["y", "z", "x"]}
    assert sent == added(model, slug="a", **sent, _fields=names)
    assert sent == ask(model, "get", _id="a", fields=names)[1]
    nested = ask(model, "get", _id="a", fields="clips.key, following.slug")[1]
    assert [{"key": key} for key in clips] == nested["clips"]
    assert [{"slug": slug} for slug in "yzx"] == nested["following"]

    changed = {"clips": {"$remove": [clips[1]]}, "following": ["x"]}
    expected = {"clips": [clips[0], clips[2]], "following": ["x"]}
    assert expected == edited(model, "a", **changed, _fields=names)
    added_to = {"clips": {"$add": [clips[1]]}, "following": {"$add": ["z", "y"]}}
    expected = {"clips": [clips[0], clips[2], clips[1]], "following": ["x", "z", "y"]}
    assert expected == edited(model, "a", **added_to, _fields=names)
    everywhere = {"filters": {"pk": "a"}, "_set": {"clips": clips[::-1]}, "_fields": "clips"}
    assert [{"clips": clips[::-1]}] == ask(model, "bulk_edit", **everywhere)[1]["results"]
    assert clips[::-1] == [str(clip.pk) for clip in Playlist.objects.get(pk="a").clips.all()]


@pytest.mark.parametrize("model", ["event", "gathering"])
def test_clusters_of_any_keys_store_links_at_once(model: str, clips: list[str]) -> None:
    Event.objects.create(slug="other")
    more = {} if model == "event" else {"events": ["other"], "lists": ["x", "z"]}
    names = ", ".join(["clips", *more])
    sent = {"clips": clips[:2], **more}
    row = added(model, slug="a", **sent, _fields=names)
    assert {name: sorted(keys) for name, keys in sent.items()} == row
    assert set(clips[:2]) == {str(clip.pk) for clip in Event.objects.get(pk="a").clips.all()}

    changed = {"clips": {"$add": [clips[2]], "$remove": [clips[0]]}}
    assert {"clips": sorted(clips[1:])} == edited(model, "a", **changed, _fields="clips")
    if more:
        assert {**more, "clips": sorted(clips[1:])} == edited(model, "a", guests=2, _fields=names)
    refused, reply = ask(model, "edit", _id="a", clips=[str(UUID(int=9))])
    assert (400, ["clips"]) == (refused, list(reply["fields"]))
    everywhere = {"filters": {"pk": "a"}, "_set": {"clips": []}, "_fields": "clips"}
    assert [{"clips": []}] == ask(model, "bulk_edit", **everywhere)[1]["results"]
    assert not Event.objects.get(pk="a").clips.exists()
