"""What the model refuses is refused, by the names and with the codes that help a client."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests.testapp.models import Product
from tests.writes.conftest import ask, statements

GOOD = {"sku": "new", "name": "Apple"}


@pytest.fixture(autouse=True)
def products(open_to_everybody: None) -> None:
    Product.objects.create(sku="a", name="Pear", shelf=1, place=1, supplier="s", code="c")
    Product.objects.create(sku="b", name="Plum", shelf=1, place=2, supplier="s", code="d")


REFUSED = [
    pytest.param({"name": "x" * 21}, {"name": ["max_length"]}, id="too-long"),
    pytest.param({"name": ""}, {"name": ["blank"]}, id="blank"),
    pytest.param({"name": None}, {"name": ["null"]}, id="null"),
    pytest.param({"name": 5}, {"name": ["invalid"]}, id="wrong-type"),
    pytest.param({"size": "M"}, {"size": ["invalid_choice"]}, id="no-choice"),
    pytest.param({"price": "1.005"}, {"price": ["invalid"]}, id="too-exact"),
    pytest.param({"price": "99999"}, {"price": ["invalid"]}, id="too-large"),
    pytest.param({"tag": "nope"}, {"tag": ["does_not_exist"]}, id="missing-reference"),
    pytest.param({"tag_id": "nope"}, {"tag_id": ["does_not_exist"]}, id="name-that-was-sent"),
    pytest.param({"sku": "b"}, {"sku": ["unique"]}, id="taken"),
    pytest.param({"shelf": 1, "place": 2}, {"__all__": ["unique_together"]}, id="taken-together"),
    pytest.param({"supplier": "s", "code": "d"}, {"__all__": ["unique_together"]}, id="unique-set"),
    pytest.param({"price": -1}, {"__all__": ["negative"]}, id="check"),
    pytest.param({"name": "rotten"}, {"name": ["rotten"]}, id="clean-of-a-field"),
    pytest.param({"name": "q", "sku": "q"}, {"__all__": ["vague"]}, id="clean-of-the-row"),
    pytest.param(
        {"name": "", "size": "M"}, {"name": ["blank"], "size": ["invalid_choice"]}, id="two-at-once"
    ),
    pytest.param(
        {"price": "cheap", "size": "M", "tag": "nope", "name": "x" * 21, "sku": "b"},
        {
            "price": ["invalid"],
            "size": ["invalid_choice"],
            "tag": ["does_not_exist"],
            "name": ["max_length"],
            "sku": ["unique"],
        },
        id="conversion-choice-reference-validator-unique",
    ),
    pytest.param(
        {"price": "cheap", "shelf": 1, "place": 2},
        {"price": ["invalid"], "__all__": ["unique_together"]},
        id="conversion-and-set",
    ),
    pytest.param(
        {"shelf": "top", "place": 2, "price": -1},
        {"shelf": ["invalid"], "__all__": ["negative"]},
        id="conversion-and-check",
    ),
    pytest.param(
        {"shelf": 1, "place": 2, "price": -1},
        {"__all__": ["unique_together", "negative"]},
        id="taken-together-and-check",
    ),
    # The model's own clean() is not asked about a row that lacks a value.
    pytest.param({"price": [], "name": "q", "sku": "q"}, {"price": ["invalid"]}, id="no-clean"),
]


@pytest.mark.parametrize(("sent", "codes"), REFUSED)
def test_added_value_is_refused_with_its_name_and_code(sent: Any, codes: Any) -> None:
    status, reply = ask("product", "add", **{**GOOD, **sent})

    assert (400, "write.invalid", codes) == (status, reply["code"], reply["codes"])
    assert codes.keys() == reply["fields"].keys()
    assert all(all(messages) for messages in reply["fields"].values())
    assert 2 == Product.objects.count()


@pytest.mark.parametrize(("sent", "codes"), REFUSED)
def test_edited_value_is_refused_with_its_name_and_code(sent: Any, codes: Any) -> None:
    before = Product.objects.filter(sku="a").values().get()
    status, reply = ask("product", "edit", id=before["id"], **sent)

    assert (400, codes) == (status, reply["codes"])
    assert before == Product.objects.filter(sku="a").values().get()


@pytest.mark.parametrize("sent", [{"name": "x"}, {"sku": "x"}, {}], ids=["sku", "name", "both"])
def test_what_a_new_row_needs_is_asked_for(sent: dict[str, Any]) -> None:
    _, reply = ask("product", "add", **sent)

    assert {"sku", "name"} - sent.keys() == reply["fields"].keys()


def test_what_was_not_sent_of_an_edit_is_left_alone() -> None:
    Product.objects.filter(sku="a").update(size="?", supplier="")

    assert 200 == ask("product", "edit", id=Product.objects.get(sku="a").pk, price=3)[0]


def test_defaults_fill_what_was_not_sent() -> None:
    assert (201, {"size": "S", "price": "0.00", "shelf": None, "supplier": ""}) == ask(
        "product", "add", **GOOD, _fields="size,price,shelf,supplier"
    )


def test_unique_value_of_the_row_itself_is_not_taken() -> None:
    pk = Product.objects.get(sku="a").pk

    assert 200 == ask("product", "edit", id=pk, sku="a", shelf=1, place=1, name="Fig")[0]


def test_half_of_a_unique_set_is_checked_with_the_stored_half() -> None:
    pk = Product.objects.get(sku="a").pk

    assert {"__all__": ["unique_together"]} == ask("product", "edit", id=pk, place=2)[1]["codes"]


@pytest.mark.parametrize("bad", [{"sku": "b"}, {"shelf": 1, "place": 2}, {"price": -1}])
def test_bad_row_among_good_ones_is_named_and_undoes_all(bad: dict[str, Any]) -> None:
    good = {"sku": "n1", "name": "x"}
    status, reply = ask("product", "add", _items=[good, {"sku": "n2", "name": "x", **bad}])

    assert (400, "_items[1]", 2) == (status, reply["path"], Product.objects.count())


def test_values_taken_within_one_list_are_found() -> None:
    status, reply = ask("product", "add", _items=[GOOD, GOOD])

    assert (400, "_items[1]", {"sku": ["unique"]}) == (status, reply["path"], reply["codes"])


# --- only what changed ----------------------------------------------------------------------------


def updates(ran: list[str]) -> list[str]:
    """Return the updates; on MariaDB their time limit stands before them."""
    update = f"UPDATE {connection.ops.quote_name('testapp_product')} SET "
    return [sql[sql.index(update) :] for sql in ran if update in sql]


def test_update_holds_the_columns_that_changed_and_the_time() -> None:
    product = Product.objects.get(sku="a")
    ran = statements(
        lambda: ask("product", "edit", id=product.pk, name="Fig", size="S", price="0.00")
    )

    (update,) = updates(ran)
    columns = update[update.index(" SET ") : update.index(" WHERE ")]
    assert columns.count(" = ") == 2, columns
    assert "name" in columns
    assert "changed_at" in columns
    assert product.changed_at < Product.objects.get(sku="a").changed_at
    assert product.added_at == Product.objects.get(sku="a").added_at


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"name": "Pear"}, id="text"),
        pytest.param({"price": 0}, id="other-notation"),
        pytest.param({"shelf": 1, "place": 1, "tag": None}, id="several"),
    ],
)
def test_nothing_changed_is_no_update(sent: dict[str, Any]) -> None:
    product = Product.objects.get(sku="a")
    ran = statements(lambda: ask("product", "edit", id=product.pk, **sent))

    assert not updates(ran)
    assert product.changed_at == Product.objects.get(sku="a").changed_at


# --- how many statements --------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "sqlite", reason="locks are statements elsewhere")
@pytest.mark.parametrize(
    ("action", "spec", "expected"),
    [
        pytest.param("add", {"name": "n"}, ["INSERT", "SELECT"], id="add"),
        pytest.param("edit", {"id": 1, "name": "n"}, ["SELECT", "UPDATE", "SELECT"], id="edit"),
    ],
)
def test_single_write_is_few_statements(action: str, spec: Any, expected: list[str]) -> None:
    ran = statements(lambda: ask("company", action, **spec))

    assert expected == [sql.split()[0] for sql in ran]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="locks are statements elsewhere")
def test_single_delete_is_a_select_and_a_delete() -> None:
    ran = statements(lambda: ask("line", "delete", id=1))

    assert ["SELECT", "DELETE"] == [sql.split()[0] for sql in ran]


def test_a_missing_value_is_named_beside_one_that_does_not_fit() -> None:
    status, reply = ask("product", "add", price="cheap", tag="nope")

    codes = {"sku": ["blank"], "name": ["blank"], "price": ["invalid"], "tag": ["does_not_exist"]}
    assert (400, codes) == (status, reply["codes"])


def test_links_to_no_row_are_named_beside_the_rest(bookings: None) -> None:
    values = {"customer": 99, "seats": "many", "status": "x" * 30, "tags": ["red", "nope", "gone"]}
    for action, key in (("add", {}), ("edit", {"id": 1})):
        status, reply = ask("booking", action, **key, **values)

        codes = {
            "customer": ["does_not_exist"],
            "seats": ["invalid"],
            "status": ["max_length"],
            "tags": ["does_not_exist", "does_not_exist"],
        }
        assert (400, codes) == (status, reply["codes"]), action
        assert ["nope does not exist.", "gone does not exist."] == reply["fields"]["tags"]


def test_the_first_row_of_a_list_that_is_not_valid_is_named_with_all_that_is_wrong() -> None:
    rows = [{**GOOD, "sku": "x"}, {**GOOD, "price": "cheap", "size": "M"}, {**GOOD, "sku": "b"}]
    status, reply = ask("product", "add", _items=rows)

    codes = {"price": ["invalid"], "size": ["invalid_choice"]}
    assert (400, "_items[1]", codes) == (status, reply["path"], reply["codes"])
    assert 2 == Product.objects.count()


def test_a_row_that_the_caller_may_not_see_is_looked_for_before_its_values() -> None:
    status, reply = ask("product", "edit", id=4_000, price="cheap")

    assert (404, "object.not_found") == (status, reply["code"])


@pytest.mark.parametrize("action", ["bulk_edit", "upsert"])
def test_rows_that_are_chosen_by_values_need_values_that_fit(action: str) -> None:
    ways: dict[str, dict[str, Any]] = {
        "bulk_edit": {"filters": {}, "_set": {"price": "cheap", "size": "M"}},
        "upsert": {"_match": "sku", "sku": "a", "price": "cheap", "size": "M"},
    }
    status, reply = ask("product", action, **ways[action])

    assert (400, {"price": ["invalid"]}) == (status, reply["codes"])
