"""The explorer of an API below a path (FORCE_SCRIPT_NAME), in camelCase and in other languages."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.exhaustive


def test_a_query_is_run_completed_and_drawn(explore: Any, below: Any) -> None:
    one = explore(at=below, refusals=True)
    one.page.goto(one.shop.url + "/")
    one.page.get_by_role("link", name="Open the explorer").click()
    assert {"id", "name", "album.title", "unitPrice"} <= set(one.header())
    one.page.get_by_role("checkbox", name="unitPrice").uncheck()
    one.page.get_by_role("columnheader", name="unitPrice").wait_for(state="detached")
    one.type('{"_model": "track", "fields": ["name"], "filters": {}, "orderBy": ["-name"]}')
    for _ in range(len('}, "orderBy": ["-name"]}')):
        one.page.keyboard.press("ArrowLeft")
    one.page.keyboard.type('"unitP')
    options = one.page.locator(".cm-tooltip-autocomplete li")
    options.first.wait_for()
    assert any(text.startswith("unitPrice.gte") for text in options.all_inner_texts())
    one.page.keyboard.press("Escape")

    one.sign_in("admin")
    for name in ("invoice", "Summarise", "billing country", "sum of total", "12 months", "Chart"):
        one.button(name).click()
    chart = one.page.get_by_role("img", name="Chart of invoice")
    chart.get_by_text("Canada").first.wait_for()
    sent = json.loads(parse_qs(urlsplit(one.page.url).fragment)["q"][0])
    assert ["billingCountry"] == sent["group_by"]
    assert {"invoicedAt.gte": {"$now": "-12 months"}} == sent["filters"]
    assert (
        '"groupBy": ["billingCountry"]'
        in one.page.get_by_role("textbox", name="Query as JSON").inner_text()
    )
    one.button("Code").click()
    assert '"groupBy"' in one.page.get_by_role("region", name="The query for curl").inner_text()
    assert [] == one.faults()
    one.button("SQL").click()
    assert "GROUP BY" in one.page.get_by_role("region", name="SQL of statement 1").inner_text()


def test_a_typed_query_is_shown_in_the_form(explore: Any, below: Any) -> None:
    one = explore(at=below)
    one.open({"_model": "album", "fields": ["title"]})
    one.header()
    one.type('{"_model": "album", "fields": ["title"], "orderBy": ["-title"], "limit": 10}')
    one.page.keyboard.press("Control+Enter")
    one.page.get_by_role("columnheader", name="title").and_(
        one.page.locator("[aria-sort=descending]")
    ).wait_for()
    assert "-title" == one.page.get_by_label("Sort").input_value()


def test_rows_are_written_and_an_action_tried(explore: Any, below: Any) -> None:
    one = explore(at=below, refusals=True)
    one.open(tab="models", model="customer~edit~2")
    one.sign_in("admin")
    one.page.get_by_label("postal code").fill("70 174")
    one.button("Try it").click()
    one.page.get_by_text("nothing has changed").wait_for()
    changed = one.page.locator(".diff tbody").inner_text()
    assert ["postalCode", "70174", "70 174"] == changed.split("\t")

    one.page.locator(".builder").get_by_role("button", name="playlist", exact=True).click()
    one.page.get_by_role("group", name="Part").get_by_text("Several at once").click()
    one.page.get_by_role("group", name="What to do").get_by_text("Edit").click()
    one.page.get_by_role("group", name="Which rows").get_by_text("by a filter").click()
    one.page.get_by_label("Filters as JSON").fill('{"name": "Movies"}')
    one.page.get_by_label("name").fill("Films")
    one.button("Try it").click()
    one.page.get_by_text("nothing has changed").wait_for()
    assert 2 == one.page.locator(".outcome").get_by_role("cell", name="Films").count()

    one.page.locator(".builder").get_by_role("button", name="invoice", exact=True).click()
    one.page.get_by_role("group", name="Part").get_by_text("Actions").click()
    one.page.get_by_label("Key of the row").fill("98")
    one.button("The whole invoice").click()
    one.button("Try it").click()
    one.page.locator(".outcome").get_by_text("nothing has changed").wait_for()


LANGUAGES = {
    "de-DE": (
        "Abfrage",
        "25 Zeilen",
        "Zusammenfassen",
        "Anzahl",
        "Diagramm",
        "Alle Modelle",
        "Zugriff",
    ),
    "fr-FR": (
        "Requête",
        "25 lignes",
        "Résumer",
        "nombre",
        "Graphique",
        "Tous les modèles",
        "Accès",
    ),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_language_of_the_browser(
    explore: Any, below: Any, language: str
) -> None:
    query, rows, summarise, count, chart, models, denied = LANGUAGES[language]
    one = explore(at=below, language=language, refusals=True)
    one.page.goto(one.shop.url + "/explorer/")
    one.page.locator(".facts").get_by_text(rows).wait_for()
    assert language[:2] == one.page.evaluate("document.documentElement.lang")
    assert query == one.page.locator(".top nav button").first.inner_text()
    assert [] == one.faults()
    one.picture(f"explorer-{language[:2]}")
    one.page.get_by_role("textbox").first.click()
    one.page.keyboard.press("Control+A")
    one.page.keyboard.insert_text('{"_model": "track", "fields": ["nam"]}')
    one.page.keyboard.press("Control+Enter")
    assert denied in one.page.get_by_role("alert").inner_text()
    one.page.locator(".top .identity button").click()
    one.button("admin").click()
    for name in ("invoice", summarise, chart):
        one.button(name).click()
    one.button(count).wait_for()
    one.page.locator(".top nav button").nth(1).click()
    one.page.get_by_role("heading", name=models).wait_for()
    assert [] == one.faults()
