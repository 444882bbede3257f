"""What a project's code fills need not be sent; what nothing fills is named, and nothing is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_save, pre_save
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_flex.signals import before_add
from tests.wild import filling as wild
from tests.writes.conftest import GRANT, ask, statements

NAMES = ["filling", "rebased", "cleaning", "numbered", "later", "stumbling", "country", "province"]
NAMES += ["plot", "extra", "keyed", "linked", "counted", "word"]
#: Keys are written only where a grant names them.
KEYS = {
    "country": "code",
    "province": "code",
    "plot": "number",
    "extra": "plot",
    "keyed": "code",
    "linked": "plot",
}


@pytest.fixture(autouse=True)
def exposed(open_to_everybody: None, configure: Callable[..., None]) -> None:
    configure(
        {
            f"wild.{name}": {
                "anon": {**GRANT, "write_fields": ["*", KEYS[name]] if name in KEYS else ["*"]}
            }
            for name in NAMES
        }
    )
    wild.Cleaning.objects.create(slug="first", rank=1)


def codes(model: str, *rows: dict[str, Any]) -> Any:
    """Add one row, or a list of rows, that must be refused; return the codes of the errors."""
    table: Any = apps.get_model(f"wild.{model}")
    before = list(table.objects.values())
    sent = rows[0] if len(rows) == 1 else {"_items": list(rows)}
    status, reply = ask(f"wild.{model}", "add", **sent)
    assert (400, "write.invalid") == (status, reply["code"]), reply
    assert reply["codes"].keys() == reply["fields"].keys()
    assert before == list(table.objects.values())
    return reply["codes"]


@contextmanager
def connected(signal: Any, model: Any, receiver: Callable[..., Any]) -> Iterator[None]:
    signal.connect(receiver, sender=model)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=model)


@pytest.mark.parametrize(
    ("model", "sent", "filled"),
    [
        pytest.param("filling", {"name": "By Save"}, {"slug": "by-save", "rank": 1}, id="save"),
        pytest.param("rebased", {"note": "Base"}, {"slug": "base"}, id="save_base"),
        pytest.param("cleaning", {"note": "Clean"}, {"slug": "clean", "rank": 5}, id="clean"),
        pytest.param("numbered", {}, {"number": "N-1", "silent": "silent"}, id="pre_save"),
        pytest.param("later", {"note": "x"}, {"number": "L-x"}, id="an UPDATE"),
        pytest.param("keyed", {"name": "A Key"}, {"code": "a-key"}, id="the key"),
    ],
)
@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
def test_what_the_model_fills_need_not_be_sent(
    model: str, sent: Any, filled: Any, many: bool
) -> None:
    status, reply = ask(f"wild.{model}", "add", **({"_items": [sent]} if many else sent))

    assert status in {200, 201}, reply
    row = reply["results"][0] if many else reply
    assert filled == {name: row[name] for name in filled}


@pytest.mark.parametrize("signal", [pre_save, post_save, before_add], ids=["pre", "post", "ours"])
def test_what_receivers_fill_need_not_be_sent(signal: Any) -> None:
    def fill(instance: Any, **_: Any) -> None:
        instance.name = "heard"
        if signal is post_save:
            type(instance).objects.filter(pk=instance.pk).update(name="heard")

    with connected(signal, wild.Word, fill):
        status, row = ask("wild.word", "add")
    assert (201, "heard") == (status, row["name"])
    assert {"name": ["blank"]} == codes("word", {})


def test_what_a_hook_fills_need_not_be_sent(configure: Callable[..., None]) -> None:
    def fill(instance: Any, **_: Any) -> None:
        instance.name = instance.note.upper()

    configure({"wild.word": {"anon": GRANT, "hooks": {"before_add": fill}}})

    assert "X" == ask("wild.word", "add", note="x")[1]["name"]
    ran = statements(lambda: codes("word", {"note": ""}))
    assert not [sql for sql in ran if "INSERT" in sql]


@pytest.mark.parametrize(
    ("model", "sent", "expected"),
    [
        pytest.param("filling", {"note": "leave"}, ["name", "slug", "owner", "rank"], id="save"),
        pytest.param("rebased", {}, ["slug"], id="save_base"),
        pytest.param("cleaning", {}, ["slug"], id="clean"),
        pytest.param("later", {}, ["number"], id="an UPDATE"),
        pytest.param("country", {"name": "x"}, ["code"], id="text key"),
        pytest.param("province", {"name": "x"}, ["code"], id="text key that may be blank"),
        pytest.param("plot", {"name": "x"}, ["number"], id="number as key"),
        pytest.param("extra", {"note": "x"}, ["plot"], id="key of another row"),
        pytest.param("keyed", {"name": "?"}, ["code"], id="key of nothing"),
        pytest.param("linked", {}, ["plot"], id="other row that is not there"),
        pytest.param("counted", {}, ["number", "hidden"], id="no empty value"),
        pytest.param("word", {}, ["name"], id="no code"),
    ],
)
def test_what_nothing_fills_is_named(model: str, sent: Any, expected: list[str]) -> None:
    assert set(expected) == codes(model, sent).keys()
    assert set(expected) == codes(model, sent, sent).keys()


@pytest.mark.parametrize("code", ["", None])
def test_an_empty_key_that_was_sent_is_not_stored(code: Any) -> None:
    for model in ("country", "province"):
        assert {"code"} == codes(model, {"code": code, "name": "x"}).keys()


@pytest.mark.parametrize("model", ["country", "plot", "extra", "word"])
def test_without_code_a_missing_value_is_refused_before_any_sql(model: str) -> None:
    assert not [s for s in statements(lambda: codes(model, {})) if "INSERT" in s]


@pytest.mark.parametrize(
    ("how", "sent", "expected"),
    [
        ("attribute", {"name": "x", "amount": 1}, ["parent"]),
        ("type", {"name": "x", "parent": True}, ["amount"]),
        ("index", {"amount": 1, "parent": True}, ["name"]),
        ("lookup", {"amount": 1, "name": "x"}, ["parent"]),
        ("", {"name": "x"}, ["amount", "parent"]),
    ],
)
def test_code_that_stumbles_over_a_missing_value_names_it(
    how: str, sent: dict[str, Any], expected: list[str]
) -> None:
    if sent.get("parent"):
        sent = {**sent, "parent": wild.Cleaning.objects.get().pk}

    assert {name: ["blank" if how == "index" else "null"] for name in expected} == codes(
        "stumbling", {**sent, "how": how}
    )


def test_a_clean_that_stumbles_over_a_missing_value_names_it() -> None:
    assert {"rank", "slug"} == codes("cleaning", {"note": "stumble"}).keys()
    assert {"note", "slug", "rank"} >= codes("cleaning", {"note": "refuse"}).keys()


def test_what_was_filled_is_validated() -> None:
    assert {"slug": ["max_length"]} == codes("rebased", {"note": "too long"})
    assert {"slug": ["invalid"]} == codes("cleaning", {"slug": "no slug", "note": "x"})


@pytest.mark.parametrize("many", [False, True], ids=["one", "list"])
@pytest.mark.parametrize(
    ("model", "sent", "name"),
    [
        pytest.param("filling", {"name": "One"}, "slug", id="save"),
        pytest.param("cleaning", {"note": "First"}, "slug", id="clean"),
        pytest.param("keyed", {"name": "One"}, "code", id="key"),
        pytest.param("linked", {"note": "x"}, "plot", id="key of another row"),
    ],
)
def test_a_duplicate_of_what_was_filled_is_named(
    model: str, sent: Any, name: str, many: bool
) -> None:
    wild.Plot.objects.create(number=1)
    ask(f"wild.{model}", "add", **sent)

    assert {name: ["unique"]} == codes(model, *([sent, sent] if many else [sent]))


def test_a_duplicate_of_what_an_edit_fills_is_named() -> None:
    ask("wild.filling", "add", name="One")
    key = ask("wild.filling", "add", name="Two")[1]["id"]
    wild.Filling.objects.filter(pk=key).update(slug="")
    status, reply = ask("wild.filling", "edit", id=key, name="One")

    assert (400, {"slug": ["unique"]}) == (status, reply["codes"])


def test_a_filled_value_that_the_caller_may_not_write_is_not_named(
    configure: Callable[..., None],
) -> None:
    grant = {**GRANT, "fields": ["id", "name"], "write_fields": ["name", "note"]}
    configure({"wild.filling": {"anon": grant}})
    ask("wild.filling", "add", name="One")

    assert {"__all__": ["invalid"]} == codes("filling", {"name": "One"})
    assert ["__all__"] == list(codes("filling", {"name": "x", "note": "leave"}))


@pytest.mark.parametrize(
    ("model", "required", "may_be_filled"),
    [
        ("filling", [], ["name", "slug", "owner", "rank"]),
        ("cleaning", [], ["slug", "rank"]),
        ("numbered", [], ["number", "silent"]),
        ("country", ["code"], []),
        ("extra", ["plot"], []),
        ("word", ["name"], []),
        ("counted", [], []),
    ],
)
def test_options_tell_what_has_to_be_sent(
    client: Client, model: str, required: list[str], may_be_filled: list[str]
) -> None:
    inputs = client.options(f"/api/wild.{model}/").json()["inputs"]

    assert set(required) == {name for name, one in inputs["add"].items() if one["required"]}
    assert set(may_be_filled) == {n for n, one in inputs["add"].items() if "may_be_filled" in one}
    assert not [one for one in inputs["edit"].values() if "may_be_filled" in one]


@pytest.mark.usefixtures("own_settings")  # which remember what they describe
@pytest.mark.parametrize("signal", [pre_save, post_save, before_add], ids=["pre", "post", "ours"])
def test_options_know_receivers(client: Client, signal: Any) -> None:
    with connected(signal, wild.Word, lambda **_: None):
        name = client.options("/api/wild.word/").json()["inputs"]["add"]["name"]

    assert (False, True) == (name["required"], name["may_be_filled"])


@pytest.mark.skipif(connection.vendor != "sqlite", reason="locks are statements elsewhere")
@pytest.mark.parametrize("model", ["word", "country"])
def test_an_ordinary_model_pays_no_further_statement(model: str) -> None:
    sent = {"code": "DE"} if model == "country" else {"name": "x"}
    with CaptureQueriesContext(connection) as captured:
        assert 201 == ask(f"wild.{model}", "add", **sent)[0]

    # Those of the transaction itself, which is inside the one of the test.
    ran = [query["sql"].split()[0] for query in captured.captured_queries]
    assert (1, 1) == (ran.count("SAVEPOINT"), ran.count("RELEASE")), ran
