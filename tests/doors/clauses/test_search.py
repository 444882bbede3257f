"""``search``: every word somewhere in the granted paths, in what the caller may see and no more."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Upper

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING, OPEN

pytestmark = pytest.mark.usefixtures("bookings")

PATHS = ["status", "customer.name", "customer.metadata.settings.theme", "lines.product"]
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL has full text and similarity"
)


def expose(search: Any = PATHS, **parts: Any) -> dict[str, Any]:
    """Everything for everybody, and a search of bookings; parts are those of their grant."""
    return {**OPEN, "booking": {"anon": {**EVERYTHING, "search": search, **parts}}}


def find(door: Any, text: Any, entries: Any = None, **options: Any) -> list[int]:
    """Return the keys of the bookings that are found, sorted."""
    query = {"search": text, "fields": "id"}
    return sorted(door.list(query, expose=entries or expose(), **options).ids)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("confirmed", [1], id="own"),
        pytest.param("khan", [1, 2, 3, 6], id="related"),
        pytest.param("KhaN", [1, 2, 3, 6], id="case"),
        pytest.param("mop", [1, 2], id="to-many"),
        pytest.param("sweep", [1, 3], id="to-many-several"),
        pytest.param("dark", [1, 3], id="json"),
        pytest.param("khan pending", [2, 6], id="words-in-different-paths"),
        pytest.param("  mop \n omar ", [2], id="spaces"),
        pytest.param("sweep mop", [1], id="words-in-different-rows"),
        pytest.param("khan nobody", [], id="every-word"),
        pytest.param("onfirme", [1], id="part-of-a-word"),
        pytest.param("khan khan", [1, 2, 3, 6], id="twice"),
    ],
)
def test_every_word_is_found_in_some_path(query_door, text: str, ids: list[int]) -> None:
    assert ids == find(query_door, text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("50%", True, id="percent"),
        pytest.param("5%f", False, id="percent-is-no-wildcard"),
        pytest.param("a_b", True, id="underscore"),
        pytest.param("5_%", False, id="underscore-is-no-wildcard"),
        pytest.param("c\\d", True, id="backslash"),
        pytest.param("c\\\\d", False, id="two-backslashes"),
        pytest.param("\\", True, id="only-a-backslash"),
        pytest.param("'q'", True, id="quotes"),
        pytest.param('"z"', True, id="double-quotes"),
        pytest.param("' OR 1=1 --", False, id="sql"),
        pytest.param("-off", False, id="minus"),
        pytest.param("%", True, id="only-a-wildcard"),
        pytest.param("{$now}", False, id="dynamic"),
        pytest.param("null", False, id="word-of-json"),
    ],
)
def test_no_letter_has_a_meaning_of_its_own(query_door, text: str, found: bool) -> None:
    from tests.testapp.models import Booking, Customer

    Customer.objects.filter(id=3).update(name="50% off a_b c\\d 'q' \"z\"")
    Booking.objects.exclude(id=4).update(status="plain")
    assert ([4] if found else []) == find(query_door, text, expose(["customer.name", "status"]))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("", "no word", id="empty"),
        pytest.param("  \n ", "no word", id="blank"),
        pytest.param("x" * 201, "too long", id="long"),
        pytest.param("x" * 4_000, "too long", id="4,000-characters"),
        pytest.param("% " * 2_000, "too long", id="4,000-wildcards"),
        pytest.param(" ".join("abcdefghijk"), "too long", id="words"),
        pytest.param("a\0b", "NUL", id="nul"),
        pytest.param(["khan"], "string", id="list"),
        pytest.param({"$value": "khan"}, "string", id="object"),
        pytest.param(True, "string", id="boolean"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(query_door, text: Any, error: str) -> None:
    reply = query_door.list({"search": text}, expose=expose())
    assert 400 == reply.status
    assert error in reply.body["error"]
    assert "search" == reply.body["path"]


def test_caps_are_settings(role_door) -> None:
    reply = role_door.list({"search": "a b c"}, expose=expose(), MAX_SEARCH_WORDS=2)
    assert "at most 2 words" == reply.body["hint"]
    reply = role_door.list({"search": "abc"}, expose=expose(), MAX_SEARCH_LENGTH=2)
    assert "at most 2 characters" == reply.body["hint"]


DENIED = {
    "error": "Search denied: there is nothing to search in",
    "code": "search.denied",
    "path": "search",
}


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(OPEN, id="everything-is-no-search"),
        pytest.param(expose([]), id="empty"),
        pytest.param(expose(["customer.email"], fields=["id"]), id="unreadable"),
        pytest.param(expose(["customer.api_token"]), id="guarded"),
        pytest.param(expose(["status"], exclude=["status"]), id="excluded"),
    ],
)
def test_a_search_needs_a_path_that_is_granted_and_readable(role_door, entries: Any) -> None:
    reply = role_door.list({"search": "s3cret"}, expose=entries)
    assert (403, DENIED) == (reply.status, reply.body)


def test_a_path_that_the_caller_may_not_read_is_not_searched(role_door) -> None:
    entries = expose(["status", "customer.name", "internal_notes"], fields=["id", "status"])
    assert [1] == find(role_door, "confirmed", entries)
    assert [] == find(role_door, "khan", entries)
    assert [] == find(role_door, "call", entries)


def test_hidden_rows_are_not_searched(role_door) -> None:
    entries = expose() | {
        "customer": {"anon": {**EVERYTHING, "rows": Q(vip=True)}},
        "line": {"anon": {**EVERYTHING, "rows": Q(note="dry")}},
    }
    assert [1, 3] == find(role_door, "khan", entries)
    assert [] == find(role_door, "light", entries)
    assert [3] == find(role_door, "sweep", entries)
    assert [] == find(role_door, "mop", entries)
    own = expose(rows=Q(status="pending"))
    assert [2, 6] == find(role_door, "khan", own)


def test_a_related_model_without_rows_has_nothing_to_find(role_door) -> None:
    entries = expose(["status", "lines.product"], fields=["*", "lines.product"])
    entries["line"] = {"anon": {}}
    assert [] == find(role_door, "mop", entries)
    assert [1] == find(role_door, "confirmed", entries)


def test_search_works_with_filters_orders_and_pages(role_door) -> None:
    query = {"search": "khan", "filters": {"urgent": True}, "order_by": "-id", "limit": 1}
    reply = role_door.list({**query, "fields": "id"}, expose=expose())
    assert [6] == reply.ids
    following = reply.body["pagination"]["next"]
    assert "khan" == following["search"]
    assert [1] == role_door.list(following, expose=expose()).ids


def test_the_map_says_the_order_of_a_search(role_door) -> None:
    reply = role_door.list({"search": "khan", "fields": "id"}, expose=expose())
    assert [1, 2, 3, 6] == reply.body["pagination"]["ids"]


def test_search_narrows_counts_totals_and_groups(role_door) -> None:
    entries = expose(ops=["list", "aggregate"], aggregates=["*"])
    query = {"search": "khan", "fields": "id", "limit": 1, "count": True, "aggregate": "count"}
    reply = role_door.list(query, expose=entries, statements=3)
    assert 4 == reply.body["pagination"]["count"]
    assert {"count": 4} == reply.body["aggregates"]


@pytest.mark.parametrize("mode", ["substrings", "full_text"])
def test_search_works_with_a_cursor(role_door, mode: str) -> None:
    query: Any = {"search": "khan", "fields": "id", "limit": 3, "cursor": True}
    reply = role_door.list(query, expose=expose(), SEARCH_MODE=mode)
    assert [1, 2, 3] == reply.ids
    following = reply.body["pagination"]["next"]
    assert [6] == role_door.list(following, expose=expose(), SEARCH_MODE=mode).ids
    other = role_door.list({**following, "search": "omar"}, expose=expose(), SEARCH_MODE=mode)
    assert 400 == other.status


@pytest.mark.parametrize("mode", ["substrings", "full_text"])
def test_search_works_with_distinct(role_door, mode: str) -> None:
    query = {"search": "khan", "fields": "customer.name", "distinct": True}
    reply = role_door.list(query, expose=expose(), SEARCH_MODE=mode)
    names = [row["customer"]["name"] for row in reply.body["results"]]
    assert ["Aisha Khan", "Omar Khan"] == sorted(names)


def test_search_is_refused_in_a_get(role_door) -> None:
    reply = role_door.get(1, {"search": "khan"}, expose=expose())
    assert 400 == reply.status


def test_a_computed_field_is_searched(role_door) -> None:
    entries = expose(["shout", "customer.loud"])
    entries["booking"]["computed"] = {"shout": Upper("status")}
    entries["customer"] = {"computed": {"loud": Upper("name")}, "anon": "*"}
    assert [2] == find(role_door, "pending OMAR", entries, statements=1)[:1]
    assert [1] == find(role_door, "CONFIRMED", entries)


def test_code_that_bypasses_grants_searches_the_texts_of_the_model(configure) -> None:
    from tests.testapp.models import Booking, Customer

    configure({})
    found = FlexQuery(Booking).unrestricted().execute({"search": "call back", "fields": "id"})
    assert ["1"] == list(found.to_dict()["results"])
    found = FlexQuery(Customer).unrestricted().execute({"search": "s3cret", "fields": "id"})
    assert {} == found.to_dict()["results"]


MODES = ["substrings", "full_text", "trigrams"]


@pytest.mark.parametrize("mode", MODES)
def test_whole_words_are_found_in_every_mode(role_door, mode: str) -> None:
    prepare(mode)
    for text, ids in {"confirmed": [1], "Khan pending": [2, 6], "dark": [1, 3]}.items():
        assert ids == find(role_door, text, SEARCH_MODE=mode)
    assert [1, 2] == find(role_door, "mop", SEARCH_MODE=mode)


@pytest.mark.parametrize("mode", MODES)
def test_hidden_rows_are_not_searched_in_any_mode(role_door, mode: str) -> None:
    prepare(mode)
    entries = expose() | {
        "customer": {"anon": {**EVERYTHING, "rows": Q(vip=True)}},
        "line": {"anon": {**EVERYTHING, "rows": Q(note="dry")}},
    }
    assert [1, 3] == find(role_door, "khan", entries, SEARCH_MODE=mode)
    assert [] == find(role_door, "light", entries, SEARCH_MODE=mode)
    assert [3] == find(role_door, "sweep", entries, SEARCH_MODE=mode)
    nobody = entries | {"line": {"anon": {}}, "customer": {"anon": {}}}
    nobody["booking"] = {"anon": {**EVERYTHING, "search": PATHS, "fields": ["*", *PATHS]}}
    assert [] == find(role_door, "khan", nobody, SEARCH_MODE=mode)
    assert [] == find(role_door, "mop", nobody, SEARCH_MODE=mode)


ODD = ['"', "-", "or", "a or", '-"x', "((", "&|!:*", "a:*", "'", "\\", "%", "<->", "🙂", "x" * 200]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_no_error_in_any_mode(query_door, text: str, mode: str) -> None:
    prepare(mode)
    reply = query_door.list({"search": text, "fields": "id"}, expose=expose(), SEARCH_MODE=mode)
    assert 200 == reply.status


@on_postgresql
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("khan -omar", [1, 3], id="not"),
        pytest.param("omar or stone", [2, 4, 6], id="or"),
        pytest.param('"omar khan"', [2, 6], id="phrase"),
        pytest.param('"khan omar"', [], id="phrase-in-order"),
        pytest.param("kha", [], id="whole-words"),
        pytest.param("khan -mop", [3, 6], id="not-in-many"),
    ],
)
def test_full_text_reads_a_search_like_the_web(role_door, text: str, ids: list[int]) -> None:
    assert ids == find(role_door, text, SEARCH_MODE="full_text")


@on_postgresql
def test_full_text_puts_the_best_rows_first(role_door) -> None:
    query = {"search": "sweep", "fields": "id"}
    reply = role_door.list(query, expose=expose(), SEARCH_MODE="full_text")
    assert [3, 1] == reply.ids  # two lines with the word, and one
    reply = role_door.list({**query, "order_by": "id"}, expose=expose(), SEARCH_MODE="full_text")
    assert [1, 3] == reply.ids


@on_postgresql
def test_full_text_takes_the_configuration_of_the_settings(role_door) -> None:
    options = {"SEARCH_MODE": "full_text", "SEARCH_CONFIG": "english"}
    assert [1, 2] == find(role_door, "mops", **options)
    assert [] == find(role_door, "mops", SEARCH_MODE="full_text")


@on_postgresql
def test_similar_words_are_found_best_first(role_door) -> None:
    prepare("trigrams")
    query = {"search": "confirmd", "fields": "id"}
    assert [1] == role_door.list(query, expose=expose(), SEARCH_MODE="trigrams").ids
    assert [] == find(role_door, "confirmd nobody", SEARCH_MODE="trigrams")
    assert [1] == find(role_door, "onfirme", SEARCH_MODE="trigrams")


@on_postgresql
def test_without_the_extension_words_are_looked_for_one_by_one(role_door, monkeypatch) -> None:
    from django_flex.backends.orm.expressions import search

    monkeypatch.setattr(search, "_has_trigrams", lambda _using: False)
    assert [] == find(role_door, "confirmd", SEARCH_MODE="trigrams")
    assert [1] == find(role_door, "confirmed", SEARCH_MODE="trigrams")


def prepare(mode: str) -> None:
    """Install what a mode needs, and let the package ask for it before statements are counted."""
    from django_flex.backends.orm.expressions import search

    if mode == "trigrams" and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        search._has_trigrams.cache_clear()
        assert search._has_trigrams("default")


def test_the_description_of_a_model_names_what_is_searched(configure, client) -> None:
    configure(expose(["status", "customer.api_token", "lines.product"]))
    assert ["lines.product", "status"] == client.options("/api/booking/").json()["search"]
    configure(OPEN)
    assert "search" not in client.options("/api/booking/").json()


# --- in the lists of a row ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "entries"),
    [
        pytest.param(["lines.product"], {"line": {"anon": "*"}}, id="by-the-outer-grant"),
        pytest.param(
            [], {"line": {"anon": {**EVERYTHING, "search": ["product"]}}}, id="by-the-grant-there"
        ),
    ],
)
def test_a_list_inside_a_row_is_searched(role_door, opened: Any, entries: Any) -> None:
    query = {
        "fields": "id",
        "order_by": "id",
        "related": {"lines": {"fields": "product", "search": "MO"}},
    }
    reply = role_door.list(query, statements=2, expose={**expose(opened), **entries})

    found = {row["id"]: [line["product"] for line in row["lines"]] for row in reply.results}
    assert {1: ["mop"], 2: ["mop"], 3: [], 4: [], 5: [], 6: []} == found


def test_a_list_without_a_path_to_search_is_refused(role_door) -> None:
    query = {"fields": "id", "related": {"lines": {"search": "x"}}}
    reply = role_door.list(query, expose=expose(["status"]))

    assert (403, "related.lines.search") == (reply.status, reply.body["path"])
