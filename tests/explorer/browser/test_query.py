"""What somebody sees who opens the explorer of the music shop, and asks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.exhaustive
TRACKS = {"_model": "track", "fields": ["name", "album.title"], "limit": 5}
TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorial" / "explorer.md"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_first_visit_shows_a_query_that_has_run(explore: Any, dark: bool) -> None:
    one = explore(dark=dark)
    one.page.goto(one.shop.url)
    one.page.get_by_role("link", name="Open the explorer").click()

    assert {"id", "name", "album.title", "genre.name"} <= set(one.header())
    assert 25 == one.page.locator(".results tbody tr").count()
    assert [] == one.faults()
    one.picture(f"explorer-{'dark' if dark else 'light'}")


def test_the_path_of_the_api_is_the_explorer_in_a_browser(explore: Any) -> None:
    one = explore()
    one.page.goto(f"{one.shop.url}/api/")

    assert "name" in one.header()


def test_a_wrong_field_is_underlined_where_it_is(explore: Any) -> None:
    one = explore(refusals=True)
    one.open(TRACKS)
    one.header()
    one.type('{"_model": "track", "fields": ["nam", "album.title"]}')
    wrong = one.page.locator(".cm-lintRange-error")

    assert "nam" == wrong.inner_text()
    wrong.hover()
    assert "did you mean 'name'?" in one.page.locator(".cm-tooltip").inner_text()
    one.picture("explorer-error")
    one.page.locator(".problem").get_by_role("button", name="Use name").click()
    wrong.wait_for(state="detached")
    assert ["id", "name", "album.title"] == one.header()


def test_names_are_completed_with_what_the_caller_may_use(explore: Any) -> None:
    one = explore(refusals=True)
    one.open(TRACKS)
    one.header()
    one.type('{"_model": "track", "filters": {}}')
    one.page.keyboard.press("ArrowLeft")
    one.page.keyboard.press("ArrowLeft")
    one.page.keyboard.type('"mi')
    options = one.page.locator(".cm-tooltip-autocomplete li")
    options.first.wait_for()
    found = options.all_inner_texts()

    assert any(text.startswith("milliseconds.gte") for text in found)
    assert not any(text.startswith("bytes") for text in found)
    one.page.keyboard.press("Enter")
    one.page.keyboard.press("End")


def test_form_and_editor_stay_in_step(explore: Any) -> None:
    one = explore()
    one.open(TRACKS)
    one.header()
    one.page.get_by_role("checkbox", name="milliseconds").check()
    one.page.get_by_role("columnheader", name="milliseconds").wait_for()
    assert '"milliseconds"' in one.page.get_by_role("textbox", name="Query as JSON").inner_text()
    one.page.get_by_label("Add a filter").select_option("name")
    value = one.page.get_by_label("Value of name")
    value.fill("Outlaw")
    value.press("Enter")
    one.page.get_by_text("The Outlaw Torn").wait_for()
    one.type(json.dumps({**TRACKS, "filters": {"name.icontains": "Sandm"}}))
    one.page.keyboard.press("Control+Enter")
    one.page.get_by_role("cell", name="Enter Sandman").first.wait_for()

    assert "Sandm" == one.page.get_by_label("Value of name").input_value()


def test_a_role_changes_models_fields_and_rows(explore: Any) -> None:
    one = explore()
    one.open(TRACKS)
    one.header()
    assert 0 == one.button("invoice").count()
    assert 0 == one.page.get_by_role("checkbox", name="bytes").count()
    one.sign_in("luis")
    one.button("invoice").click()
    one.page.get_by_role("columnheader", name="total").wait_for()
    assert 7 == one.page.locator(".results tbody tr").count()
    one.sign_in("admin")
    one.button("track").click()
    one.page.get_by_role("checkbox", name="bytes").wait_for()


def test_revenue_by_country_by_the_clicks_of_the_tutorial(explore: Any) -> None:
    text = TUTORIAL.read_text()
    clicks = re.findall(r"^\d+\. \*(.+?)\*", text, re.MULTILINE)
    one = explore()
    one.page.goto(one.shop.url)
    for name in clicks:
        link = one.page.get_by_role("link", name=name, exact=True)
        link.or_(one.button(name)).click()
    chart = one.page.get_by_role("img", name="Chart of invoice")
    chart.get_by_text("Canada").first.wait_for()

    assert 9 == len(clicks)
    sent = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert sent is not None
    assert json.loads(sent[1]) == json.loads(parse_qs(urlsplit(one.page.url).fragment)["q"][0])
    assert 15 <= chart.locator("rect").count()
    assert [] == one.faults()
    one.picture("explorer-chart")
    for kind, begins in (("SVG", b"<svg "), ("PNG", b"\x89PNG"), ("CSV", b"billing_country,count")):
        with one.page.expect_download() as download:
            one.button(kind).click()
        assert download.value.path().read_bytes().startswith(begins)
    for kind in ("Line", "Pie", "Scatter"):
        one.button(kind).click()
        assert 0 < chart.locator("path, circle").count()


def test_a_link_shows_the_same(explore: Any) -> None:
    one = explore()
    query = {**TRACKS, "filters": {"genre.name": "Jazz"}, "order_by": ["-milliseconds"]}
    one.open(query, view="json")
    one.page.locator(".json").get_by_text("pagination").wait_for()
    one.button("Table").click()
    one.page.get_by_role("button", name="Next").click()
    one.page.get_by_role("navigation", name="Pages").get_by_text("10").wait_for()
    address = one.page.url
    rows = one.page.locator(".results tbody").inner_text()
    other = explore()
    other.page.goto(address)
    other.page.get_by_role("navigation", name="Pages").get_by_text("10").wait_for()

    assert rows == other.page.locator(".results tbody").inner_text()
    sent = json.loads(parse_qs(urlsplit(address).fragment)["q"][0])
    assert {**query, "offset": 5} == sent
    one.page.go_back()
    one.page.get_by_role("button", name="Previous").and_(one.page.locator(":disabled")).wait_for()


def test_all_is_done_by_keyboard(explore: Any) -> None:
    one = explore()
    one.open(TRACKS)
    one.header()
    one.page.keyboard.press("Tab")
    assert "To the content" == one.page.evaluate("document.activeElement.innerText")
    one.page.get_by_title("Who is asking").focus()
    one.page.keyboard.press("Enter")
    one.button("jane").wait_for()
    one.page.keyboard.press("Escape")
    assert 0 == one.button("jane").count()
    assert "Who is asking" == one.page.evaluate("document.activeElement.title")


@pytest.mark.parametrize("view", ["json", "code", "chart", "table"])
def test_nothing_hinders_people_on_a_phone(explore: Any, view: str) -> None:
    one = explore(phone=True, dark=view == "code")
    one.open(TRACKS, view=view)
    one.page.locator(".results .bar").first.wait_for()
    one.page.get_by_text("Build the query").click()
    one.page.get_by_role("checkbox", name="name").first.wait_for()

    assert [] == one.faults()
    assert one.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_diagram_and_the_fields_of_a_model(explore: Any) -> None:
    one = explore()
    one.open(tab="models")
    one.page.locator(".box").get_by_text("album", exact=True).first.wait_for()
    assert [] == one.faults()
    one.page.locator(".builder").get_by_role("button", name="track", exact=True).click()
    one.page.get_by_role("rowheader", name="milliseconds").wait_for()
    assert [] == one.faults()
    one.button("Query it").click()
    assert "album.title" in one.header()


def test_facets_narrow_a_list_by_a_click(explore: Any) -> None:
    one = explore()
    one.open()
    one.sign_in("andrew")
    one.button("customer").click()
    one.page.get_by_role("columnheader", name="country").wait_for()
    one.button("Facets").click()
    one.page.locator(".facets").get_by_role("button", name="Brazil 5").click()
    one.page.locator(".facts").get_by_text("5 rows").wait_for()
    assert [] == one.faults()
    assert {"Brazil"} == set(one.page.locator("td", has_text="Brazil").all_inner_texts())
