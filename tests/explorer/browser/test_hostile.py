"""Texts that would be code if the page took them for more than texts."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.exhaustive
HOSTILE = (
    "<img src=x onerror=hacked=1>",
    "\"'><script>hacked=1</script>",
    "{{hacked=1}}${hacked=1}",
    "javascript:hacked=1",
    "<svg/onload=hacked=1>\u202e",
)


def add(url: str, row: dict[str, Any]) -> Any:
    """Add a row to the shop, as a manager."""
    login = b64encode(b"andrew:andrew-demo").decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(row).encode(), headers)) as response:
        return json.load(response)


@pytest.mark.parametrize("text", ["".join(HOSTILE), "javascript:hacked=1"], ids=["tags", "url"])
def test_texts_are_shown_as_texts(explore: Any, text: str) -> None:
    one = explore(refusals=True)
    artist = add(f"{one.shop.url}/api/artists/", {"name": text})
    found = {"_model": "artist", "fields": ["name"], "filters": {"name": text}}
    one.open(found)
    for view in ("Table", "JSON", "Code", "Chart"):
        one.page.locator(".results .facts b").wait_for()
        one.button(view).click()
        if view != "Chart":
            shown = one.page.locator(".results").inner_text()
            quoted = json.dumps(text, ensure_ascii=False)[1:-1]
            assert any(part in shown for part in (text, quoted, quoted.replace("'", "'\\''"))), view
    one.open({"_model": "artist", "fields": [text]})
    assert "hacked=1" in one.page.get_by_role("alert").inner_text()
    one.open({"_model": text, "fields": [text], "filters": {text: text}}, view=text, chart=text)
    one.page.locator(".failure, .results").first.wait_for()
    one.open(tab=text, model=text)
    one.page.locator("#main").wait_for()
    one.page.get_by_role("button", name="History").click()
    one.page.wait_for_timeout(100)

    assert one.page.evaluate("typeof hacked") == "undefined"
    assert 0 == one.page.locator("#explorer img, #explorer script").count()
    assert artist["name"] == text


def test_values_of_any_kind_are_shown_as_texts(explore: Any) -> None:
    one = explore()
    row = {
        "id": "<b>1</b>",
        "name": HOSTILE[0],
        "list": [HOSTILE[0], {"x": HOSTILE[1]}],
        HOSTILE[1]: {"deep": HOSTILE[0]},
        "file": {"url": "javascript:hacked=1", "name": HOSTILE[0]},
        "image": {"url": "https://elsewhere.example/x.png", "name": HOSTILE[1]},
        "when": "2026-01-01T00:00:00<img src=x onerror=hacked=1>",
        "total": "1.50",
        "__proto__x": True,
    }
    reply = {"pagination": {"offset": 0, "limit": 5, "has_more": False}, "results": [row, row]}
    one.page.route(
        "**/api/",
        lambda route: (
            route.fulfill(json=reply) if route.request.method == "QUERY" else route.fallback()
        ),
    )
    for view in ("table", "json", "chart"):
        one.open({"_model": "track", "fields": ["name"]}, view=view)
        one.page.locator(".results .facts b").wait_for()
        for summary in one.page.locator(".results summary").all():
            summary.click()
    one.open({"_model": "track", "fields": ["name"]})
    one.page.locator(".results tbody tr").first.wait_for()

    assert one.page.evaluate("typeof hacked") == "undefined"
    assert HOSTILE[0] in one.page.locator(".results").inner_text()
    assert 0 == one.page.locator("#explorer img, #explorer script, #explorer b img").count()
    links = one.page.locator(".results a").evaluate_all("all => all.map(a => a.protocol)")
    assert {"https:"} == set(links)
