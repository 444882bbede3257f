"""Replies are in the language of the request; names, codes and paths are not."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from django_flex.exceptions import QueryError
from django_flex.exceptions.places import Part, in_words, worded
from tests.doors.fronts import OPEN, RestGet

pytestmark = pytest.mark.usefixtures("bookings")

GERMAN = {"Accept-Language": "de-CH, de;q=0.9, en;q=0.5"}
URL = "/api/booking/?fields=nothing"


@pytest.fixture
def api(settings: Any, db: None) -> RestGet:
    """The middleware, open to everybody."""
    door = RestGet(settings)
    door.open("booking", OPEN, {"ACCEPT_LANGUAGE": True})
    return door


def error(response: Any) -> tuple[str, str, str | None]:
    body = response.json()
    return body["error"], body["code"], body.get("path")


@pytest.mark.parametrize(
    ("accepted", "language", "message"),
    [
        ("de", "de", "Zugriff verweigert: Feld 'nothing' nicht zugänglich"),
        ("fr-CA, en;q=0.5", "fr", "Accès refusé : champ 'nothing' non accessible"),
        ("en", "en", "Access denied: field 'nothing' not accessible"),
        ("tlh", "en", "Access denied: field 'nothing' not accessible"),
    ],
)
def test_a_reply_is_in_the_language_that_is_accepted(
    api: RestGet, accepted: str, language: str, message: str
) -> None:
    response = api.request("GET", URL, headers={"Accept-Language": accepted})

    assert (message, "field.denied", "fields") == error(response)
    assert language == response["Content-Language"]
    assert "Accept-Language" in response["Vary"]


def test_the_language_ends_with_the_request(api: RestGet) -> None:
    before = translation.get_language()
    api.request("GET", URL, headers=GERMAN)

    assert before == translation.get_language()
    assert "Access denied: field 'nothing' not accessible" == error(api.request("GET", URL))[0]


def test_without_the_setting_the_active_language_counts(settings: Any, db: None) -> None:
    door = RestGet(settings)
    door.open("booking", OPEN, {})
    plain = door.request("GET", URL, headers=GERMAN)
    with translation.override("fr"):
        french = door.request("GET", URL, headers=GERMAN)

    assert "Access denied: field 'nothing' not accessible" == error(plain)[0]
    assert "Accès refusé : champ 'nothing' non accessible" == error(french)[0]
    assert "Content-Language" not in plain


def test_locale_middleware_takes_precedence(settings: Any, db: None) -> None:
    door = RestGet(settings)
    door.open("booking", OPEN, {"ACCEPT_LANGUAGE": True})
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    response = door.request("GET", URL, headers=GERMAN)
    translation.activate("en-us")

    assert "Zugriff verweigert: Feld 'nothing' nicht zugänglich" == error(response)[0]
    assert "de" == response["Content-Language"]
    assert 1 == response["Vary"].count("Accept-Language")


def test_messages_about_fields_and_their_parts_are_translated(settings: Any, db: None) -> None:
    door = RestGet(settings)
    door.open("booking", {**OPEN, "ops": ["add"]}, {"ACCEPT_LANGUAGE": True})
    response = door.request("POST", "/api/booking/", {"customer": "x"}, GERMAN)

    expected = "Gebraucht wird: eine ganze Zahl mit höchstens 64 Bit."
    assert [expected] == response.json()["fields"]["customer"]
    assert "write.invalid" == response.json()["code"]


@pytest.mark.parametrize("query", ["?fields=id", "/1?fields=id"])
def test_rows_and_their_tags_are_the_same_in_every_language(api: RestGet, query: str) -> None:
    url = f"/api/booking{query}" if query.startswith("/") else f"/api/booking/{query}"
    german, english = api.request("GET", url, headers=GERMAN), api.request("GET", url)

    assert german.content == english.content
    assert german["ETag"] == english["ETag"]


def test_words_of_a_dialect_and_a_language_go_together() -> None:
    failed = QueryError(
        worded("'{}' needs '{}'", Part.HAVING, Part.GROUP_BY),
        hint=worded(
            "{}{}", worded("at most {}", 3), worded("; a list needs an operator such as 'in'")
        ),
    )
    with translation.override("de"):
        said = failed.in_words({Part.GROUP_BY: "groups"}, translate=translation.gettext)

    assert "'having' braucht 'groups'" == said.message
    assert "höchstens 3; eine Liste braucht einen Operator wie 'in'" == said.hint
    assert "'having' needs 'group_by'" == failed.message


@pytest.mark.parametrize("name", ["{}", "{0.__class__}", "%s", "at most {}"])
def test_names_are_neither_templates_nor_translated(name: str) -> None:
    with translation.override("de"):
        said = in_words(worded("Unknown key '{}'", name), translate=translation.gettext)

    assert f"Unbekannter Schlüssel '{name}'" == said
