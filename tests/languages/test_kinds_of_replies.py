"""Refusals of each kind and languages of each kind: texts are translated, all else is the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.validators import MaxLengthValidator
from django.db import models
from django.test.utils import isolate_apps
from django.utils import translation
from django.utils.translation import ngettext

from django_flex.languages import in_language
from django_flex.schema.introspection import describe
from django_flex.schema.values import UnfitValueError, coerce
from tests.doors.fronts import EVERYTHING, RestGet
from tests.testapp.models import Customer

pytestmark = pytest.mark.usefixtures("bookings")

GRANT = {
    **EVERYTHING,
    "write_fields": ["*"],
    "ops": ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"],
}
NAMES = ("booking", "customer", "product", "line", "wild.strict")
BATCH = {"_batch": [{"_model": "booking", "_id": 1}, {"_model": "booking", "_id": 99}]}
#: What is asked for, and the status and the code of the reply.
REQUESTS: dict[str, tuple[str, str, Any, int, str]] = {
    "missing row": ("GET", "booking/99", None, 404, "object.not_found"),
    "missing model": ("GET", "nothing/", None, 404, "resource.not_found"),
    "hidden filter": ("GET", "booking/?filters.nothing=1", None, 403, "filter.denied"),
    "hidden order": ("GET", "booking/?order_by=nothing", None, 403, "order.denied"),
    "operator": ("GET", "booking/?filters.seats.regex=1", None, 400, "query.invalid"),
    "value": ("GET", "booking/?filters.seats=x", None, 400, "query.value"),
    "time": ("GET", "booking/?filters.day.lt.$now=soon", None, 400, "query.value"),
    "key": ("GET", "booking/?lmit=3", None, 400, "query.unknown_key"),
    "limit": ("GET", "booking/?limit=0", None, 400, "query.value"),
    "filters": ("POST", "booking/", {"_action": "bulk_delete"}, 400, "query.invalid"),
    "batch": ("POST", "", BATCH, 404, "object.not_found"),
    "no JSON": ("POST", "booking/", "{", 400, "request.invalid"),
    "stream": ("GET", "booking/?format=ndjson&fields=nothing", None, 403, "field.denied"),
    "edition": (
        "PATCH",
        "booking/1",
        {"status": "x", "_if_match": '"a"'},
        412,
        "write.precondition",
    ),
}


@pytest.fixture
def api(settings: Any) -> RestGet:
    door = RestGet(settings)
    door.open("booking", {name: {"anon": GRANT} for name in NAMES}, {"ACCEPT_LANGUAGE": True})
    return door


def reply(api: RestGet, name: str, language: str, **headers: str) -> Any:
    method, url, body, *_ = REQUESTS[name]
    accepted = {"Accept-Language": language, **headers}
    return api.request(method, f"/api/{url}", body, headers=accepted)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_refusal_is_in_the_language_and_its_code_is_not(api: RestGet, name: str) -> None:
    *_, status, code = REQUESTS[name]
    replies = {language: reply(api, name, language) for language in ("en", "de", "fr")}
    bodies = {language: one.json() for language, one in replies.items()}
    for language, one in replies.items():
        assert (status, language) == (one.status_code, one["Content-Language"]), one.content
    assert 3 == len({body["error"] for body in bodies.values()})
    assert {code} == {body["code"] for body in bodies.values()}
    assert 1 == len({body.get("path") for body in bodies.values()})


@pytest.mark.parametrize("name", ["missing row", "value", "batch"])
def test_problems_by_the_standard_are_in_the_language(api: RestGet, name: str) -> None:
    plain = reply(api, name, "fr").json()
    problem = reply(api, name, "fr", Accept="application/problem+json").json()
    assert plain["error"] in {problem["title"], problem.get("detail")}


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de-AT", "de"),
        ("DE", "de"),
        ("fr-CA,de;q=0.5", "fr"),
        ("de;q=0.5, fr", "fr"),
        ("tlh, fr;q=0.1", "fr"),
        ("*", "en"),
        ("", "en"),
        (";;;q=x", "en"),
        ("de\u00fc", "en"),
        (f"{'x-' * 400}, de", "en"),
    ],
)
def test_languages_of_each_kind(api: RestGet, accepted: str, language: str) -> None:
    found, expected = reply(api, "missing row", accepted), reply(api, "missing row", language)
    assert (expected.content, language) == (found.content, found["Content-Language"])


#: Django's own message, in both of the forms that depend on a number.
FORMS = (
    "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
    "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("length", [0, 1, 2])
def test_messages_of_fields_have_the_form_for_their_number(
    api: RestGet, monkeypatch: Any, language: str, length: int
) -> None:
    field = Customer._meta.get_field("name")
    monkeypatch.setattr(field, "validators", [MaxLengthValidator(length)])
    headers = {"Accept-Language": language}
    body = api.request("POST", "/api/customer/", {"name": "abc"}, headers).json()
    with translation.override(language):
        expected = ngettext(*FORMS, length) % {"limit_value": length, "show_value": 3}
    assert [expected] == body["fields"]["name"]


@pytest.mark.parametrize("language", ["de", "fr"])
def test_a_cookie_chooses_the_language_where_the_middleware_reads_it(
    settings: Any, language: str
) -> None:
    door = RestGet(settings)
    door.open("booking", {"booking": {"anon": GRANT}}, {})
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    url = "/api/booking/99"
    by_cookie = door.request("GET", url, headers={"Cookie": f"django_language={language}"})
    by_header = door.request("GET", url, headers={"Accept-Language": f"{language}, en;q=0.1"})
    both = {"Cookie": f"django_language={language}", "Accept-Language": "en"}
    translation.activate("en-us")

    assert (by_header.content, language) == (by_cookie.content, by_cookie["Content-Language"])
    assert by_cookie.content == door.request("GET", url, headers=both).content
    translation.activate("en-us")


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "a number with at most 1 decimal place", "a number with at most 2 decimal places"),
        (
            "de",
            "eine Zahl mit höchstens 1 Nachkommastelle",
            "eine Zahl mit höchstens 2 Nachkommastellen",
        ),
        ("fr", "un nombre de 1 décimale au plus", "un nombre de 2 décimales au plus"),
    ],
)
def test_digits_have_the_form_for_their_number(language: str, one: str, many: str) -> None:
    for places, expected in ((1, one), (2, many)):
        field = models.DecimalField(max_digits=9, decimal_places=places)
        with isolate_apps("tests.wild"):
            meta = type("Meta", (), {"app_label": "wild"})
            model = type(
                "Sum", (models.Model,), {"__module__": __name__, "Meta": meta, "sum": field}
            )
            attribute = describe(model).attributes["sum"]
        with pytest.raises(UnfitValueError) as caught:
            coerce("1.125", "decimal", attribute)
        with translation.override(language):
            assert expected == in_language(caught.value.args[0])


CHANGED = {"_action": "bulk_edit", "filters": {"id.lte": 3}, "_set": {"seats": 1}}


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "More than 1 row would change", "More than 2 rows would change"),
        ("de", "Mehr als 1 Zeile würde sich ändern", "Mehr als 2 Zeilen würden sich ändern"),
        ("fr", "Plus de 1 ligne changerait", "Plus de 2 lignes changeraient"),
    ],
)
def test_numbers_of_rows_have_their_form(api: RestGet, language: str, one: str, many: str) -> None:
    headers = {"Accept-Language": language}
    for most, message in ((1, one), (2, many)):
        sent = {**CHANGED, "_max_affected": most}
        assert message == api.request("POST", "/api/booking/", sent, headers).json()["error"]


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [
        ("en", "at most 1 word", "at most 2 words"),
        ("de", "höchstens 1 Wort", "höchstens 2 Wörter"),
        ("fr", "au plus 1 mot", "au plus 2 mots"),
    ],
)
def test_hints_have_the_form_for_their_number(
    settings: Any, language: str, one: str, many: str
) -> None:
    door = RestGet(settings)
    entries = {"booking": {"anon": GRANT, "search": ["status"]}}
    for most, hint in ((1, one), (2, many)):
        limits = {"MAX_SEARCH_WORDS": most, "ACCEPT_LANGUAGE": True}
        door.open("booking", entries, limits)
        url = "/api/booking/?search=a%20b%20c"
        reply = door.request("GET", url, headers={"Accept-Language": language})
        assert hint == reply.json()["hint"]
