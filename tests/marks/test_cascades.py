"""A delete takes along rows whose generic key is a text that no key of the model can be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.marks.conftest import ALL, Ask, Rows, stick
from tests.marks.models import Film, Mark, Sticker

#: None of these is the key of a film: not a number, nothing, too large, a row that is not there.
UNREADABLE = ("x7", "", "9" * 30, "1.5", "-", "999999")
OF_ALIEN = {"on.film.title": "Alien"}


def rows(condition: Any) -> dict[str, Any]:
    return {**ALL, "rows": condition}


def attach(marked: Rows, key: str) -> Mark:
    """Return a mark on which a sticker depends that points to a film by this text."""
    mark = Mark.objects.get(text="a1")
    kind = stick(marked.alien)["kind"]
    Sticker.objects.create(label="torn", kind=kind, key=key, mark=mark)
    return mark


@pytest.mark.parametrize("key", UNREADABLE)
def test_rule_behind_an_unreadable_key_keeps_the_row(
    ask: Ask, expose: Any, marked: Rows, key: str
) -> None:
    mark = attach(marked, key)
    expose(sticker=rows(OF_ALIEN))
    answer = ask("mark", "delete", id=mark.pk)
    assert (409, "write.cascade") == (answer.status, answer.body["code"])
    assert Mark.objects.filter(pk=mark.pk).exists()
    assert Sticker.objects.filter(label="torn").exists()


@pytest.mark.parametrize("key", UNREADABLE)
def test_rule_that_leaves_other_rows_out_lets_the_row_go(
    ask: Ask, expose: Any, marked: Rows, key: str
) -> None:
    mark = attach(marked, key)
    expose(sticker=rows({"not": OF_ALIEN}))
    answer = ask("mark", "delete", id=mark.pk)
    assert 200 == answer.status, answer.body
    assert not Sticker.objects.filter(label="torn").exists()


def test_rule_behind_a_readable_key_lets_the_row_go(ask: Ask, expose: Any, marked: Rows) -> None:
    mark = attach(marked, str(marked.alien.pk))
    expose(sticker=rows(OF_ALIEN))
    assert 200 == ask("mark", "delete", id=mark.pk).status


@pytest.mark.parametrize("key", UNREADABLE)
def test_rows_with_unreadable_keys_do_not_go_with_a_film(
    ask: Ask, expose: Any, marked: Rows, key: str
) -> None:
    Sticker.objects.create(label="torn", kind=stick(marked.alien)["kind"], key=key)
    expose(sticker=rows(OF_ALIEN))
    answer = ask("film", "delete", id=marked.alien.pk)
    assert 200 == answer.status, answer.body
    assert not Film.objects.filter(pk=marked.alien.pk).exists()
    assert {"old", "who", "torn"} == set(Sticker.objects.values_list("label", flat=True))
