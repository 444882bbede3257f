"""Writing in the explorer: what would change is shown before it does."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.exhaustive


def part(one: Any, who: str, model: str) -> None:
    """Open a part of a model's page, as one of the shop's people."""
    one.open(tab="models", model=model)
    one.sign_in(who)
    one.page.locator(".model").wait_for()


def test_an_edit_shows_what_it_would_change(explore: Any) -> None:
    one = explore(refusals=True)
    part(one, "luis", "customer~edit~1")
    city = one.page.get_by_label("city")
    assert "São José dos Campos" == city.input_value()
    assert "customers" == one.page.locator(".top > .role").inner_text()
    assert 0 == one.button("Delete this row…").count()
    city.fill("Campinas")
    one.button("Try it").click()
    one.page.get_by_text("nothing has changed").wait_for()
    changed = one.page.locator(".diff tbody").inner_text()
    assert ["city", "São José dos Campos", "Campinas"] == changed.split("\t")
    assert [] == one.faults()
    one.picture("explorer-edit")
    one.button("Save").click()
    one.page.get_by_text("Done.").wait_for()
    one.page.reload()
    assert "Campinas" == one.page.get_by_label("city").input_value()
    one.page.get_by_label("phone").fill("1" * 40)
    one.button("Try it").click()
    one.page.locator("#input-phone-wrong").wait_for()


def test_a_row_is_added_and_deleted(explore: Any) -> None:
    one = explore(refusals=True)
    part(one, "admin", "artist~add")
    one.button("Try it").click()
    one.page.locator(".failure").wait_for()
    one.page.get_by_label("name").fill("Nobody <b>yet</b>")
    one.button("Add").nth(1).click()
    one.page.get_by_text("Done.").wait_for()
    key = one.page.locator(".diff tr", has_text="id").locator("td").inner_text()
    one.button("Edit or delete").click()
    one.page.get_by_label("Key").fill(key)
    one.button("Show this row").click()
    one.button("Delete this row…").click()
    one.button("Delete it").click()
    one.page.get_by_label("Key").fill(key)
    one.button("Show this row").click()
    one.page.get_by_text("Object not found").wait_for()
    one.page.get_by_label("Key").fill("1")
    one.button("Show this row").click()
    one.button("Delete this row…").click()
    one.page.get_by_text("albums (2)").wait_for()
    one.page.get_by_text("Other objects refer to this one").wait_for()


def test_an_action_is_tried_and_run(explore: Any) -> None:
    one = explore()
    part(one, "jane", "invoice~actions~98")
    one.button("The whole invoice").click()
    assert "Bought twice" == one.page.get_by_label("reason").input_value()
    one.page.get_by_label("amount").fill("1.00")
    one.button("Try it").click()
    one.page.get_by_text("nothing has changed").wait_for()
    assert [] == one.faults()
    one.button("Run").click()
    one.page.get_by_text("Done.").wait_for()
    one.page.locator(".log").get_by_text("refund").first.wait_for()


def test_a_run_in_the_background_shows_its_progress(explore: Any) -> None:
    one = explore()
    part(one, "andrew", "track~actions")
    one.button("Run in the background").click()
    one.page.get_by_role("progressbar").wait_for()
    assert "queued" == one.page.locator(".outcome b").inner_text()
    one.shop.manage("db_worker", "--batch")
    one.page.locator(".outcome").get_by_text("succeeded").wait_for()
    assert [] == one.faults()


def outcome(one: Any) -> Any:
    return one.page.locator(".outcome")


def test_many_rows_are_added_edited_and_deleted_at_once(explore: Any) -> None:
    one = explore(refusals=True)
    part(one, "admin", "playlist~several")
    rows = one.page.get_by_label("Rows")
    rows.fill("nme\nPolka\n")
    one.button("Try it").click()
    one.page.get_by_text("No such field may be written: nme").wait_for()
    rows.fill('name\nPolka\n"Ska, <b>slow</b>"\n')
    one.button("Try it").click()
    outcome(one).get_by_text("nothing has changed").wait_for()
    assert [] == one.faults()
    one.picture("explorer-several")
    one.page.get_by_role("button", name="Add", exact=True).last.click()
    outcome(one).get_by_text("Done. 2 rows").wait_for()
    assert "Ska, <b>slow</b>" in outcome(one).inner_text()
    added = outcome(one).locator("tbody tr td:first-child").all_inner_texts()

    one.page.get_by_role("group", name="What to do").get_by_text("Edit").click()
    one.page.get_by_label("Keys of the rows").fill(", ".join(added))
    one.page.get_by_label("name").fill("Polka or ska")
    one.button("Try it").click()
    outcome(one).get_by_text("nothing has changed").wait_for()
    assert 2 == outcome(one).get_by_role("cell", name="Polka or ska").count()

    one.page.get_by_role("group", name="What to do").get_by_text("Delete").click()
    one.page.get_by_role("button", name="Delete", exact=True).last.click()
    outcome(one).get_by_text("Done. 2 rows").wait_for()
    one.button("Try it").click()
    one.page.get_by_text("Object not found").wait_for()


def test_a_batch_is_collected_tried_and_run(explore: Any) -> None:
    one = explore(refusals=True)
    part(one, "admin", "artist~add")
    one.page.get_by_label("name").fill("The Batch")
    one.button("Put into the batch").click()
    one.page.locator(".builder").get_by_role("button", name="album", exact=True).click()
    one.page.get_by_role("group", name="Part").get_by_text("Add", exact=True).click()
    one.page.get_by_label("title").fill("First")
    one.button("Put into the batch").click()
    one.button("batch (2)").click()
    text = one.page.get_by_label("Operations as JSON")
    text.fill(text.input_value().replace('"First"', '"First", "artist": {"$ref": "a.id"}'))
    one.button("Try it").click()
    outcome(one).get_by_text("nothing has changed").wait_for()
    assert [] == one.faults()
    one.picture("explorer-batch")
    one.button("Run").click()
    outcome(one).get_by_text("Done.").wait_for()
    assert '"title":"First"' in outcome(one).inner_text()
    text.fill("[")
    one.page.get_by_text("This is no list of JSON.").wait_for()
    assert one.button("Run").is_disabled()
