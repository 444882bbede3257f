"""An API whose every text is hostile: names, labels, help, choices, roles, errors, plans, files."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.exhaustive
EVIL = "<img src=x onerror=hacked=1>\"'</script><svg/onload=hacked=1>"
URL = "javascript:hacked=1"
NAME = "evil<img src=x onerror=hacked=1>"
FIELD: dict[str, Any] = {"null": True, "operators": ["exact", EVIL], "label": EVIL, "help": EVIL}
CHOICES = [{"value": EVIL, "label": EVIL}]
FIELDS = {
    "id": {**FIELD, "type": "integer"},
    NAME: {**FIELD, "type": EVIL},
    "chosen": {**FIELD, "type": "text", "choices": CHOICES},
    "day": {**FIELD, "type": "date"},
    "parent": {**FIELD, "type": "integer", "relation": NAME},
}
INPUT = {"type": "text", "null": False, "label": EVIL, "help": EVIL, "default": EVIL}
DESCRIBED = {
    "model": NAME,
    "label": EVIL,
    "label_plural": EVIL,
    "key": "id",
    "role": EVIL,
    "operations": ["list", "get", "add", "edit", "delete", "aggregate", "explain", EVIL],
    "fields": FIELDS,
    "relations": {"children": {"model": NAME, "many": True, "label": EVIL}},
    "filters": ["*"],
    "order_by": ["*"],
    "group_by": [NAME, "chosen"],
    "aggregates": {"count": "integer", f"{NAME}.sum": "integer"},
    "limits": {"default": 5, "max": 10},
    "inputs": {"add": {NAME: INPUT}, "edit": {NAME: {**INPUT, "choices": CHOICES}}},
    "actions": [EVIL],
}
ROW = {
    "id": EVIL,
    NAME: EVIL,
    "chosen": URL,
    "day": f"2026-01-01T00:00:00{EVIL}",
    "parent": EVIL,
    "list": [EVIL, {"deep": EVIL}],
    "json": {"a": [EVIL]},
    "empty": {},
    "long": EVIL * 10,
    "total": "1.50",
    "file": {"url": URL, "name": f"folder/{EVIL}"},
    "own": {"url": "/nothing.png", "name": EVIL},
    "data": {"url": "data:text/html,<script>hacked=1</script>", "name": EVIL},
}
GROUP = {NAME: EVIL, "chosen": f"{EVIL}2", "count": 3, "total": {"sum": "4.50"}}
ERROR = {
    "error": f"Access denied: '{EVIL}'",
    "hint": f"did you mean '{EVIL}'?",
    "code": EVIL,
    "path": EVIL,
    "fields": {NAME: [EVIL], EVIL: EVIL},
}
ACTION = {
    "id": "evil",
    "title": EVIL,
    "description": EVIL,
    "destructive": True,
    "dry_run": True,
    "input": {"properties": {NAME: {"type": "string", "title": EVIL, "description": EVIL}}},
    "examples": [{"name": EVIL, "payload": {NAME: EVIL}}],
}
ACTIONS = {"instance_actions": [ACTION], "global_actions": [{**ACTION, "id": "other"}]}
GROUPS = {"results": [GROUP, {**GROUP, NAME: URL}], "pagination": None}
WRITTEN = {"results": [ROW, EVIL, {"error": EVIL}]}
PLACED = {**ERROR, "error": f"Access denied: '{NAME}'", "path": "fields[0]"}
PLAN = {
    "database": EVIL,
    "role": EVIL,
    "cost": {"estimated": 1, "max": 2},
    "rules": [{"model": EVIL, "rows": EVIL, "source": EVIL}],
    "statements": [
        {"reads": EVIL, "sql": EVIL, "parameters": 1, "database": [f"SCAN {NAME} {EVIL}"]}
    ],
}
CELL = {
    "granted_as": EVIL,
    "rules": {"rows": EVIL},
    "findings": [EVIL],
    "openings": [
        {"clause": "operation", "names": ["list", EVIL], "by": [EVIL]},
        {"clause": EVIL, "at": EVIL, "names": [EVIL], "values": [EVIL], "by": [EVIL]},
    ],
}
ANSWERS: dict[str, Any] = {
    "matrix": {"version": None, "roles": [EVIL], "models": {NAME: {EVIL: CELL}}},
    "why": {"text": EVIL},
    "changes": {"changes": [{"text": EVIL, "opens": True}]},
    "query": {"pagination": {"offset": 0, "limit": 5, "has_more": False}, "results": [ROW]},
    "models": {"models": {NAME: {"url": "/api/evil/", "operations": ["list", EVIL]}}},
    "describe": DESCRIBED,
}


def reply_to(request: Any) -> dict[str, Any]:
    """Return the arguments of ``fulfill`` for a request to the API."""
    path, sent = request.url.split("/", 3)[3], request.post_data_json or {}
    method, limit = request.method, sent.get("limit")
    runs = method in {"POST", "PATCH", "DELETE"} and not sent.get("_dry_run")
    cases: dict[str, tuple[bool, dict[str, Any]]] = {
        "operators": ("operators/" in path, {"json": ANSWERS.get(sent.get("ask", ""))}),
        "options": (method == "OPTIONS", {"json": DESCRIBED}),
        "actions": ("/actions/" in path and method == "GET", {"json": ACTIONS}),
        "write": (runs, {"json": ERROR, "status": 400}),
        "tried": ("_batch" in sent or "_items" in sent, {"json": WRITTEN}),
        "models": (method == "GET" and path == "api/", {"json": ANSWERS["models"]}),
        "plan": (bool(sent.get("explain")), {"json": {"plan": PLAN}}),
        "groups": (sent.get("_action") == "aggregate", {"json": GROUPS}),
        "error": (limit == 9, {"json": ERROR, "status": 400}),
        "placed": ([NAME] == sent.get("fields"), {"json": PLACED, "status": 400}),
        "page": (limit == 8, {"body": EVIL, "content_type": "text/html", "status": 500}),
        "row": (method == "GET", {"json": ROW}),
        "rows": (True, {"json": ANSWERS["query"]}),
    }
    return next(answer for applies, answer in cases.values() if applies)


@pytest.fixture
def evil(explore: Any) -> Any:
    one = explore(refusals=True)
    for path in ("**/api/**", "**/explorer/operators/"):
        one.page.route(path, lambda route: route.fulfill(**reply_to(route.request)))
    one.page.on("dialog", lambda dialog: one.errors.append(dialog.message))
    return one


def check(one: Any, place: str) -> None:
    """Nothing has run, nothing but texts was made, and the text is there as it was sent."""
    everywhere = """() => {
        const roots = [document, ...[...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean)];
        const all = roots.flatMap((root) => [...root.querySelectorAll("*")]);
        return {
          hacked: typeof hacked,
          made: all.filter((one) => (one.matches("img, script, iframe") && !one.matches(".file img, head script"))
            || [...one.attributes].some((each) => each.name.startsWith("on"))).map((one) => one.outerHTML),
          links: all.filter((one) => one.href && typeof one.href === "string").map((one) => new URL(one.href).protocol),
        };
    }"""
    found = one.page.evaluate(everywhere)
    assert ("undefined", []) == (found["hacked"], found["made"]), place
    assert {"http:"} >= set(found["links"]), place
    text = one.page.locator("body").inner_text()
    assert "onerror=hacked=1" in text, place


QUERY: dict[str, Any] = {"_model": NAME, "fields": "*", "limit": 5}


@pytest.mark.parametrize("view", ["table", "json", "code", "chart", "plan"])
def test_what_a_query_gives(evil: Any, view: str) -> None:
    one = evil
    one.open(QUERY, view=view)
    one.page.locator(".results .facts b").wait_for()
    for summary in one.page.locator(".results summary").all():
        summary.click()
    check(one, view)
    if view == "table":
        one.button("Facets").click()
        one.page.locator(".facets .chip").first.wait_for()
        one.page.locator(".branch").first.click()
        check(one, "facets")
        one.page.get_by_role("button", name="History").click()
        check(one, "history")
        with one.page.expect_download() as download:
            one.page.get_by_role("button", name="Export").click()
            one.button("CSV").click()
        assert "<" not in download.value.suggested_filename


def test_groups_as_charts(evil: Any) -> None:
    one = evil
    for groups in ([NAME], [NAME, "chosen"]):
        asked = {"_model": NAME, "_action": "aggregate", "group_by": groups, "aggregate": ["count"]}
        one.open(asked, view="chart")
        one.page.locator(".chart svg").wait_for()
        check(one, "chart")
        for kind in ("SVG", "PNG"):
            with one.page.expect_download() as download:
                one.button(kind).click()
            written = download.value.path().read_bytes()
            assert b"<img" not in written
            assert b"<svg/onload" not in written


@pytest.mark.parametrize("limit", [9, 8], ids=["error", "page"])
def test_what_is_refused(evil: Any, limit: int) -> None:
    one = evil
    one.open({**QUERY, "limit": limit})
    one.page.get_by_role("alert").wait_for()
    check(one, "failure")
    if limit == 9:
        one.type(json.dumps({"_model": NAME, "fields": [NAME]}))
        # What was refused before stays underlined until the next reply.
        one.page.locator(".problem", has_text="denied: 'evil").wait_for()
        one.page.locator(".cm-lintRange-error", has_text="onerror").hover()
        assert "onerror" in one.page.locator(".cm-tooltip").inner_text()
        check(one, "tooltip")


def test_what_is_completed_and_told(evil: Any) -> None:
    one = evil
    one.open(QUERY)
    one.page.locator(".results .facts b").wait_for()
    one.type('{"_model": ' + json.dumps(NAME) + ', "filters": {}}')
    one.page.keyboard.press("ArrowLeft")
    one.page.keyboard.press("ArrowLeft")
    one.page.keyboard.type('"evil')
    one.page.locator(".cm-completionInfo").first.wait_for()
    check(one, "completion")


def test_models_and_writes(evil: Any) -> None:
    one = evil
    one.open(tab="models")
    one.page.locator(".box").first.wait_for()
    check(one, "diagram")
    for part in ("fields", "add", "edit~1", "several", "actions"):
        one.open(tab="models", model=f"{NAME}~{part}")
        one.page.locator(".model").wait_for()
        if part != "fields":
            if part == "several":
                one.page.get_by_label("Rows").fill(json.dumps([{NAME: EVIL}]))
            if part == "actions":
                one.page.get_by_label("Key of the row").fill(EVIL)
            one.button("Try it").first.click()
            one.page.locator(".outcome").first.wait_for()
            check(one, f"{part}, tried")
            one.page.locator(".write button.primary").first.click()
            one.page.locator(".failure").first.wait_for()
        check(one, part)
    one.open(tab="models", model="~batch")
    one.page.get_by_label("Operations as JSON").fill(
        json.dumps([{"_model": EVIL, "_action": EVIL}])
    )
    one.button("Try it").click()
    one.page.locator(".outcome").wait_for()
    check(one, "batch")


def test_permissions(evil: Any) -> None:
    one = evil
    one.page.add_init_script(
        f"sessionStorage.setItem('django-flex-explorer', JSON.stringify({{account: {json.dumps(EVIL)}}}))"
    )
    one.open(QUERY, tab="permissions")
    one.page.locator(".cell").first.click()
    for summary in one.page.locator(".reasons summary").all():
        summary.click()
    check(one, "matrix")
    one.button("As somebody else").click()
    one.page.get_by_label("Role").select_option(EVIL)
    one.button("Show what they get").click()
    one.page.get_by_role("region", name="Explanation").wait_for()
    check(one, "somebody")
    one.button("What has changed").click()
    one.page.get_by_label("A file").set_input_files(
        {"name": f"{EVIL.replace('/', '')}.json", "mimeType": "application/json", "buffer": b"{}"}
    )
    one.page.locator(".changes").wait_for()
    check(one, "changes")
    one.button("As somebody else").click()
    one.page.get_by_label("Role").select_option(EVIL)
    one.button("Look as they do").click()
    one.page.locator(".as").wait_for()
    one.page.locator(".results .facts b").wait_for()
    check(one, "acting")
