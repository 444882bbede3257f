"""What superusers see: who may do what and why, what others get, and how a query runs."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.exhaustive
INVOICES = {"_model": "invoice", "fields": ["total", "customer.email"], "limit": 5}


def permissions(one: Any) -> str:
    """Open the part, and return what the matrix was as JSON."""
    one.open(INVOICES, tab="permissions")
    with one.page.expect_response(_is_matrix) as reply:
        one.sign_in("admin")
    one.page.get_by_role("region", name="Matrix of roles and models").wait_for()
    found: str = reply.value.text()
    return found


def _is_matrix(response: Any) -> bool:
    # Before somebody has signed in, the same question is refused.
    return response.url.endswith("/operators/") and response.ok


def test_the_matrix_leads_to_the_reason_of_each_cell(explore: Any) -> None:
    one = explore(refusals=True)  # before signing in, a visitor has no invoices
    permissions(one)
    row = one.page.get_by_role("row", name="invoice", exact=False).filter(has_text="some rows")
    assert "refund" in row.first.inner_text()
    row.first.get_by_role("button").nth(2).click()
    reasons = one.page.get_by_role("region", name="customers on invoice")
    reasons.get_by_text("customer.user").first.wait_for()
    reasons.locator("summary").filter(has_text="field").first.click()
    reasons.get_by_text("EXPOSE['invoice']['customers']['fields']").first.wait_for()
    assert [] == one.faults()
    one.picture("explorer-permissions")


def test_somebody_else_is_seen_and_never_writes(explore: Any) -> None:
    one = explore(refusals=True)
    permissions(one)
    one.button("As somebody else").click()
    one.page.get_by_label("or user").fill("luis")
    one.button("Show what they get").click()
    one.page.get_by_text("As luis, read only: HTTP 200").wait_for()
    assert "luisg@embraer.com.br" in one.page.locator(".somebody table").inner_text()
    assert "jane" not in one.page.locator(".somebody table").inner_text()
    one.page.get_by_label("Role").select_option("anon")
    one.button("Show what they get").click()
    one.page.get_by_text("As anon, read only: HTTP 403").wait_for()
    one.page.get_by_role("region", name="Explanation").get_by_text("anon").first.wait_for()
    assert [] == one.faults()


def test_a_kept_matrix_is_compared(explore: Any) -> None:
    one = explore(refusals=True)
    before = json.loads(permissions(one))
    one.button("What has changed").click()
    kept = one.shop.folder / "kept.json"
    del before["models"]["genre"]["anon"]
    kept.write_text(json.dumps(before))
    one.page.get_by_label("A file").set_input_files(kept)
    one.page.get_by_text("+ anon on genre: operation list").first.wait_for()
    assert [] == one.faults()


def test_others_are_told_that_it_is_not_for_them(explore: Any) -> None:
    one = explore(refusals=True)
    one.open(INVOICES, tab="permissions")
    one.sign_in("jane")
    one.page.get_by_text("You are not signed in as one.").wait_for()


def test_how_a_query_runs(explore: Any) -> None:
    one = explore()
    one.open({"_model": "track", "fields": ["name", "album.title", "playlists.name"]}, view="table")
    facts = one.page.locator(".facts")
    facts.get_by_text("2 statements").wait_for()
    one.button("Run Ctrl ⏎").click()
    facts.get_by_text("2 statements, kept").wait_for()
    assert " · cost " in facts.inner_text()
    one.button("SQL").click()
    sql = one.page.get_by_role("region", name="SQL of statement 1")
    assert "JOIN" in sql.inner_text()
    one.page.get_by_text("reads all of").first.wait_for()
    assert [] == one.faults()
    one.picture("explorer-sql")


def test_one_looks_as_somebody_else_and_reads_only(explore: Any) -> None:
    one = explore(refusals=True)
    permissions(one)
    one.button("As somebody else").click()
    one.page.get_by_label("or user").fill("nobody")
    one.button("Look as they do").click()
    one.page.get_by_text("Unknown user").wait_for()
    one.page.get_by_label("or user").fill("luis")
    one.button("Look as they do").click()
    mark = one.page.get_by_text("You look as luis, read only")
    mark.wait_for()
    one.header()
    assert "luisg@embraer.com.br" in one.page.locator(".results tbody").inner_text()
    assert "jane" not in one.page.locator(".results").inner_text()
    assert "customers" == one.page.locator(".top .role").inner_text()
    assert [] == one.faults()
    one.picture("explorer-acting")

    sent: list[str] = []
    one.page.on("request", lambda request: sent.append(request.url))
    one.button("Models").click()
    one.page.locator(".builder").get_by_role("button", name="customer", exact=True).click()
    one.page.get_by_role("rowheader", name="email").wait_for()
    assert 0 == one.page.get_by_role("group", name="Part").count()
    one.button("Query it").click()
    one.header()
    one.type('{"_model": "employee", "fields": ["id"]}')
    one.page.keyboard.press("Control+Enter")
    one.button("Why?").click()
    one.page.get_by_role("region", name="Explanation").get_by_text("employee").first.wait_for()
    paths = {urlsplit(url).path for url in sent}
    assert {"/explorer/operators/"} == {one for one in paths if not one.startswith("/static/")}

    one.button("Be yourself again").click()
    mark.wait_for(state="detached")
    one.button("employee").wait_for()
    assert "superuser" == one.page.locator(".top .role").inner_text()
